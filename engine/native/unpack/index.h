#ifndef BERTH_UNPACK_INDEX_H
#define BERTH_UNPACK_INDEX_H

#include "tree.h"

/* Writes the index of a numbered tree to a file or pipe; its format is told in docs/layers.md. */
void index_write(const struct tree *tree, int fd);

#endif
