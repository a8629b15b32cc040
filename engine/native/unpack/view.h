#ifndef BERTH_UNPACK_VIEW_H
#define BERTH_UNPACK_VIEW_H

#include "confine.h"
#include "plan.h"

/*
 * Makes a container's file system this process's root: of a running container a private copy of its mounts, else its
 * layers and volumes mounted anew, where nobody else sees them. Nothing of the machine stays in sight, so no link, no
 * exchange of one and no name in an archive leads out of the container. Descriptors 0, 1 and 3 stay open.
 */
void view_enter(const struct plan *plan, enum confine_kind kind);

#endif
