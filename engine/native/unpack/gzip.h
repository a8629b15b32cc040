#ifndef BERTH_UNPACK_GZIP_H
#define BERTH_UNPACK_GZIP_H

#include <stddef.h>
#include <stdint.h>

/*
 * One stream in gzip form on a descriptor: a row of members, each a whole gzip file of one block (RFC 1952, 2.2; every
 * client of registries reads that). A block that does not become smaller is stored as it is.
 */
void gzip_write(int out, const uint8_t *bytes, size_t length);

/* Writes what has not filled a block. An empty stream is one empty member. */
void gzip_finish(int out);

/* Bytes written so far. */
uint64_t gzip_bytes(void);

#endif
