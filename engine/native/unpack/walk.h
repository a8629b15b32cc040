#ifndef BERTH_UNPACK_WALK_H
#define BERTH_UNPACK_WALK_H

#include "tree.h"

/* Reads the directory `root` (a writable layer in overlay's form) into a tree, and numbers it. */
void walk(struct tree *tree, int root);

#endif
