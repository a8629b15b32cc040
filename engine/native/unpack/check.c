#include "check.h"

#include <stdbool.h>
#include <string.h>

#include "report.h"
#include "tree.h"
#include "walk.h"

/* As index.c writes them. */
struct entry {
  uint32_t name_offset;
  uint8_t name_length, type;
  uint16_t mode;
  uint32_t uid, gid;
  uint64_t size;
  int64_t mtime;
  uint32_t mtime_ns, first_child, child_count, extra, parent, files_below, flags, unused;
};

/* Times that every file system of ours can hold; others were cut when they were written. */
#define EARLIEST_TIME (-(INT64_C(1) << 31))
#define LATEST_TIME (INT64_C(1) << 33)

static const uint8_t *bytes;
static size_t bytes_length;

static const uint8_t *at(uint64_t offset, uint64_t length) {
  if (offset > bytes_length || length > bytes_length - offset) fail(FAIL_INVALID, "the layer's index is damaged");
  return bytes + offset;
}

static uint64_t number(uint64_t offset, size_t size) {
  uint64_t value = 0;
  memcpy(&value, at(offset, size), size);
  return value;
}

static _Noreturn void differs(const struct node *node, const char *what) {
  char path[PATH_LIMIT + 1];
  node_path(node, path);
  fail(FAIL_INVALID, "/%s has changed on disk: %s", path, what);
}

/* The xattr's value on disk; NULL when it has none of that name. */
static const struct xattr *find_xattr(const struct inode *inode, const uint8_t *name, size_t length) {
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    if (strlen(x->name) == length && memcmp(x->name, name, length) == 0) return x;
  }
  return NULL;
}

/* Target and xattrs of an index entry, read from its extra. */
static void check_extra(const struct node *node, uint64_t offset) {
  const struct inode *inode = node->inode;
  uint64_t target = number(offset, 4), count = number(offset + 4, 4);
  const uint8_t *text = at(offset + 8, target);
  if (inode->type == NODE_SYMLINK && (strlen(inode->target) != target || memcmp(inode->target, text, target) != 0)) {
    differs(node, "its target");
  }
  offset += 8 + target;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t name_length = number(offset, 2), value_length = number(offset + 2, 4);
    const uint8_t *name = at(offset + 6, name_length), *value = at(offset + 6 + name_length, value_length);
    const struct xattr *x = find_xattr(inode, name, name_length);
    if (x == NULL || x->value_length != value_length || memcmp(x->value, value, value_length) != 0) {
      differs(node, "its extended attributes");
    }
    offset += 6 + name_length + value_length;
  }
}

static bool has_capability(const struct inode *inode) {
  static const char name[] = "security.capability";
  return find_xattr(inode, (const uint8_t *)name, sizeof name - 1) != NULL;
}

static void check_metadata(const struct node *node, const struct entry *entry) {
  const struct inode *inode = node->inode;
  if (inode->mode != entry->mode && inode->type != NODE_SYMLINK) differs(node, "its mode");
  if (inode->uid != entry->uid || inode->gid != entry->gid) differs(node, "its owner");
  bool timed = entry->mtime >= EARLIEST_TIME && entry->mtime < LATEST_TIME;
  if (timed && (inode->mtime != entry->mtime || inode->mtime_ns != entry->mtime_ns)) differs(node, "its time");
  if (inode->type == NODE_FILE && inode->size != entry->size) differs(node, "its size");
  bool device = inode->type == NODE_CHAR || inode->type == NODE_BLOCK;
  if (device && ((uint64_t)inode->major << 32 | inode->minor) != entry->size) differs(node, "its device number");
}

static void check_node(const struct node *node, const struct entry *entry, uint64_t names, uint64_t extras) {
  const struct inode *inode = node->inode;
  const uint8_t *name = at(names + entry->name_offset, entry->name_length);
  if (node->name_length != entry->name_length || memcmp(node->name, name, entry->name_length) != 0) {
    differs(node, "it is not of the layer, or one beside it is missing");
  }
  if (inode->type != (entry->type & 0x7f)) differs(node, "its kind");
  if (inode->type == NODE_DIRECTORY && node->child_count != entry->child_count) differs(node, "its names");
  if ((node->flags & NODE_OPAQUE) != (entry->flags & NODE_OPAQUE)) differs(node, "what it hides");
  if (inode->type == NODE_WHITEOUT || (entry->type & 0x80) != 0) return; /* told at its first name, or nowhere */
  check_metadata(node, entry);
  if (entry->extra != 0) check_extra(node, extras + entry->extra - 1);
  else if (has_capability(inode)) differs(node, "its extended attributes");
}

void check_tree(int root, const uint8_t *index, size_t length) {
  bytes = index;
  bytes_length = length;
  uint64_t count = number(8, 4), entries = number(16, 8), names = number(32, 8), extras = number(48, 8);
  struct tree tree;
  tree_init(&tree, count + 1024);
  walk(&tree, root);
  /* Both are breadth first and sorted: while nothing differs, the same number is the same path. */
  for (size_t i = 0; i < tree.count && i < count; i++) {
    struct entry entry;
    memcpy(&entry, at(entries + i * sizeof entry, sizeof entry), sizeof entry);
    check_node(tree.order[i], &entry, names, extras);
  }
  if (tree.count != count) fail(FAIL_INVALID, "the layer has %zu names on disk instead of %llu", tree.count, (unsigned long long)count);
}
