#ifndef BERTH_UNPACK_REDUCE_H
#define BERTH_UNPACK_REDUCE_H

#include "tree.h"

/*
 * Takes out of a walked tree what is the same below `lower`, and adds whiteouts for what is only there: the tree of a
 * whole copy becomes that of a writable layer upon the original. Numbers it anew.
 */
void reduce(struct tree *tree, int lower);

#endif
