#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { ARENA_BYTES = 1 << 20 };

void *keep(size_t size) {
  static uint8_t *arena;
  static size_t left;
  size = (size + 7) & ~(size_t)7;
  if (size > left) {
    size_t block = size > ARENA_BYTES / 4 ? size : ARENA_BYTES;
    uint8_t *made = calloc(1, block);
    if (made == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
    if (block == size) return made;
    arena = made;
    left = block;
  }
  void *result = arena;
  arena += size;
  left -= size;
  return result;
}

void *keep_copy(const void *bytes, size_t length) {
  char *copy = keep(length + 1);
  memcpy(copy, bytes, length);
  copy[length] = 0;
  return copy;
}

static size_t bucket_of(const struct tree *tree, const struct node *parent, const char *name, size_t length) {
  uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(uintptr_t)parent;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
  return (size_t)((hash ^ (hash >> 32)) & (tree->bucket_count - 1));
}

static void grow(struct tree *tree) {
  size_t old_count = tree->bucket_count;
  struct node **old = tree->buckets;
  tree->bucket_count = old_count == 0 ? 1024 : old_count * 2;
  tree->buckets = calloc(tree->bucket_count, sizeof *tree->buckets);
  if (tree->buckets == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  for (size_t i = 0; i < old_count; i++) {
    for (struct node *node = old[i], *next; node != NULL; node = next) {
      next = node->bucket;
      struct node **head = &tree->buckets[bucket_of(tree, node->parent, node->name, node->name_length)];
      node->bucket = *head;
      *head = node;
    }
  }
  free(old);
}

struct inode *inode_new(enum node_type type) {
  struct inode *inode = keep(sizeof *inode);
  inode->type = type;
  return inode;
}

void tree_init(struct tree *tree, size_t max_count) {
  memset(tree, 0, sizeof *tree);
  tree->max_count = max_count;
  grow(tree);
  tree->root = keep(sizeof *tree->root + 1);
  tree->root->inode = inode_new(NODE_DIRECTORY);
  tree->root->inode->mode = 0755;
  tree->root->inode->names = tree->root;
  tree->count = 1;
}

struct node *tree_child(const struct tree *tree, const struct node *parent, const char *name, size_t length) {
  struct node *node = tree->buckets[bucket_of(tree, parent, name, length)];
  for (; node != NULL; node = node->bucket) {
    if (node->parent == parent && node->name_length == length && memcmp(node->name, name, length) == 0) return node;
  }
  return NULL;
}

struct node *tree_add(struct tree *tree, struct node *parent, const char *name, size_t length, struct inode *inode) {
  size_t path_length = parent->path_length + (parent->path_length > 0 ? 1 : 0) + length;
  if (length > NAME_LIMIT || path_length > PATH_LIMIT) fail(FAIL_INVALID, "%.64s…: file name too long", name);
  if (tree->count >= tree->max_count) {
    fail(FAIL_LIMIT, "the layer has more than %llu entries", (unsigned long long)tree->max_count);
  }
  if (tree->count >= tree->bucket_count) grow(tree);
  struct node *node = keep(sizeof *node + length + 1);
  memcpy(node->name, name, length);
  node->name_length = (uint8_t)length;
  node->path_length = (uint16_t)path_length;
  node->parent = parent;
  node->sibling = parent->children;
  parent->children = node;
  parent->child_count++;
  struct node **head = &tree->buckets[bucket_of(tree, parent, name, length)];
  node->bucket = *head;
  *head = node;
  tree->count++;
  node->inode = inode;
  struct node **last = &inode->names;
  while (*last != NULL) last = &(*last)->next_name;
  *last = node;
  return node;
}

void tree_remove(struct tree *tree, struct node *node) {
  struct node **link = &tree->buckets[bucket_of(tree, node->parent, node->name, node->name_length)];
  while (*link != node) link = &(*link)->bucket;
  *link = node->bucket;
  for (link = &node->parent->children; *link != node; link = &(*link)->sibling) continue;
  *link = node->sibling;
  for (link = &node->inode->names; *link != node; link = &(*link)->next_name) continue;
  *link = node->next_name;
  node->parent->child_count--;
  tree->count--;
}

void node_path(const struct node *node, char *out) {
  char *end = out + node->path_length;
  *end = 0;
  for (; node->parent != NULL; node = node->parent) {
    end -= node->name_length;
    memcpy(end, node->name, node->name_length);
    if (end > out) *--end = '/';
  }
}

static int by_name(const void *left, const void *right) {
  const struct node *a = *(struct node *const *)left, *b = *(struct node *const *)right;
  size_t shorter = a->name_length < b->name_length ? a->name_length : b->name_length;
  int order = memcmp(a->name, b->name, shorter);
  return order != 0 ? order : (int)a->name_length - (int)b->name_length;
}

void tree_number(struct tree *tree) {
  free(tree->order);
  tree->order = calloc(tree->count, sizeof *tree->order);
  if (tree->order == NULL) fail(FAIL_LIMIT, "the layer needs more memory than unpacking may take");
  tree->order[0] = tree->root;
  size_t placed = 1;
  for (size_t i = 0; i < tree->count; i++) {
    struct node *node = tree->order[i];
    node->number = (uint32_t)i;
    node->bytes_below = 0;
    node->files_below = 0;
    node->first_child = (uint32_t)placed;
    for (struct node *child = node->children; child != NULL; child = child->sibling) tree->order[placed++] = child;
    qsort(tree->order + node->first_child, node->child_count, sizeof *tree->order, by_name);
  }
  for (size_t i = tree->count - 1; i > 0; i--) {
    struct node *node = tree->order[i];
    if (node->inode->type == NODE_FILE) {
      node->files_below = 1;
      if (node->inode->names == node) node->bytes_below = node->inode->size;
    }
    node->parent->bytes_below += node->bytes_below;
    node->parent->files_below += node->files_below;
  }
}
