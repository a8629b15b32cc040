#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "sha256.h"

enum { HEADER_BYTES = 96, ENTRY_BYTES = 64, SLOT_BYTES = 16, OUT_BYTES = 256 * 1024 };

struct writer {
  int fd;
  size_t used;
  uint8_t bytes[OUT_BYTES];
};

static void flush(struct writer *out) {
  for (size_t done = 0; done < out->used;) {
    ssize_t written = write(out->fd, out->bytes + done, out->used - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("writing", "index");
    done += (size_t)written;
  }
  out->used = 0;
}

static void put(struct writer *out, const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  while (length > 0) {
    if (out->used == OUT_BYTES) flush(out);
    size_t room = OUT_BYTES - out->used, take = length < room ? length : room;
    memcpy(out->bytes + out->used, from, take);
    out->used += take;
    from += take;
    length -= take;
  }
}

/* Little-endian machines only: the static checks of the build refuse others. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the index is written as it lies in memory");

struct entry {
  uint32_t name_offset;
  uint8_t name_length, type;
  uint16_t mode;
  uint32_t uid, gid;
  uint64_t size;
  int64_t mtime;
  uint32_t mtime_ns, first_child, child_count, extra, parent, files_below, flags, unused;
};
_Static_assert(sizeof(struct entry) == ENTRY_BYTES, "an entry has no holes");

/* Only the first name of an inode carries its extra; a further one (a hard link) says where the first name lies. */
static uint64_t extra_size(const struct node *node) {
  const struct inode *inode = node->inode;
  if (inode->names != node) return 8 + inode->names->path_length;
  if (inode->target == NULL && inode->xattrs == NULL) return 0;
  uint64_t size = 8 + (inode->target != NULL ? strlen(inode->target) : 0);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) size += 6 + strlen(x->name) + x->value_length;
  return size;
}

static void put_link(struct writer *out, const struct node *first) {
  char path[PATH_LIMIT + 1];
  node_path(first, path);
  const uint32_t head[2] = {first->path_length, 0};
  put(out, head, sizeof head);
  put(out, path, head[0]);
}

static void put_extra(struct writer *out, const struct node *node) {
  const struct inode *inode = node->inode;
  if (inode->names != node) {
    put_link(out, inode->names);
    return;
  }
  if (extra_size(node) == 0) return;
  uint32_t head[2] = {inode->target != NULL ? (uint32_t)strlen(inode->target) : 0, 0};
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) head[1]++;
  put(out, head, sizeof head);
  if (inode->target != NULL) put(out, inode->target, head[0]);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    uint16_t name_length = (uint16_t)strlen(x->name);
    uint32_t value_length = (uint32_t)x->value_length;
    put(out, &name_length, 2);
    put(out, &value_length, 4);
    put(out, x->name, name_length);
    put(out, x->value, value_length);
  }
}

/* What a page shows as size: of a hard link too the file's, which counts once in the directories above. */
static uint64_t shown_size(const struct node *node) {
  return node->inode->type == NODE_FILE ? node->inode->size : node->bytes_below;
}

static int by_size(const void *left, const void *right) {
  const struct node *a = *(struct node *const *)left, *b = *(struct node *const *)right;
  if (shown_size(a) != shown_size(b)) return shown_size(a) < shown_size(b) ? 1 : -1;
  return a->number < b->number ? -1 : 1;
}

/* At place i the entry that stands there when each directory's range is ordered by size, largest first. */
static void put_order(struct writer *out, const struct tree *tree) {
  uint32_t *order = calloc(tree->count, sizeof *order);
  struct node **sorted = calloc(tree->count, sizeof *sorted);
  if (order == NULL || sorted == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  memcpy(sorted, tree->order, tree->count * sizeof *sorted);
  for (size_t i = 0; i < tree->count; i++) {
    const struct node *node = tree->order[i];
    if (node->child_count > 1) qsort(sorted + node->first_child, node->child_count, sizeof *sorted, by_size);
  }
  for (size_t i = 0; i < tree->count; i++) order[i] = sorted[i]->number;
  free(sorted);
  put(out, order, tree->count * sizeof *order);
  free(order);
}

static void put_entries(struct writer *out, const struct tree *tree) {
  uint64_t name_offset = 0, extra_offset = 0;
  for (size_t i = 0; i < tree->count; i++) {
    const struct node *node = tree->order[i];
    const struct inode *inode = node->inode;
    bool first = inode->names == node, directory = inode->type == NODE_DIRECTORY;
    uint64_t extra = extra_size(node);
    bool device = inode->type == NODE_CHAR || inode->type == NODE_BLOCK;
    struct entry entry = {
        .name_offset = (uint32_t)name_offset,
        .name_length = node->name_length,
        /* Hard links have type 0x80 + that of their first name, whose number first_child gives. */
        .type = (uint8_t)(inode->type | (first ? 0 : 0x80)),
        .mode = inode->mode,
        .uid = inode->uid,
        .gid = inode->gid,
        .size = directory ? node->bytes_below
                : device  ? (uint64_t)inode->major << 32 | inode->minor
                          : inode->size,
        .mtime = inode->mtime,
        .mtime_ns = inode->mtime_ns,
        .first_child = directory ? node->first_child : first ? 0 : inode->names->number,
        .child_count = node->child_count,
        .extra = extra > 0 ? (uint32_t)extra_offset + 1 : 0,
        .parent = node->parent != NULL ? node->parent->number : 0,
        .files_below = node->files_below,
        .flags = node->flags,
    };
    put(out, &entry, sizeof entry);
    name_offset += node->name_length;
    extra_offset += extra;
  }
}

/*
 * A directory is found by the first 96 bits of its path's SHA-256: nobody makes two paths that agree in them, so a
 * look-up need not read the names on the way.
 */
struct slot {
  uint32_t hash[3], entry_plus_one;
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot has no holes");

static void put_directories(struct writer *out, const struct tree *tree, uint32_t slot_count) {
  struct slot *slots = calloc(slot_count, sizeof *slots);
  if (slots == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  char path[PATH_LIMIT + 1];
  for (size_t i = 0; i < tree->count; i++) {
    if (tree->order[i]->inode->type != NODE_DIRECTORY) continue;
    node_path(tree->order[i], path);
    struct sha256 hash;
    uint32_t words[8];
    sha256_init(&hash);
    sha256_update(&hash, path, tree->order[i]->path_length);
    sha256_words(&hash, words);
    size_t at = words[0] & (slot_count - 1);
    while (slots[at].entry_plus_one != 0) at = (at + 1) & (slot_count - 1);
    slots[at] = (struct slot){{words[0], words[1], words[2]}, (uint32_t)i + 1};
  }
  put(out, slots, slot_count * sizeof *slots);
  free(slots);
}

void index_write(const struct tree *tree, int fd) {
  uint64_t names = 0, extras = 0, whiteouts = 0;
  uint32_t files = 0, directories = 0, slot_count = 2;
  for (size_t i = 0; i < tree->count; i++) {
    const struct node *node = tree->order[i];
    names += node->name_length;
    extras += extra_size(node);
    files += node->inode->type == NODE_FILE;
    directories += node->inode->type == NODE_DIRECTORY;
    whiteouts += node->inode->type == NODE_WHITEOUT;
  }
  while (slot_count < directories * 2) slot_count *= 2;
  if (names > UINT32_MAX || extras >= UINT32_MAX) fail(FAIL_LIMIT, "the layer's names take more than 4 GiB");

  static struct writer out;
  out.fd = fd;
  uint64_t at = HEADER_BYTES;
  struct {
    char magic[8];
    uint32_t entries, slots;
    uint64_t entries_offset, slots_offset, names_offset, names_bytes, extras_offset, extras_bytes;
    uint64_t total_bytes;
    uint32_t files, directories;
    uint64_t order_offset, whiteouts;
  } header = {.magic = "BERTHIX1", .entries = (uint32_t)tree->count, .slots = slot_count,
              .total_bytes = tree->root->bytes_below, .files = files, .directories = directories,
              .whiteouts = whiteouts};
  _Static_assert(sizeof header == HEADER_BYTES, "the header has no holes");
  header.entries_offset = at;
  at += (uint64_t)tree->count * ENTRY_BYTES;
  header.order_offset = at;
  at += (uint64_t)tree->count * sizeof(uint32_t);
  header.slots_offset = at;
  at += (uint64_t)slot_count * SLOT_BYTES;
  header.names_offset = at;
  header.names_bytes = names;
  at += names;
  header.extras_offset = at;
  header.extras_bytes = extras;

  put(&out, &header, sizeof header);
  put_entries(&out, tree);
  put_order(&out, tree);
  put_directories(&out, tree, slot_count);
  for (size_t i = 0; i < tree->count; i++) put(&out, tree->order[i]->name, tree->order[i]->name_length);
  for (size_t i = 0; i < tree->count; i++) put_extra(&out, tree->order[i]);
  flush(&out);
}
