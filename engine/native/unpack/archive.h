#ifndef BERTH_UNPACK_ARCHIVE_H
#define BERTH_UNPACK_ARCHIVE_H

#include "plan.h"

/* Both with a container's file system as root and confined. */

/* Tells the path's status, as docker cp needs it, and writes the archive of what lies there unless only that is asked. */
void archive_read(const struct plan *plan);
/* Unpacks the archive on descriptor 0 into the directory at the path, by docker cp's rules. */
void archive_write(const struct plan *plan);

#endif
