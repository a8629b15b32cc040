#ifndef BERTH_UNPACK_READ_H
#define BERTH_UNPACK_READ_H

/*
 * Contents of one regular file below `root`. Asked on descriptor 0: the path and a NUL, whereupon the file is opened
 * and told; then u64 offset and u64 length (little-endian), whereupon the bytes go to descriptor 1. An end instead of a
 * range is no error. Symbolic links are not followed anywhere on the way.
 */
void read_file(int root);

#endif
