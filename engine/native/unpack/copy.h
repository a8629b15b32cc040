#ifndef BERTH_UNPACK_COPY_H
#define BERTH_UNPACK_COPY_H

/*
 * Puts the tree below `from` on top of the one below `to`, as overlay would show it: what `from` removes or hides goes,
 * the rest is copied with all that belongs to it. For the driver without overlay.
 */
void copy_tree(int from, int to);

#endif
