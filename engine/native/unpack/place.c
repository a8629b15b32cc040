#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

bool parts_of(char *name, struct parts *parts) {
  bool rooted = name[0] == '/';
  size_t room = 1;
  for (const char *p = name; *p != 0; p++) room += *p == '/';
  parts->text = name;
  parts->count = 0;
  parts->items = calloc(room, sizeof *parts->items);
  if (parts->items == NULL) fail(FAIL_LIMIT, "no memory");
  for (char *part = name, *end; part != NULL; part = end) {
    end = strchr(part, '/');
    if (end != NULL) *end++ = 0;
    if (part[0] == 0 || strcmp(part, ".") == 0) continue;
    if (strcmp(part, "..") != 0) {
      parts->items[parts->count++] = part;
    } else if (parts->count > 0) {
      parts->count--;
    } else if (!rooted) {
      return false;
    }
  }
  return true;
}

void parts_free(struct parts *parts) {
  free(parts->items);
  parts->items = NULL;
}

static struct node *make_directory(struct place *place, struct node *parent, const char *name, size_t length) {
  struct inode *inode = inode_new(NODE_DIRECTORY);
  inode->mode = 0755;
  struct node *node = tree_add(place->tree, parent, name, length, inode);
  node->flags |= NODE_IMPLICIT;
  if (mkdirat(place_open(place, parent), node->name, 0755) != 0) fail_errno("mkdir", node->name);
  return node;
}

static struct node *follow(struct place *place, struct node *from, const char *path, bool make, int *hops);

/* One step down. NULL where there is nothing and nothing is to be made. */
static struct node *enter(struct place *place, struct node *from, const char *name, size_t length, bool make, int *hops) {
  struct node *child = tree_child(place->tree, from, name, length);
  if (child == NULL) return make ? make_directory(place, from, name, length) : NULL;
  switch (child->inode->type) {
    case NODE_DIRECTORY: return child;
    case NODE_SYMLINK:
      if (++*hops > SYMLINK_HOPS) fail(FAIL_INVALID, "%s: too many levels of symbolic links", child->name);
      return follow(place, from, child->inode->target, make, hops);
    case NODE_WHITEOUT:
      if (!make) return NULL;
      /* Removed below and there again: nothing of the lower directory may show through. */
      place_remove(place, child);
      child = make_directory(place, from, name, length);
      child->flags |= NODE_OPAQUE;
      return child;
    default:
      if (make) fail(FAIL_INVALID, "%s: not a directory", child->name);
      return NULL;
  }
}

static struct node *follow(struct place *place, struct node *from, const char *path, bool make, int *hops) {
  struct node *node = path[0] == '/' ? place->tree->root : from;
  while (node != NULL && *path != 0) {
    size_t length = strcspn(path, "/");
    if (length == 2 && path[0] == '.' && path[1] == '.') {
      if (node->parent != NULL) node = node->parent;
    } else if (length > 0 && !(length == 1 && path[0] == '.')) {
      node = enter(place, node, path, length, make, hops);
    }
    path += length;
    while (*path == '/') path++;
  }
  return node;
}

struct node *place_directory(struct place *place, const struct parts *parts, size_t count, bool make) {
  struct node *node = place->tree->root;
  int hops = 0;
  for (size_t i = 0; i < count && node != NULL; i++) {
    node = enter(place, node, parts->items[i], strlen(parts->items[i]), make, &hops);
  }
  return node;
}

int place_open(struct place *place, struct node *directory) {
  if (directory->parent == NULL) return place->root;
  if (place->open[0].node == directory) return place->open[0].fd;
  int fd;
  if (place->open[1].node == directory) {
    fd = place->open[1].fd;
  } else {
    char path[PATH_LIMIT + 1];
    node_path(directory, path);
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    fd = (int)syscall(SYS_openat2, place->root, path, &how, sizeof how);
    if (fd < 0) fail_errno("open", path);
    if (place->open[1].node != NULL) close(place->open[1].fd);
  }
  place->open[1] = place->open[0];
  place->open[0].node = directory;
  place->open[0].fd = fd;
  return fd;
}

void place_close(struct place *place) {
  for (int i = 0; i < 2; i++) {
    if (place->open[i].node != NULL) close(place->open[i].fd);
    place->open[i].node = NULL;
  }
}

static void rescue(struct place *place, struct node *node) {
  struct inode *inode = node->inode;
  if (inode->content == 0 || inode->size == 0) return;
  if (inode->names != node || node->next_name != NULL) return; /* Another name still leads to it. */
  int file = openat(place_open(place, node->parent), node->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) fail_errno("open", node->name);
  frame_rescue(place->frame, inode, file);
  close(file);
}

void place_remove(struct place *place, struct node *node) {
  bool directory = node->inode->type == NODE_DIRECTORY;
  while (node->children != NULL) place_remove(place, node->children);
  if (node->inode->type == NODE_FILE) rescue(place, node);
  if (unlinkat(place_open(place, node->parent), node->name, directory ? AT_REMOVEDIR : 0) != 0) {
    fail_errno("unlink", node->name);
  }
  if (directory) place_close(place); /* A later node may get the same place. */
  tree_remove(place->tree, node);
}
