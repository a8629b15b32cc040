#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zstd.h>

#include "check.h"
#include "frame.h"
#include "gzip.h"
#include "report.h"
#include "sha256.h"

enum { COPY_BYTES = 256 * 1024 };

static struct {
  uint8_t *bytes;
  size_t length;
} index_file;
static struct sha256 hash;
static uint64_t written_bytes;
static bool packs;

static _Noreturn void damaged(const char *what) { fail(FAIL_INVALID, "the layer's %s is damaged", what); }

static void emit(int out, const uint8_t *bytes, size_t length) {
  sha256_update(&hash, bytes, length);
  written_bytes += length;
  if (packs) {
    uint64_t before = gzip_bytes();
    gzip_write(out, bytes, length);
    if (gzip_bytes() != before) report_progress(gzip_bytes(), written_bytes);
    return;
  }
  while (length > 0 && out >= 0) {
    ssize_t done = write(out, bytes, length);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail_errno("writing the tar", NULL);
    bytes += done;
    length -= (size_t)done;
  }
}

static void read_at(int fd, void *out, size_t length, uint64_t offset, const char *what) {
  uint8_t *to = out;
  while (length > 0) {
    ssize_t got = pread(fd, to, length, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading", what);
    if (got == 0) damaged(what);
    to += got;
    offset += (uint64_t)got;
    length -= (size_t)got;
  }
}

static void load_index(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail_errno("stat", "index");
  index_file.length = (size_t)status.st_size;
  index_file.bytes = malloc(index_file.length + 1);
  if (index_file.bytes == NULL) fail(FAIL_LIMIT, "no memory");
  read_at(fd, index_file.bytes, index_file.length, 0, "index");
  if (index_file.length < 96 || memcmp(index_file.bytes, "BERTHIX1", 8) != 0) damaged("index");
}

static uint64_t index_number(uint64_t offset, size_t size) {
  uint64_t value = 0;
  if (offset > index_file.length || size > index_file.length - offset) damaged("index");
  memcpy(&value, index_file.bytes + offset, size);
  return value;
}

/* Path of an entry, from its parents' names. */
static void entry_path(uint32_t entry, char out[PATH_LIMIT + 1]) {
  uint64_t entries = index_number(16, 8), names = index_number(32, 8);
  char buffer[PATH_LIMIT + 1];
  size_t start = PATH_LIMIT;
  buffer[start] = 0;
  while (entry != 0) {
    uint64_t at = entries + (uint64_t)entry * 64;
    uint64_t name = names + index_number(at, 4);
    size_t length = index_number(at + 4, 1);
    index_number(name, 0);
    if (length == 0 || length + 1 > start || name + length > index_file.length) damaged("index");
    if (start < PATH_LIMIT) buffer[--start] = '/';
    start -= length;
    memcpy(buffer + start, index_file.bytes + name, length);
    uint32_t parent = (uint32_t)index_number(at + 48, 4);
    if (parent >= entry) damaged("index");
    entry = parent;
  }
  memcpy(out, buffer + start, PATH_LIMIT + 1 - start);
}

static int open_entry(int root, uint32_t entry) {
  char path[PATH_LIMIT + 1];
  entry_path(entry, path);
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
  if (fd < 0) fail(FAIL_INVALID, "%s: %s", path, strerror(errno));
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) fail(FAIL_INVALID, "%s is not a file any more", path);
  return fd;
}

static void copy_range(int out, int fd, uint64_t offset, uint64_t length, const char *what) {
  static uint8_t buffer[COPY_BYTES];
  while (length > 0) {
    size_t take = length < sizeof buffer ? (size_t)length : sizeof buffer;
    read_at(fd, buffer, take, offset, what);
    emit(out, buffer, take);
    offset += take;
    length -= take;
  }
}

/* The literal bytes, a block at a time. */
struct literals {
  int fd;
  const struct frame_block *blocks;
  uint32_t count, next;
  uint8_t plain[FRAME_BLOCK_BYTES];
  size_t used, have;
};

static void load_block(struct literals *from) {
  if (from->next == from->count) damaged("frame");
  const struct frame_block *block = &from->blocks[from->next++];
  if (block->plain > FRAME_BLOCK_BYTES || block->packed > ZSTD_compressBound(FRAME_BLOCK_BYTES)) damaged("frame");
  uint8_t *packed = malloc(block->packed + 1);
  if (packed == NULL) fail(FAIL_LIMIT, "no memory");
  read_at(from->fd, packed, block->packed, block->offset, "frame");
  size_t plain = ZSTD_decompress(from->plain, sizeof from->plain, packed, block->packed);
  if (ZSTD_isError(plain) || plain != block->plain) damaged("frame");
  free(packed);
  from->used = 0;
  from->have = plain;
}

static void copy_literal(int out, struct literals *from, uint64_t length) {
  while (length > 0) {
    if (from->used == from->have) load_block(from);
    size_t left = from->have - from->used, take = length < left ? (size_t)length : left;
    emit(out, from->plain + from->used, take);
    from->used += take;
    length -= take;
  }
}

static uint8_t *load_tail(int fd, size_t *length, uint64_t *tar_bytes) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail_errno("stat", "frame");
  uint8_t footer[FRAME_FOOTER_BYTES];
  if (status.st_size < FRAME_FOOTER_BYTES + 8) damaged("frame");
  read_at(fd, footer, sizeof footer, (uint64_t)status.st_size - sizeof footer, "frame");
  if (memcmp(footer + 32, FRAME_MAGIC, 8) != 0) damaged("frame");
  uint64_t numbers[4];
  memcpy(numbers, footer, sizeof numbers);
  if (numbers[1] > (uint64_t)status.st_size || numbers[2] > UINT32_MAX || numbers[2] < 8) damaged("frame");
  uint8_t *packed = malloc(numbers[1] + 1), *plain = malloc(numbers[2]);
  if (packed == NULL || plain == NULL) fail(FAIL_LIMIT, "no memory");
  read_at(fd, packed, numbers[1], numbers[0], "frame");
  if (ZSTD_decompress(plain, numbers[2], packed, numbers[1]) != numbers[2]) damaged("frame");
  free(packed);
  *length = numbers[2];
  *tar_bytes = numbers[3];
  return plain;
}

void rebuild(int root, int index, int frame, int out, bool pack) {
  packs = pack;
  sha256_init(&hash);
  load_index(index);
  size_t length;
  uint64_t tar_bytes;
  uint8_t *tail = load_tail(frame, &length, &tar_bytes);
  uint32_t block_count, segment_count;
  memcpy(&block_count, tail, 4);
  size_t blocks_size = (size_t)block_count * sizeof(struct frame_block);
  if (blocks_size > length - 8) damaged("frame");
  memcpy(&segment_count, tail + 4 + blocks_size, 4);
  if ((size_t)segment_count * sizeof(struct frame_segment) != length - 8 - blocks_size) damaged("frame");

  struct frame_block *blocks = malloc(blocks_size + 1);
  static struct literals literals;
  if (blocks == NULL) fail(FAIL_LIMIT, "no memory");
  memcpy(blocks, tail + 4, blocks_size);
  literals.fd = frame;
  literals.blocks = blocks;
  literals.count = block_count;
  uint32_t open_number = 0;
  int open_fd = -1;
  for (uint32_t i = 0; i < segment_count; i++) {
    struct frame_segment segment;
    memcpy(&segment, tail + 8 + blocks_size + (size_t)i * sizeof segment, sizeof segment);
    if (segment.kind == FRAME_LITERAL) {
      copy_literal(out, &literals, segment.length);
    } else if (segment.kind == FRAME_RAW) {
      copy_range(out, frame, segment.offset, segment.length, "frame");
    } else {
      if (open_fd < 0 || open_number != segment.entry) {
        if (open_fd >= 0) close(open_fd);
        open_fd = open_entry(root, segment.entry);
        open_number = segment.entry;
      }
      copy_range(out, open_fd, segment.offset, segment.length, "file");
    }
  }
  if (written_bytes != tar_bytes) damaged("frame");
  if (packs) gzip_finish(out);
  if (open_fd >= 0) close(open_fd);
  if (out < 0) check_tree(root, index_file.bytes, index_file.length);
  char digest[65];
  sha256_hex(&hash, digest);
  report_line("{\"result\":{\"diffId\":\"sha256:%s\",\"tarBytes\":%llu}}", digest, (unsigned long long)written_bytes);
}
