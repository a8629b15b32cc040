#ifndef BERTH_UNPACK_TAR_H
#define BERTH_UNPACK_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "tree.h"

/*
 * Reads a tar (V7, ustar, GNU, PAX; sparse files in all four forms) out of source.h. It takes sizes and types as Go's
 * archive/tar does, which is what every other reader of layers uses: where two readers disagree about where the next
 * header is, one of them can be shown another layer than the other. Every byte that is not handed out as contents goes
 * into the frame.
 */

struct sparse_extent {
  uint64_t offset, length;
};

struct tar_entry {
  char *name, *link; /* NUL-terminated */
  char type;         /* '0' to '6' */
  uint16_t mode;
  uint64_t uid, gid;
  uint64_t size; /* of the file as it will be */
  int64_t mtime;
  uint32_t mtime_ns;
  uint64_t major, minor;
  struct xattr *xattrs;
  struct sparse_extent *extents; /* where contents lie, ascending; NULL: from 0 to size */
  size_t extent_count;
};

struct tar {
  struct frame *frame;
  uint64_t remaining; /* bytes of the current entry's data not read yet */
  uint32_t padding;
  struct tar_entry entry;
};

void tar_open(struct tar *tar, struct frame *frame);
/* The next entry, or NULL after the end marker (or the last header); then everything is read and framed. */
struct tar_entry *tar_next(struct tar *tar);
/* Up to `max` bytes of the entry's data, taken; they are the caller's to put into the frame. Never 0. */
size_t tar_data(struct tar *tar, uint64_t max, const uint8_t **bytes);

/* Used by the parts of the reader. */
uint8_t *tar_special(struct tar *tar, uint64_t size); /* data of a header that describes the next one, NUL behind; until the next call */
void tar_read_block(struct tar *tar, uint8_t block[512]);
bool parse_decimal(const char *text, size_t length, uint64_t *value);

/* pax.c: what the extended headers before an entry said. */
struct pax {
  char *path, *linkpath;
  bool has_size, has_uid, has_gid, has_mtime;
  uint64_t size, uid, gid;
  int64_t mtime;
  uint32_t mtime_ns;
  struct xattr *xattrs;
  bool sparse;
  uint64_t sparse_major, sparse_minor, sparse_size;
  bool has_sparse_size;
  char *sparse_name;
  struct sparse_extent *extents;
  size_t extent_count, extent_room;
  bool half_extent;
};
void pax_reset(struct pax *pax);
void pax_parse(struct pax *pax, uint8_t *bytes, size_t length);
void pax_add_extent(struct pax *pax, uint64_t offset, uint64_t length);
/* Sorted, not overlapping, within the size; else the layer is refused. */
void check_extents(const struct sparse_extent *extents, size_t count, uint64_t size, const char *name);

#endif
