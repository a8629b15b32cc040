#ifndef BERTH_UNPACK_FRAME_H
#define BERTH_UNPACK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "tree.h"

/*
 * The frame: with the unpacked files it gives back the very bytes of a layer's tar. On disk (little-endian):
 *
 *   "BERTHFR1"
 *   literal blocks (each one zstd frame of at most FRAME_BLOCK_BYTES plain bytes) and raw extents, in any order
 *   tail, one zstd frame: u32 block count, then {u64 offset, u32 packed, u32 plain} a block;
 *                         u32 segment count, then {u32 kind, u32 entry, u64 offset, u64 length} a segment
 *   footer: u64 tail offset, u64 packed, u64 plain, u64 length of the tar, "BERTHFR1"
 *
 * The tar is its segments in order: FRAME_LITERAL takes the next bytes of the literal blocks, FRAME_FILE bytes of the
 * regular file with that number in the index, FRAME_RAW bytes of a raw extent (contents of a file that a later entry
 * of the same tar replaced).
 */
enum { FRAME_BLOCK_BYTES = 256 * 1024, FRAME_FOOTER_BYTES = 40 };
enum frame_kind { FRAME_LITERAL = 0, FRAME_FILE = 1, FRAME_RAW = 2 };
#define FRAME_MAGIC "BERTHFR1"

struct frame_segment {
  uint32_t kind;
  uint32_t entry; /* while writing: number of the content; on disk: of the index entry */
  uint64_t offset;
  uint64_t length;
};

struct frame_block {
  uint64_t offset;
  uint32_t packed, plain;
};

struct frame {
  int fd;
  uint64_t offset; /* where the next bytes go */
  uint8_t *block;
  size_t block_used;
  uint8_t *packed;
  size_t packed_size;
  struct frame_block *blocks;
  size_t block_count, block_room;
  struct frame_segment *segments;
  size_t segment_count, segment_room;
  struct inode **contents; /* contents[n - 1] has number n */
  size_t content_count, content_room;
  struct {
    size_t first, count;
  } *ranges; /* segments of each content */
  void *compressor;
};

void frame_create(struct frame *frame, int fd);
/* With no frame nothing is kept: the tar is unpacked and forgotten. */
void frame_literal(struct frame *frame, const void *bytes, size_t length);
/* Numbers the contents of a new file, which the following frame_file calls belong to. */
void frame_content(struct frame *frame, struct inode *inode);
void frame_file(struct frame *frame, struct inode *inode, uint64_t offset, uint64_t length);
/* Copies the file's contents into the frame, before its last name goes. `file` is open for reading. */
void frame_rescue(struct frame *frame, struct inode *inode, int file);
/* After tree_number. */
void frame_finish(struct frame *frame, uint64_t tar_bytes);

/* Writes all bytes or fails. */
void write_fully(int fd, const void *bytes, size_t length, uint64_t offset, const char *what);

#endif
