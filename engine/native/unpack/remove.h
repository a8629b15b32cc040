#ifndef BERTH_UNPACK_REMOVE_H
#define BERTH_UNPACK_REMOVE_H

/* Removes everything in the directory, however deep (a container may make trees deeper than any path is long). */
void remove_contents(int directory);

#endif
