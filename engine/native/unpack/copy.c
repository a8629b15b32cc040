#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "frame.h"
#include "remove.h"
#include "report.h"
#include "tree.h"
#include "walk.h"

enum { COPY_BYTES = 256 * 1024 };

static int from_root, to_root;

static int open_path(int root, const char *path, int flags) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  int fd = (int)syscall(SYS_openat2, root, path[0] != 0 ? path : ".", &how, sizeof how);
  if (fd < 0) fail_errno("open", path);
  return fd;
}

/* The directory of the copy that a node lies in; the caller closes it. */
static int open_parent(const struct node *node) {
  char path[PATH_LIMIT + 1];
  node_path(node->parent, path);
  return open_path(to_root, path, O_RDONLY | O_DIRECTORY);
}

static void clear(int parent, const struct node *node, bool keep_directory) {
  struct stat status;
  if (fstatat(parent, node->name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (!S_ISDIR(status.st_mode)) {
    if (unlinkat(parent, node->name, 0) != 0) fail_errno("unlink", node->name);
    return;
  }
  if (keep_directory && !(node->flags & NODE_OPAQUE)) return;
  int directory = openat(parent, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) fail_errno("open", node->name);
  remove_contents(directory);
  close(directory);
  if (!keep_directory && unlinkat(parent, node->name, AT_REMOVEDIR) != 0) fail_errno("rmdir", node->name);
}

static void times_of(const struct inode *inode, struct timespec times[2]) {
  times[0] = times[1] = (struct timespec){.tv_sec = inode->mtime, .tv_nsec = inode->mtime_ns};
}

/* Owner first: chown takes setuid bits and capabilities away. */
static void set_metadata(int fd, const struct node *node) {
  const struct inode *inode = node->inode;
  if (fchown(fd, inode->uid, inode->gid) != 0) fail_errno("chown", node->name);
  for (const struct xattr *x = inode->xattrs; x != NULL; x = x->next) {
    if (fsetxattr(fd, x->name, x->value, x->value_length, 0) == 0) continue;
    if (errno != ENOTSUP && errno != EPERM) fail_errno("setxattr", x->name);
  }
  if (fchmod(fd, inode->mode) != 0) fail_errno("chmod", node->name);
  struct timespec times[2];
  times_of(inode, times);
  if (futimens(fd, times) != 0) fail_errno("utimes", node->name);
}

/* Holes stay holes: only what lies between them is copied. */
static void copy_contents(int from, int to, const struct node *node) {
  static uint8_t buffer[COPY_BYTES];
  if (ftruncate(to, (off_t)node->inode->size) != 0) fail_errno("truncate", node->name);
  for (off_t at = 0;;) {
    off_t start = lseek(from, at, SEEK_DATA);
    if (start < 0 && errno == ENXIO) return;
    off_t end = start < 0 ? -1 : lseek(from, start, SEEK_HOLE);
    if (end < 0) fail_errno("lseek", node->name);
    for (at = start; at < end;) {
      size_t take = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
      ssize_t got = pread(from, buffer, take, at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_errno("reading", node->name);
      if (got == 0) return;
      write_fully(to, buffer, (size_t)got, (uint64_t)at, node->name);
      at += got;
    }
  }
}

static void copy_file(const struct tree *tree, int parent, const struct node *node) {
  char path[PATH_LIMIT + 1];
  struct inode *inode = node->inode;
  if (inode->content != 0) { /* copied under another name, whose number is one less */
    node_path(tree->order[inode->content - 1], path);
    if (linkat(to_root, path, parent, node->name, 0) != 0) fail_errno("link", node->name);
    return;
  }
  inode->content = node->number + 1;
  node_path(node, path);
  int from = open_path(from_root, path, O_RDONLY | O_NONBLOCK);
  int to = openat(parent, node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0) fail_errno("create", node->name);
  copy_contents(from, to, node);
  set_metadata(to, node);
  close(from);
  if (close(to) != 0) fail_errno("close", node->name);
}

static void copy_special(int parent, const struct node *node) {
  static const mode_t types[] = {[NODE_CHAR] = S_IFCHR, [NODE_BLOCK] = S_IFBLK, [NODE_FIFO] = S_IFIFO};
  const struct inode *inode = node->inode;
  if (inode->type == NODE_SOCKET) return;
  if (inode->type == NODE_SYMLINK) {
    if (symlinkat(inode->target, parent, node->name) != 0) fail_errno("symlink", node->name);
  } else {
    dev_t device = inode->type == NODE_FIFO ? 0 : makedev(inode->major, inode->minor);
    if (mknodat(parent, node->name, types[inode->type] | 0600, device) != 0) fail_errno("mknod", node->name);
  }
  if (fchownat(parent, node->name, inode->uid, inode->gid, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("chown", node->name);
  if (inode->type != NODE_SYMLINK && fchmodat(parent, node->name, inode->mode, 0) != 0) fail_errno("chmod", node->name);
  struct timespec times[2];
  times_of(inode, times);
  if (utimensat(parent, node->name, times, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("utimes", node->name);
}

static void copy_node(const struct tree *tree, const struct node *node) {
  enum node_type type = node->inode->type;
  int parent = open_parent(node);
  clear(parent, node, type == NODE_DIRECTORY);
  if (type == NODE_DIRECTORY) {
    if (mkdirat(parent, node->name, 0755) != 0 && errno != EEXIST) fail_errno("mkdir", node->name);
  } else if (type == NODE_FILE) {
    copy_file(tree, parent, node);
  } else if (type != NODE_WHITEOUT) {
    copy_special(parent, node);
  }
  close(parent);
}

void copy_tree(int from, int to) {
  struct tree tree;
  from_root = from;
  to_root = to;
  tree_init(&tree, SIZE_MAX);
  walk(&tree, from);
  if (tree.root->flags & NODE_OPAQUE) remove_contents(to);
  for (size_t i = 1; i < tree.count; i++) copy_node(&tree, tree.order[i]);
  /* Directories last: their entries would change the times. */
  for (size_t i = tree.count; i-- > 0;) {
    const struct node *node = tree.order[i];
    if (node->inode->type != NODE_DIRECTORY) continue;
    char path[PATH_LIMIT + 1];
    node_path(node, path);
    int fd = open_path(to, path, O_RDONLY | O_DIRECTORY);
    set_metadata(fd, node);
    close(fd);
  }
}
