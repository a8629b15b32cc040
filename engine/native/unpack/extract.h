#ifndef BERTH_UNPACK_EXTRACT_H
#define BERTH_UNPACK_EXTRACT_H

#include "frame.h"
#include "tree.h"

/*
 * Writes the tar of source.h into the directory `root` (empty; the process's own root by then), in overlay's form:
 * whiteouts as character devices 0:0, opaque directories by their xattr. `tree` then describes what was written.
 */
void extract(struct tree *tree, struct frame *frame, int root);

#endif
