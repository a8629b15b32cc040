#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "report.h"

/* Headers of a tar are mostly zeros and repeat each other: the fastest level takes nearly all of it. */
enum { COMPRESSION_LEVEL = 1 };

void write_fully(int fd, const void *bytes, size_t length, uint64_t offset, const char *what) {
  const uint8_t *from = bytes;
  while (length > 0) {
    ssize_t written = pwrite(fd, from, length, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("writing", what);
    from += written;
    offset += (uint64_t)written;
    length -= (size_t)written;
  }
}

static void *grow(void *array, size_t *room, size_t used, size_t size) {
  if (used < *room) return array;
  *room = *room == 0 ? 1024 : *room * 2;
  array = realloc(array, *room * size);
  if (array == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  return array;
}

static void append(struct frame *frame, const void *bytes, size_t length) {
  write_fully(frame->fd, bytes, length, frame->offset, "frame");
  frame->offset += length;
}

void frame_create(struct frame *frame, int fd) {
  memset(frame, 0, sizeof *frame);
  frame->fd = fd;
  frame->packed_size = ZSTD_compressBound(FRAME_BLOCK_BYTES);
  frame->block = malloc(FRAME_BLOCK_BYTES);
  frame->packed = malloc(frame->packed_size);
  frame->compressor = ZSTD_createCCtx();
  if (frame->block == NULL || frame->packed == NULL || frame->compressor == NULL) fail(FAIL_LIMIT, "no memory");
  append(frame, FRAME_MAGIC, 8);
}

static size_t pack(struct frame *frame, void *to, size_t room, const void *from, size_t length) {
  size_t packed = ZSTD_compressCCtx(frame->compressor, to, room, from, length, COMPRESSION_LEVEL);
  if (ZSTD_isError(packed)) fail(FAIL_INTERNAL, "zstd: %s", ZSTD_getErrorName(packed));
  return packed;
}

static void flush_block(struct frame *frame) {
  if (frame->block_used == 0) return;
  size_t packed = pack(frame, frame->packed, frame->packed_size, frame->block, frame->block_used);
  frame->blocks = grow(frame->blocks, &frame->block_room, frame->block_count, sizeof *frame->blocks);
  frame->blocks[frame->block_count++] =
      (struct frame_block){frame->offset, (uint32_t)packed, (uint32_t)frame->block_used};
  append(frame, frame->packed, packed);
  frame->block_used = 0;
}

static struct frame_segment *add_segment(struct frame *frame, struct frame_segment segment) {
  frame->segments = grow(frame->segments, &frame->segment_room, frame->segment_count, sizeof *frame->segments);
  frame->segments[frame->segment_count] = segment;
  return &frame->segments[frame->segment_count++];
}

void frame_literal(struct frame *frame, const void *bytes, size_t length) {
  if (frame == NULL || length == 0) return;
  struct frame_segment *last = frame->segment_count > 0 ? &frame->segments[frame->segment_count - 1] : NULL;
  if (last == NULL || last->kind != FRAME_LITERAL) last = add_segment(frame, (struct frame_segment){FRAME_LITERAL, 0, 0, 0});
  last->length += length;
  const uint8_t *from = bytes;
  while (length > 0) {
    size_t room = FRAME_BLOCK_BYTES - frame->block_used, take = length < room ? length : room;
    memcpy(frame->block + frame->block_used, from, take);
    frame->block_used += take;
    from += take;
    length -= take;
    if (frame->block_used == FRAME_BLOCK_BYTES) flush_block(frame);
  }
}

void frame_content(struct frame *frame, struct inode *inode) {
  size_t room = frame->content_room;
  frame->contents = grow(frame->contents, &frame->content_room, frame->content_count, sizeof *frame->contents);
  frame->ranges = grow(frame->ranges, &room, frame->content_count, sizeof *frame->ranges);
  frame->contents[frame->content_count] = inode;
  frame->ranges[frame->content_count].first = frame->segment_count;
  frame->ranges[frame->content_count].count = 0;
  inode->content = (uint32_t)++frame->content_count;
}

void frame_file(struct frame *frame, struct inode *inode, uint64_t offset, uint64_t length) {
  if (length == 0) return;
  add_segment(frame, (struct frame_segment){FRAME_FILE, inode->content, offset, length});
  frame->ranges[inode->content - 1].count++;
}

void frame_rescue(struct frame *frame, struct inode *inode, int file) {
  static uint8_t buffer[64 * 1024];
  size_t first = frame->ranges[inode->content - 1].first, count = frame->ranges[inode->content - 1].count;
  for (size_t i = first; i < first + count; i++) {
    struct frame_segment *segment = &frame->segments[i];
    if (segment->kind != FRAME_FILE) continue;
    uint64_t from = segment->offset, left = segment->length;
    segment->kind = FRAME_RAW;
    segment->entry = 0;
    segment->offset = frame->offset;
    while (left > 0) {
      ssize_t got = pread(file, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer, (off_t)from);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) fail_errno("reading back a replaced file", NULL);
      append(frame, buffer, (size_t)got);
      from += (uint64_t)got;
      left -= (uint64_t)got;
    }
  }
}

void frame_finish(struct frame *frame, uint64_t tar_bytes) {
  flush_block(frame);
  for (size_t i = 0; i < frame->segment_count; i++) {
    struct frame_segment *segment = &frame->segments[i];
    if (segment->kind == FRAME_FILE) segment->entry = frame->contents[segment->entry - 1]->names->number;
  }
  size_t blocks_size = frame->block_count * sizeof *frame->blocks;
  size_t segments_size = frame->segment_count * sizeof *frame->segments;
  size_t plain = 4 + blocks_size + 4 + segments_size;
  uint8_t *tail = malloc(plain), *packed = malloc(ZSTD_compressBound(plain));
  if (tail == NULL || packed == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  uint32_t blocks = (uint32_t)frame->block_count, segments = (uint32_t)frame->segment_count;
  memcpy(tail, &blocks, 4);
  if (blocks_size > 0) memcpy(tail + 4, frame->blocks, blocks_size);
  memcpy(tail + 4 + blocks_size, &segments, 4);
  if (segments_size > 0) memcpy(tail + 8 + blocks_size, frame->segments, segments_size);
  size_t packed_length = pack(frame, packed, ZSTD_compressBound(plain), tail, plain);
  uint64_t numbers[4] = {frame->offset, packed_length, plain, tar_bytes};
  append(frame, packed, packed_length);
  append(frame, numbers, sizeof numbers);
  append(frame, FRAME_MAGIC, 8);
  free(tail);
  free(packed);
}
