#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "report.h"

enum { XATTR_NAMES = 65536, XATTR_VALUE = 65536 };

/* Inodes with more than one name, found again by their number (one file system: a mount is not entered). */
struct seen {
  ino_t number;
  struct inode *inode;
};
static struct seen *seen;
static size_t seen_count, seen_room;

static struct inode **remember(ino_t number) {
  if (seen_count * 2 >= seen_room) {
    size_t room = seen_room == 0 ? 256 : seen_room * 2;
    struct seen *grown = calloc(room, sizeof *grown);
    if (grown == NULL) fail(FAIL_LIMIT, "no memory");
    for (size_t i = 0; i < seen_room; i++) {
      if (seen[i].inode == NULL) continue;
      size_t at = seen[i].number & (room - 1);
      while (grown[at].inode != NULL) at = (at + 1) & (room - 1);
      grown[at] = seen[i];
    }
    free(seen);
    seen = grown;
    seen_room = room;
  }
  size_t at = number & (seen_room - 1);
  while (seen[at].inode != NULL && seen[at].number != number) at = (at + 1) & (seen_room - 1);
  if (seen[at].inode == NULL) {
    seen[at].number = number;
    seen_count++;
  }
  return &seen[at].inode;
}

static enum node_type type_of(const struct stat *status) {
  switch (status->st_mode & S_IFMT) {
    case S_IFDIR: return NODE_DIRECTORY;
    case S_IFLNK: return NODE_SYMLINK;
    case S_IFCHR: return status->st_rdev == 0 ? NODE_WHITEOUT : NODE_CHAR;
    case S_IFBLK: return NODE_BLOCK;
    case S_IFIFO: return NODE_FIFO;
    case S_IFSOCK: return NODE_SOCKET;
    default: return NODE_FILE;
  }
}

static void set_status(struct inode *inode, const struct stat *status) {
  inode->mode = (uint16_t)(status->st_mode & 07777);
  inode->uid = status->st_uid;
  inode->gid = status->st_gid;
  inode->mtime = status->st_mtim.tv_sec;
  inode->mtime_ns = (uint32_t)status->st_mtim.tv_nsec;
  inode->size = S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0;
  inode->major = major(status->st_rdev);
  inode->minor = minor(status->st_rdev);
}

static void add_xattrs(struct node *node, const char *names, ssize_t length, int directory) {
  static uint8_t value[XATTR_VALUE];
  struct xattr **place = &node->inode->xattrs;
  for (const char *name = names; name < names + length; name += strlen(name) + 1) {
    if (strncmp(name, "trusted.overlay.", 16) == 0) {
      bool opaque = directory >= 0 && strcmp(name, "trusted.overlay.opaque") == 0 &&
                    fgetxattr(directory, name, value, sizeof value) == 1 && value[0] == 'y';
      if (opaque) node->flags |= NODE_OPAQUE;
      continue;
    }
    ssize_t size = directory >= 0 ? fgetxattr(directory, name, value, sizeof value)
                                  : lgetxattr(node->name, name, value, sizeof value);
    if (size < 0) continue; /* gone since, or not readable: the container is alive */
    struct xattr *x = keep(sizeof *x + strlen(name) + 1);
    strcpy(x->name, name);
    x->value = keep_copy(value, (size_t)size);
    x->value_length = (size_t)size;
    *place = x;
    place = &x->next;
  }
}

static void add_entry(struct tree *tree, struct node *parent, int directory, const char *name) {
  static char names[XATTR_NAMES], target[PATH_LIMIT + 2];
  struct stat status;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return; /* gone since */
  enum node_type type = type_of(&status);
  struct inode *fresh = NULL, **shared = &fresh;
  if (type != NODE_DIRECTORY && type != NODE_WHITEOUT && status.st_nlink > 1) shared = remember(status.st_ino);
  bool known = *shared != NULL;
  if (!known) *shared = inode_new(type);
  struct node *node = tree_add(tree, parent, name, strlen(name), *shared);
  if (known || type == NODE_WHITEOUT) return;
  set_status(node->inode, &status);
  if (type == NODE_SYMLINK) {
    ssize_t length = readlinkat(directory, name, target, sizeof target - 1);
    node->inode->target = keep_copy(target, length > 0 ? (size_t)length : 0);
  }
  if (type == NODE_DIRECTORY) return; /* its xattrs are read when it is opened */
  ssize_t length = llistxattr(node->name, names, sizeof names);
  if (length > 0) add_xattrs(node, names, length, -1);
}

static void read_directory(struct tree *tree, struct node *node, int fd) {
  static char names[XATTR_NAMES];
  ssize_t length = flistxattr(fd, names, sizeof names);
  if (length > 0) add_xattrs(node, names, length, fd);
  if (fchdir(fd) != 0) fail_errno("chdir", node->name);
  DIR *stream = fdopendir(fd);
  if (stream == NULL) fail_errno("readdir", node->name);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    add_entry(tree, node, fd, entry->d_name);
  }
  closedir(stream);
}

/* Directories still to be read: a tree may be deeper than any stack, so there is no recursion. */
void walk(struct tree *tree, int root) {
  struct stat status;
  free(seen);
  seen = NULL;
  seen_count = seen_room = 0;
  if (fstat(root, &status) != 0) fail_errno("stat", NULL);
  set_status(tree->root->inode, &status);
  size_t room = 1024, count = 0;
  struct node **pending = malloc(room * sizeof *pending);
  if (pending == NULL) fail(FAIL_LIMIT, "no memory");
  pending[count++] = tree->root;
  char path[PATH_LIMIT + 1];
  while (count > 0) {
    struct node *node = pending[--count];
    node_path(node, path);
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
    int fd = (int)syscall(SYS_openat2, root, path[0] != 0 ? path : ".", &how, sizeof how);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) continue; /* gone since */
    if (fd < 0) fail_errno("open", path);
    read_directory(tree, node, fd);
    for (struct node *child = node->children; child != NULL; child = child->sibling) {
      if (child->inode->type != NODE_DIRECTORY) continue;
      if (count == room) {
        room *= 2;
        pending = realloc(pending, room * sizeof *pending);
        if (pending == NULL) fail(FAIL_LIMIT, "no memory");
      }
      pending[count++] = child;
    }
  }
  free(pending);
  tree_number(tree);
}
