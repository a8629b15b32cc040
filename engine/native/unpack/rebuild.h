#ifndef BERTH_UNPACK_REBUILD_H
#define BERTH_UNPACK_REBUILD_H

#include <stdbool.h>

/*
 * Writes the very tar of a layer to `out`, in gzip form if it is to be packed, from its files below `root`, its index
 * and its frame; tells the tar's digest. With `out` -1 the digest is all that is made, and what lies below `root` is compared with the index.
 */
void rebuild(int root, int index, int frame, int out, bool pack);

#endif
