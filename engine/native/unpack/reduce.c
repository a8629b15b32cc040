#include "reduce.h"

#include <string.h>

#include "walk.h"

static bool same_xattrs(const struct inode *a, const struct inode *b) {
  const struct xattr *x = a->xattrs, *y = b->xattrs;
  for (; x != NULL && y != NULL; x = x->next, y = y->next) {
    if (strcmp(x->name, y->name) != 0 || x->value_length != y->value_length) return false;
    if (memcmp(x->value, y->value, x->value_length) != 0) return false;
  }
  return x == NULL && y == NULL;
}

static bool same(const struct inode *a, const struct inode *b) {
  if (a->type != b->type || a->mode != b->mode || a->uid != b->uid || a->gid != b->gid) return false;
  if (!same_xattrs(a, b)) return false;
  if (a->type == NODE_DIRECTORY) return true; /* its times change with its entries, which are told themselves */
  if (a->mtime != b->mtime || a->mtime_ns != b->mtime_ns) return false;
  if (a->type == NODE_SYMLINK) return strcmp(a->target, b->target) == 0;
  return a->size == b->size && a->major == b->major && a->minor == b->minor;
}

/* The original's node of the same path; NULL where it has none. */
static struct node *counterpart(const struct tree *original, struct node *const *twins, const struct node *node) {
  struct node *parent = twins[node->parent->number];
  return parent != NULL ? tree_child(original, parent, node->name, node->name_length) : NULL;
}

static void add_whiteouts(struct tree *tree, struct node *node, const struct node *twin) {
  for (const struct node *child = twin->children; child != NULL; child = child->sibling) {
    if (tree_child(tree, node, child->name, child->name_length) != NULL) continue;
    tree_add(tree, node, child->name, child->name_length, inode_new(NODE_WHITEOUT));
  }
}

void reduce(struct tree *tree, int lower) {
  struct tree original;
  tree_init(&original, tree->max_count);
  walk(&original, lower);
  size_t count = tree->count;
  struct node **order = keep(count * sizeof *order), **twins = keep(count * sizeof *twins);
  memcpy(order, tree->order, count * sizeof *order);
  twins[0] = original.root;
  for (size_t i = 1; i < count; i++) twins[i] = counterpart(&original, twins, order[i]);
  for (size_t i = 0; i < count; i++) {
    struct node *node = order[i], *twin = twins[i];
    bool directories = node->inode->type == NODE_DIRECTORY && twin != NULL && twin->inode->type == NODE_DIRECTORY;
    if (directories) add_whiteouts(tree, node, twin);
  }
  /* Children stand behind their parents: backwards, a directory is looked at when its own are done. */
  for (size_t i = count; i-- > 1;) {
    struct node *node = order[i], *twin = twins[i];
    if (twin != NULL && node->children == NULL && same(node->inode, twin->inode)) tree_remove(tree, node);
  }
  tree_number(tree);
}
