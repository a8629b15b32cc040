#include "gzip.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* Of each block SAMPLE_BYTES are tried first: what does not become smaller by a twentieth is not worth the time. */
enum { BLOCK_BYTES = 1024 * 1024, SAMPLE_BYTES = 16 * 1024 };
/* libdeflate's fastest is twice as fast as zlib's, and its blobs are a tenth larger than those of zlib's usual level. */
enum { LEVEL = 1, STORED = 0 };
/* Headers, trailer, and five bytes for each 64 KiB that is stored. */
enum { PACKED_BYTES = BLOCK_BYTES + BLOCK_BYTES / 1024 + 64 };

static uint8_t block[BLOCK_BYTES], packed[PACKED_BYTES];
static size_t gathered;
static uint64_t written;
static struct libdeflate_compressor *compressors[LEVEL + 1];

static size_t compress(int level, const uint8_t *bytes, size_t length) {
  if (compressors[level] == NULL) compressors[level] = libdeflate_alloc_compressor(level);
  if (compressors[level] == NULL) fail(FAIL_LIMIT, "no memory to compress");
  return libdeflate_gzip_compress(compressors[level], bytes, length, packed, sizeof packed);
}

static bool worthwhile(size_t length) {
  size_t sample = length < SAMPLE_BYTES ? length : SAMPLE_BYTES;
  return compress(LEVEL, block, sample) < sample - sample / 20;
}

static void write_block(int out) {
  size_t length = compress(gathered > 0 && worthwhile(gathered) ? LEVEL : STORED, block, gathered);
  if (length == 0) fail(FAIL_INTERNAL, "a block did not fit its buffer");
  gathered = 0;
  for (size_t at = 0; at < length;) {
    ssize_t done = write(out, packed + at, length - at);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail_errno("writing the layer", NULL);
    at += (size_t)done;
  }
  written += length;
}

void gzip_write(int out, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    size_t count = BLOCK_BYTES - gathered < length ? BLOCK_BYTES - gathered : length;
    memcpy(block + gathered, bytes, count);
    gathered += count;
    bytes += count;
    length -= count;
    if (gathered == BLOCK_BYTES) write_block(out);
  }
}

void gzip_finish(int out) {
  if (gathered > 0 || written == 0) write_block(out);
}

uint64_t gzip_bytes(void) { return written; }
