#ifndef BERTH_UNPACK_SHA256_H
#define BERTH_UNPACK_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4 SHA-256, by the processor's SHA extension where it has one. */
struct sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *bytes, size_t length);
/* The digest as eight words, the first bytes of the digest the highest of the first word. The hash cannot be used on. */
void sha256_words(struct sha256 *hash, uint32_t out[8]);
/* 64 lower-case hex digits and a NUL. The hash cannot be used on. */
void sha256_hex(struct sha256 *hash, char out[65]);

#endif
