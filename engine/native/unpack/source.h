#ifndef BERTH_UNPACK_SOURCE_H
#define BERTH_UNPACK_SOURCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The plain tar behind a blob: a thread reads descriptor 0, takes the blob's digest and inflates (gzip of any number
 * of members, zstd, or plain, told by the first bytes) into a ring of buffers; the caller takes bytes out of them
 * without a copy.
 */

/* Makes the thread, which waits: it touches no input before source_open. Called before the system calls are cut. */
void source_prepare(void);
void source_open(uint64_t max_plain_bytes);
/* At least one byte at *bytes, or 0 at the end of the input. Valid until the next source_take. */
size_t source_peek(const uint8_t **bytes);
void source_take(size_t count);
/* Bytes of the blob that were read so far. */
uint64_t source_blob_bytes(void);
/* After the end: digests of the blob and of the plain tar (hex), and the tar's length. */
void source_digests(char blob[65], char tar[65]);
uint64_t source_plain_bytes(void);

#endif
