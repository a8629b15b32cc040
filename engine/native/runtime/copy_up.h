/* tmpcopyup: a new tmpfs begins with what it covers. */
#ifndef BERTH_COPY_UP_H
#define BERTH_COPY_UP_H

#include "runtime.h"

/* Copies the contents of the directory `from` into the root of the detached mount `to`: files, directories, links
 * and their owners, modes and times. Other kinds are left out, as are what lies on other mounts. */
int copy_up(int from, int to, const char *path, struct runtime_error *err);

#endif
