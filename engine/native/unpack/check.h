#ifndef BERTH_UNPACK_CHECK_H
#define BERTH_UNPACK_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* Compares what lies below `root` with an index of `length` bytes: names, kinds, modes, owners, sizes, times, xattrs.
   Fails with the first path that differs. Contents are the rebuilt tar's matter. */
void check_tree(int root, const uint8_t *index, size_t length);

#endif
