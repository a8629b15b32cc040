#include "extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "place.h"
#include "report.h"
#include "tar.h"

/* Kernel's MKDEV limits. */
enum { MAJOR_LIMIT = 1 << 12, MINOR_LIMIT = 1 << 20 };

static const char whiteout_prefix[] = ".wh.", meta_prefix[] = ".wh..wh.", opaque_name[] = ".wh..wh..opq";
static const char opaque_xattr[] = "trusted.overlay.opaque";

/* An xattr that overlay would read as its own word about a layer is an attack or a leftover of another engine. */
static bool overlay_xattr(const char *name) { return strncmp(name, "trusted.overlay.", 16) == 0; }

static void xattr_failed(int root, const char *name) {
  if (errno == ENOTSUP || errno == EPERM) return; /* Left out, as in Docker: this file system or type has none. */
  struct statfs space;
  if (errno == ENOSPC && fstatfs(root, &space) == 0 && space.f_bavail > 64) {
    fail(FAIL_INVALID, "extended attribute %s is larger than this file system can hold", name);
  }
  fail_errno("setxattr", name);
}

static void keep_metadata(struct inode *inode, const struct tar_entry *entry) {
  if (entry->uid > UINT32_MAX - 1 || entry->gid > UINT32_MAX - 1) fail(FAIL_INVALID, "%s: invalid owner", entry->name);
  inode->mode = entry->mode;
  inode->uid = (uint32_t)entry->uid;
  inode->gid = (uint32_t)entry->gid;
  inode->mtime = entry->mtime;
  inode->mtime_ns = entry->mtime_ns;
  inode->xattrs = NULL;
  struct xattr **place = &inode->xattrs;
  for (const struct xattr *x = entry->xattrs; x != NULL; x = x->next) {
    if (overlay_xattr(x->name)) continue;
    size_t size = strlen(x->name) + 1;
    struct xattr *copy = keep(sizeof *copy + size);
    memcpy(copy->name, x->name, size);
    copy->value = keep_copy(x->value, x->value_length);
    copy->value_length = x->value_length;
    *place = copy;
    place = &copy->next;
  }
}

static void times_of(const struct inode *inode, struct timespec times[2]) {
  times[0] = times[1] = (struct timespec){.tv_sec = inode->mtime, .tv_nsec = inode->mtime_ns};
}

/* Owner first: chown takes setuid bits and capabilities away. */
static void apply_to_file(struct place *place, int fd, const struct node *node) {
  const struct inode *inode = node->inode;
  bool owned = inode->uid != 0 || inode->gid != 0;
  if (owned && fchown(fd, inode->uid, inode->gid) != 0) fail_errno("chown", node->name);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    if (fsetxattr(fd, x->name, x->value, x->value_length, 0) != 0) xattr_failed(place->root, x->name);
  }
  if ((inode->mode & ~0777) != 0 && fchmod(fd, inode->mode) != 0) fail_errno("chmod", node->name);
  struct timespec times[2];
  times_of(inode, times);
  if (futimens(fd, times) != 0) fail_errno("utimes", node->name);
}

/* The same by name, for what cannot be opened: symlinks, devices, fifos. */
static void apply_by_name(struct place *place, struct node *node) {
  const struct inode *inode = node->inode;
  int parent = place_open(place, node->parent);
  if ((inode->uid != 0 || inode->gid != 0) &&
      fchownat(parent, node->name, inode->uid, inode->gid, AT_SYMLINK_NOFOLLOW) != 0) {
    fail_errno("chown", node->name);
  }
  if (inode->xattrs != NULL && fchdir(parent) != 0) fail_errno("chdir", node->parent->name);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    if (lsetxattr(node->name, x->name, x->value, x->value_length, 0) != 0) xattr_failed(place->root, x->name);
  }
  if (inode->type != NODE_SYMLINK && (inode->mode & ~0777) != 0 && fchmodat(parent, node->name, inode->mode, 0) != 0) {
    fail_errno("chmod", node->name);
  }
  struct timespec times[2];
  times_of(inode, times);
  if (utimensat(parent, node->name, times, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("utimes", node->name);
}

static void write_range(struct place *place, struct tar *tar, int fd, struct inode *inode, uint64_t offset, uint64_t length) {
  frame_file(place->frame, inode, offset, length);
  while (length > 0) {
    const uint8_t *bytes;
    size_t count = tar_data(tar, length, &bytes);
    write_fully(fd, bytes, count, offset, tar->entry.name);
    offset += count;
    length -= count;
  }
}

static void make_file(struct place *place, struct tar *tar, struct node *node) {
  struct tar_entry *entry = &tar->entry;
  struct inode *inode = node->inode;
  int fd = openat(place_open(place, node->parent), node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  inode->mode & 0777);
  if (fd < 0) fail_errno("create", node->name);
  inode->size = entry->size;
  frame_content(place->frame, inode);
  if (entry->extents == NULL) {
    write_range(place, tar, fd, inode, 0, entry->size);
  } else {
    if (ftruncate(fd, (off_t)entry->size) != 0) fail_errno("truncate", node->name);
    for (size_t i = 0; i < entry->extent_count; i++) {
      write_range(place, tar, fd, inode, entry->extents[i].offset, entry->extents[i].length);
    }
  }
  apply_to_file(place, fd, node);
  if (close(fd) != 0) fail_errno("close", node->name);
}

static void make_special(struct place *place, struct node *node, const struct tar_entry *entry) {
  static const mode_t types[] = {[NODE_CHAR] = S_IFCHR, [NODE_BLOCK] = S_IFBLK, [NODE_FIFO] = S_IFIFO};
  struct inode *inode = node->inode;
  int parent = place_open(place, node->parent);
  if (inode->type == NODE_SYMLINK) {
    inode->target = keep_copy(entry->link, strlen(entry->link));
    inode->mode = 0777;
    if (symlinkat(inode->target, parent, node->name) != 0) {
      if (errno == ENOENT) errno = EINVAL; /* an empty target */
      fail_errno("symlink", node->name);
    }
  } else {
    inode->major = (uint32_t)entry->major;
    inode->minor = (uint32_t)entry->minor;
    dev_t device = inode->type == NODE_FIFO ? 0 : makedev(inode->major, inode->minor);
    if (mknodat(parent, node->name, types[inode->type] | (inode->mode & 0777), device) != 0) {
      fail_errno("mknod", node->name);
    }
  }
  apply_by_name(place, node);
}

static void make_link(struct place *place, struct node *parent, const char *name, struct tar_entry *entry) {
  char *text = strdup(entry->link);
  struct parts parts;
  if (text == NULL) fail(FAIL_LIMIT, "no memory");
  bool inside = parts_of(text, &parts);
  struct node *directory =
      inside && parts.count > 0 ? place_directory(place, &parts, parts.count - 1, false) : NULL;
  const char *last = parts.count > 0 ? parts.items[parts.count - 1] : "";
  struct node *existing = tree_child(place->tree, parent, name, strlen(name));
  struct node *target = directory != NULL ? tree_child(place->tree, directory, last, strlen(last)) : NULL;
  bool same = target != NULL && existing != NULL && existing->inode == target->inode;
  if (!same && existing != NULL) {
    place_remove(place, existing);
    /* What was replaced may have held the target. */
    directory = inside && parts.count > 0 ? place_directory(place, &parts, parts.count - 1, false) : NULL;
    target = directory != NULL ? tree_child(place->tree, directory, last, strlen(last)) : NULL;
  }
  if (target == NULL || target->inode->type == NODE_WHITEOUT) {
    fail(FAIL_INVALID, "link %s to %s: no such file or directory", name, entry->link);
  }
  if (target->inode->type == NODE_DIRECTORY) fail(FAIL_INVALID, "link %s to %s: operation not permitted", name, entry->link);
  if (!same) {
    struct node *node = tree_add(place->tree, parent, name, strlen(name), target->inode);
    int from = place_open(place, target->parent), to = place_open(place, parent);
    if (linkat(from, target->name, to, node->name, 0) != 0) fail_errno("link", node->name);
  }
  parts_free(&parts);
  free(text);
}

static void whiteout(struct place *place, struct node *parent, const char *name) {
  if (name[0] == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) fail(FAIL_INVALID, "invalid whiteout name");
  struct node *existing = tree_child(place->tree, parent, name, strlen(name));
  if (existing != NULL) {
    /* Whiteouts act on lower layers only: what this layer has stays, and hides all that was there. */
    if (existing->inode->type == NODE_DIRECTORY) existing->flags |= NODE_OPAQUE;
    return;
  }
  struct node *node = tree_add(place->tree, parent, name, strlen(name), inode_new(NODE_WHITEOUT));
  if (mknodat(place_open(place, parent), node->name, S_IFCHR, 0) != 0) fail_errno("whiteout", node->name);
}

/* Makes room for a new entry; true when the lower layers' version of the name must not show through. */
static bool replace(struct place *place, struct node *existing) {
  if (existing == NULL) return false;
  bool hides = existing->inode->type == NODE_WHITEOUT;
  place_remove(place, existing);
  return hides;
}

static void set_directory(struct place *place, struct node *parent, const char *name, struct tar_entry *entry) {
  struct node *node = tree_child(place->tree, parent, name, strlen(name));
  if (node == NULL || node->inode->type != NODE_DIRECTORY) {
    bool hides = replace(place, node);
    node = tree_add(place->tree, parent, name, strlen(name), inode_new(NODE_DIRECTORY));
    if (mkdirat(place_open(place, parent), node->name, 0755) != 0) fail_errno("mkdir", node->name);
    if (hides) node->flags |= NODE_OPAQUE;
  }
  node->flags &= (uint8_t)~NODE_IMPLICIT;
  keep_metadata(node->inode, entry);
}

static void apply(struct place *place, struct tar *tar, const struct parts *parts) {
  struct tar_entry *entry = &tar->entry;
  if (parts->count == 0) {
    if (entry->type != '5') fail(FAIL_INVALID, "the layer's root is not a directory");
    keep_metadata(place->tree->root->inode, entry);
    return;
  }
  const char *name = parts->items[parts->count - 1];
  for (size_t i = 0; i + 1 < parts->count; i++) {
    if (strncmp(parts->items[i], meta_prefix, sizeof meta_prefix - 1) == 0) return; /* aufs' own, never files */
  }
  bool device = entry->type == '3' || entry->type == '4';
  /* Overlay reads it as a whiteout: from a tar that is an attack, a whiteout is spelled .wh. there. */
  if (entry->type == '3' && entry->major == 0 && entry->minor == 0) return;
  if (device && (entry->major >= MAJOR_LIMIT || entry->minor >= MINOR_LIMIT)) {
    fail(FAIL_INVALID, "%s: invalid device number", entry->name);
  }
  if (strncmp(name, meta_prefix, sizeof meta_prefix - 1) == 0) {
    if (strcmp(name, opaque_name) != 0) return;
    place_directory(place, parts, parts->count - 1, true)->flags |= NODE_OPAQUE;
    return;
  }
  struct node *parent = place_directory(place, parts, parts->count - 1, true);
  if (strncmp(name, whiteout_prefix, sizeof whiteout_prefix - 1) == 0) {
    whiteout(place, parent, name + sizeof whiteout_prefix - 1);
    return;
  }
  if (entry->type == '5') {
    set_directory(place, parent, name, entry);
    return;
  }
  if (entry->type == '1') {
    make_link(place, parent, name, entry);
    return;
  }
  static const enum node_type types[] = {['0'] = NODE_FILE, ['2'] = NODE_SYMLINK, ['3'] = NODE_CHAR,
                                         ['4'] = NODE_BLOCK, ['6'] = NODE_FIFO};
  replace(place, tree_child(place->tree, parent, name, strlen(name)));
  struct node *node = tree_add(place->tree, parent, name, strlen(name), inode_new(types[(unsigned char)entry->type]));
  keep_metadata(node->inode, entry);
  if (entry->type == '0') make_file(place, tar, node);
  else make_special(place, node, entry);
}

/* Directories get owner, mode, xattrs and times last: their entries would change the times, and inherit the rest. */
static void finish_directory(struct place *place, struct node *node) {
  const struct inode *inode = node->inode;
  int fd = place_open(place, node);
  if ((inode->uid != 0 || inode->gid != 0) && fchown(fd, inode->uid, inode->gid) != 0) fail_errno("chown", node->name);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    if (fsetxattr(fd, x->name, x->value, x->value_length, 0) != 0) xattr_failed(place->root, x->name);
  }
  if ((node->flags & NODE_OPAQUE) && fsetxattr(fd, opaque_xattr, "y", 1, 0) != 0) fail_errno("setxattr", opaque_xattr);
  if (inode->mode != 0755 && fchmod(fd, inode->mode) != 0) fail_errno("chmod", node->name);
  struct timespec times[2];
  times_of(inode, times);
  if (futimens(fd, times) != 0) fail_errno("utimes", node->name);
}

void extract(struct tree *tree, struct frame *frame, int root) {
  struct place place = {.tree = tree, .frame = frame, .root = root};
  struct tar tar;
  tar_open(&tar, frame);
  for (struct tar_entry *entry; (entry = tar_next(&tar)) != NULL;) {
    struct parts parts;
    char *name = strdup(entry->name);
    if (name == NULL) fail(FAIL_LIMIT, "no memory");
    if (!parts_of(name, &parts)) fail(FAIL_INVALID, "%s is outside of the layer", entry->name);
    apply(&place, &tar, &parts);
    parts_free(&parts);
    free(name);
  }
  tree_number(tree);
  for (size_t i = tree->count; i-- > 0;) {
    if (tree->order[i]->inode->type == NODE_DIRECTORY) finish_directory(&place, tree->order[i]);
  }
  place_close(&place);
}
