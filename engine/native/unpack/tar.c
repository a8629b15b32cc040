#include "tar.h"

#include <string.h>
#include <stdlib.h>

#include "report.h"
#include "source.h"

/* Bytes that a name or an extended header may have: Go's limit, 1 MiB. */
enum { SPECIAL_LIMIT = 1 << 20, BLOCK = 512 };

/* Offsets of a header block. */
enum { NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148, TYPE = 156, LINK = 157,
       MAGIC = 257, MAJOR = 329, MINOR = 337, PREFIX = 345, GNU_SPARSE = 386, GNU_EXTENDED = 482, GNU_REAL_SIZE = 483 };

static struct pax pax;
static char *long_name, *long_link;
/* Data of the header that is being read; whoever gives up on it needs not think of it. */
static uint8_t *special;

static void skip(struct tar *tar, uint64_t count, bool to_end) {
  while (count > 0) {
    const uint8_t *bytes;
    size_t have = source_peek(&bytes);
    if (have == 0) {
      if (to_end) return;
      fail(FAIL_TRUNCATED, "unexpected EOF");
    }
    size_t take = have < count ? have : (size_t)count;
    frame_literal(tar->frame, bytes, take);
    source_take(take);
    count -= take;
  }
}

/* Reads exactly `length` bytes into `out` and the frame. False when the input ends before the first of them. */
static bool read_exactly(struct tar *tar, uint8_t *out, size_t length) {
  size_t done = 0;
  while (done < length) {
    const uint8_t *bytes;
    size_t have = source_peek(&bytes);
    if (have == 0) {
      if (done == 0) return false;
      fail(FAIL_TRUNCATED, "unexpected EOF");
    }
    size_t take = have < length - done ? have : length - done;
    memcpy(out + done, bytes, take);
    frame_literal(tar->frame, bytes, take);
    source_take(take);
    done += take;
  }
  return true;
}

static uint32_t padding_of(uint64_t size) { return (uint32_t)((BLOCK - size % BLOCK) % BLOCK); }

uint8_t *tar_special(struct tar *tar, uint64_t size) {
  if (size > SPECIAL_LIMIT) fail(FAIL_INVALID, "archive/tar: header field too long");
  free(special);
  special = malloc((size_t)size + 1);
  if (special == NULL) fail(FAIL_LIMIT, "no memory");
  if (size > 0 && !read_exactly(tar, special, (size_t)size)) fail(FAIL_TRUNCATED, "unexpected EOF");
  special[size] = 0;
  skip(tar, padding_of(size), false);
  return special;
}

void tar_read_block(struct tar *tar, uint8_t block[512]) {
  if (!read_exactly(tar, block, BLOCK)) fail(FAIL_TRUNCATED, "unexpected EOF");
}

static _Noreturn void bad_header(void) { fail(FAIL_INVALID, "archive/tar: invalid tar header"); }

/* A number field: octal, or base 256 (GNU) where the first bit is set. */
static int64_t number(const uint8_t *field, size_t length) {
  if (field[0] & 0x80) {
    bool negative = (field[0] & 0x40) != 0;
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
      uint8_t byte = negative ? (uint8_t)~field[i] : field[i];
      if (i == 0) byte &= 0x7f;
      if (value >> 56 != 0) bad_header();
      value = value << 8 | byte;
    }
    if (value >> 63 != 0) bad_header();
    return negative ? ~(int64_t)value : (int64_t)value;
  }
  size_t start = 0, end = length;
  while (start < end && (field[start] == ' ' || field[start] == 0)) start++;
  while (end > start && (field[end - 1] == ' ' || field[end - 1] == 0)) end--;
  uint64_t value = 0;
  for (size_t i = start; i < end; i++) {
    if (field[i] == 0) break;
    if (field[i] < '0' || field[i] > '7' || value >> 60 != 0) bad_header();
    value = value * 8 + (uint64_t)(field[i] - '0');
  }
  return (int64_t)value;
}

static uint64_t natural(const uint8_t *field, size_t length) {
  int64_t value = number(field, length);
  if (value < 0) bad_header();
  return (uint64_t)value;
}

static void check_sum(const uint8_t *block) {
  int64_t stored = number(block + CHECKSUM, 8), plain = 0, with_sign = 0;
  for (int i = 0; i < BLOCK; i++) {
    uint8_t byte = i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : block[i];
    plain += byte;
    with_sign += (int8_t)byte;
  }
  if (stored != plain && stored != with_sign) bad_header();
}

static char *field_text(const uint8_t *field, size_t length) {
  return strndup((const char *)field, length);
}

static char *header_name(const uint8_t *block) {
  char *name = field_text(block + NAME, 100);
  if (memcmp(block + MAGIC, "ustar\0", 6) != 0 || block[PREFIX] == 0) return name;
  /* star keeps times behind a shorter prefix, and says so in the last bytes. */
  size_t length = memcmp(block + 508, "tar\0", 4) == 0 ? 131 : 155;
  char *prefix = field_text(block + PREFIX, length), *whole = malloc(strlen(prefix) + strlen(name) + 2);
  if (whole == NULL) fail(FAIL_LIMIT, "no memory");
  strcpy(whole, prefix);
  strcat(whole, "/");
  strcat(whole, name);
  free(prefix);
  free(name);
  return whole;
}

/* The map of the old GNU form: four extents in the header, twenty-one in each block behind it. */
static void gnu_sparse(struct tar *tar, const uint8_t *block) {
  tar->entry.size = natural(block + GNU_REAL_SIZE, 12);
  const uint8_t *field = block + GNU_SPARSE;
  bool more = block[GNU_EXTENDED] != 0;
  uint8_t extension[BLOCK];
  for (int left = 4;;) {
    for (; left > 0 && field[0] != 0; left--, field += 24) pax_add_extent(&pax, natural(field, 12), natural(field + 12, 12));
    if (!more) break;
    tar_read_block(tar, extension);
    more = extension[504] != 0;
    field = extension;
    left = 21;
  }
  pax.sparse = true;
}

/* The map of PAX form 1.0: decimal lines at the start of the data, padded to a block. */
static void data_sparse_map(struct tar *tar) {
  uint8_t block[BLOCK];
  size_t used = BLOCK;
  uint64_t wanted = 1, seen = 0, first = 0;
  bool counted = false;
  while (!counted || seen < wanted) {
    char line[24];
    size_t length = 0;
    for (;;) {
      if (used == BLOCK) {
        if (tar->remaining < BLOCK) bad_header();
        tar_read_block(tar, block);
        tar->remaining -= BLOCK;
        used = 0;
      }
      uint8_t byte = block[used++];
      if (byte == '\n') break;
      if (length == sizeof line) bad_header();
      line[length++] = (char)byte;
    }
    uint64_t value;
    if (!parse_decimal(line, length, &value)) bad_header();
    if (!counted) {
      if (value > 1 << 24) bad_header();
      wanted = value * 2;
      counted = true;
    } else {
      if (seen % 2 == 0) first = value;
      else pax_add_extent(&pax, first, value);
      seen++;
    }
  }
}

static void apply_pax(struct tar_entry *entry) {
  if (pax.path != NULL) {
    free(entry->name);
    entry->name = strdup(pax.path);
  }
  if (pax.linkpath != NULL) {
    free(entry->link);
    entry->link = strdup(pax.linkpath);
  }
  if (pax.has_size) entry->size = pax.size;
  if (pax.has_uid) entry->uid = pax.uid;
  if (pax.has_gid) entry->gid = pax.gid;
  if (pax.has_mtime) {
    entry->mtime = pax.mtime;
    entry->mtime_ns = pax.mtime_ns;
  }
  entry->xattrs = pax.xattrs;
  if (pax.sparse && pax.sparse_name != NULL) {
    free(entry->name);
    entry->name = strdup(pax.sparse_name);
  }
}

/* Data that a type says it cannot have is not skipped: what looks like it is the next header (Go's reading). */
static bool header_only(char type) { return type >= '1' && type <= '6'; }

static void finish_sparse(struct tar *tar) {
  struct tar_entry *entry = &tar->entry;
  if (!pax.sparse) return;
  if (pax.sparse_major == 1) data_sparse_map(tar);
  if (pax.half_extent) bad_header();
  if (pax.has_sparse_size) entry->size = pax.sparse_size;
  /* A file that is all hole has no extents, which is not the same as data from 0 to its size. */
  static struct sparse_extent nothing;
  entry->extents = pax.extents != NULL ? pax.extents : &nothing;
  entry->extent_count = pax.extent_count;
  check_extents(entry->extents, entry->extent_count, entry->size, entry->name);
  uint64_t stored = 0;
  for (size_t i = 0; i < entry->extent_count; i++) stored += entry->extents[i].length;
  if (stored > tar->remaining) bad_header();
}

static void fill_entry(struct tar *tar, const uint8_t *block, char type) {
  struct tar_entry *entry = &tar->entry;
  memset(entry, 0, sizeof *entry);
  entry->name = header_name(block);
  entry->link = field_text(block + LINK, 100);
  entry->mode = (uint16_t)(natural(block + MODE, 8) & 07777);
  entry->uid = natural(block + UID, 8);
  entry->gid = natural(block + GID, 8);
  entry->size = natural(block + SIZE, 12);
  entry->mtime = number(block + MTIME, 12);
  if (memcmp(block + MAGIC, "ustar", 5) == 0) {
    entry->major = natural(block + MAJOR, 8);
    entry->minor = natural(block + MINOR, 8);
  }
  apply_pax(entry);
  if (long_name != NULL) {
    free(entry->name);
    entry->name = strdup(long_name);
  }
  if (long_link != NULL) {
    free(entry->link);
    entry->link = strdup(long_link);
  }
  if (entry->name == NULL || entry->link == NULL) fail(FAIL_LIMIT, "no memory");
  size_t length = strlen(entry->name);
  if (type == 0) type = length > 0 && entry->name[length - 1] == '/' ? '5' : '0';
  if (header_only(type)) entry->size = 0;
  tar->remaining = entry->size;
  tar->padding = padding_of(entry->size);
  if (type == 'S') gnu_sparse(tar, block);
  if (type == 'S' || type == '7') type = '0';
  if (type < '0' || type > '6') fail(FAIL_INVALID, "unhandled tar header type %d", type);
  entry->type = type;
  if (type == '0') finish_sparse(tar);
}

static void forget_specials(void) {
  free(long_name);
  free(long_link);
  long_name = long_link = NULL;
  pax_reset(&pax);
}

void tar_open(struct tar *tar, struct frame *frame) {
  memset(tar, 0, sizeof *tar);
  tar->frame = frame;
}

struct tar_entry *tar_next(struct tar *tar) {
  free(tar->entry.name);
  free(tar->entry.link);
  tar->entry.name = tar->entry.link = NULL;
  forget_specials();
  skip(tar, tar->remaining, false);
  skip(tar, tar->padding, false);
  tar->remaining = tar->padding = 0;
  for (;;) {
    uint8_t block[BLOCK];
    static const uint8_t zeros[BLOCK];
    if (!read_exactly(tar, block, BLOCK)) return NULL;
    if (memcmp(block, zeros, BLOCK) == 0) {
      /* One block of zeros and nothing, or two: the end. What follows belongs to the tar's digest all the same. */
      if (!read_exactly(tar, block, BLOCK)) return NULL;
      if (memcmp(block, zeros, BLOCK) != 0) bad_header();
      skip(tar, UINT64_MAX, true);
      return NULL;
    }
    check_sum(block);
    char type = (char)block[TYPE];
    uint64_t size = natural(block + SIZE, 12);
    if (type == 'x') {
      pax_parse(&pax, tar_special(tar, size), (size_t)size);
    } else if (type == 'g') {
      tar_special(tar, size);
    } else if (type == 'L' || type == 'K') {
      char **kept = type == 'L' ? &long_name : &long_link;
      free(*kept);
      *kept = strdup((char *)tar_special(tar, size));
      if (*kept == NULL) fail(FAIL_LIMIT, "no memory");
    } else {
      fill_entry(tar, block, type);
      return &tar->entry;
    }
  }
}

size_t tar_data(struct tar *tar, uint64_t max, const uint8_t **bytes) {
  size_t have = source_peek(bytes);
  if (have == 0) fail(FAIL_TRUNCATED, "unexpected EOF");
  if (max > tar->remaining) max = tar->remaining;
  size_t take = have < max ? have : (size_t)max;
  source_take(take);
  tar->remaining -= take;
  return take;
}
