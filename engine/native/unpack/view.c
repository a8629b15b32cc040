#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

enum { NAMESPACE_FD = 4, OPTION_BYTES = 4096 };

static int clone_tree(const char *path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE_FLAG | O_CLOEXEC | (recursive ? AT_RECURSIVE_FLAG : 0);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, flags);
  if (tree < 0) fail_errno("open_tree", path);
  return tree;
}

static void own_namespaces(void) {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) fail_errno("unshare", NULL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail_errno("making mounts private", NULL);
}

/* Paths go by names of descriptors: short enough for 127 of them, and free of what separates them. */
static void add_path(char *options, size_t *used, const char *before, const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail_errno("open", path);
  int length = snprintf(options + *used, OPTION_BYTES - *used, "%s/proc/self/fd/%d", before, fd);
  if (length < 0 || *used + (size_t)length >= OPTION_BYTES) fail(FAIL_LIMIT, "the image has too many layers");
  *used += (size_t)length;
}

static int overlay_tree(const struct plan *plan) {
  /* As the running container has it: what is read from the upper directory must stay plain. */
  char options[OPTION_BYTES] = "index=off,redirect_dir=off,metacopy=off";
  size_t used = strlen(options);
  for (size_t i = 0; i < plan->lower_count; i++) {
    add_path(options, &used, i == 0 ? ",lowerdir=" : ":", plan->lower[i]);
  }
  if (plan->upper != NULL) {
    add_path(options, &used, ",upperdir=", plan->upper);
    add_path(options, &used, ",workdir=", plan->work);
  }
  if (mount("overlay", plan->target, "overlay", 0, options) != 0) fail_errno("mounting the layers", NULL);
  return clone_tree(plan->target, false);
}

static void set_attributes(int tree, unsigned flags, uint64_t set) {
  struct mount_attributes attributes = {.set = set};
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes) != 0) {
    fail_errno("mount_setattr", NULL);
  }
}

/* The tree becomes the root; it is stacked on the old one, which is then let go. */
static void become_root(int tree) {
  if (chdir("/") != 0) fail_errno("chdir", NULL);
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_FROM_FD) != 0) fail_errno("move_mount", NULL);
  if (fchdir(tree) != 0) fail_errno("chdir", NULL);
  if (syscall(SYS_pivot_root, ".", ".") != 0) fail_errno("pivot_root", NULL);
  if (umount2(".", MNT_DETACH) != 0) fail_errno("umount", NULL);
  if (chdir("/") != 0) fail_errno("chdir", NULL);
}

static int in_root(const char *path, int flags) {
  struct open_how how = {.flags = (uint64_t)(flags | O_PATH | O_CLOEXEC),
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* Opens where a volume is mounted; makes it where the image has it not. */
static int mount_point(const char *path, bool directory) {
  int fd = in_root(path, 0);
  if (fd >= 0 || errno != ENOENT) return fd;
  char *copy = strdup(path);
  if (copy == NULL) fail(FAIL_LIMIT, "no memory");
  for (char *slash = copy; slash != NULL;) {
    while (*slash == '/') slash++;
    char *name = slash;
    slash = strchr(slash, '/');
    if (slash != NULL) *slash = 0;
    int there = in_root(copy, 0);
    if (there < 0 && errno == ENOENT) {
      char kept = *name;
      *name = 0;
      int parent = in_root(*copy != 0 ? copy : "/", O_DIRECTORY);
      *name = kept;
      if (parent < 0) fail_errno("open", path);
      int made = slash == NULL && !directory ? mknodat(parent, name, S_IFREG | 0755, 0) : mkdirat(parent, name, 0755);
      if (made != 0 && errno != EEXIST) fail_errno("making a mount point", path);
      close(parent);
    } else if (there >= 0) {
      close(there);
    }
    if (slash != NULL) *slash = '/';
  }
  free(copy);
  return in_root(path, 0);
}

static void attach(int tree, const struct plan_mount *mount) {
  struct stat status;
  if (fstat(tree, &status) != 0) fail_errno("stat", mount->source);
  int point = mount_point(mount->target, S_ISDIR(status.st_mode));
  if (point < 0) fail_errno("open", mount->target);
  if (syscall(SYS_move_mount, tree, "", point, "", MOVE_MOUNT_FROM_FD | MOVE_MOUNT_TO_FD) != 0) {
    fail_errno("mounting", mount->target);
  }
  if (mount->read_only) set_attributes(tree, AT_RECURSIVE_FLAG, ATTR_RDONLY);
  close(point);
  close(tree);
}

static void enter_stopped(const struct plan *plan) {
  own_namespaces();
  int root = plan->root != NULL ? clone_tree(plan->root, false) : overlay_tree(plan);
  int *trees = calloc(plan->mount_count + 1, sizeof *trees);
  if (trees == NULL) fail(FAIL_LIMIT, "no memory");
  for (size_t i = 0; i < plan->mount_count; i++) trees[i] = clone_tree(plan->mounts[i].source, true);
  become_root(root);
  for (size_t i = 0; i < plan->mount_count; i++) attach(trees[i], &plan->mounts[i]);
  free(trees);
  if (plan->read_only) set_attributes(root, 0, ATTR_RDONLY);
}

static void enter_running(const struct plan *plan) {
  if (setns(NAMESPACE_FD, CLONE_NEWNS) != 0) fail_errno("entering the container", NULL);
  own_namespaces();
  become_root(clone_tree("/", !plan->bare));
}

void view_enter(const struct plan *plan, enum confine_kind kind) {
  umask(0);
  if (plan->joined) enter_running(plan);
  else enter_stopped(plan);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail_errno("open", "/");
  /* No device opens and no bit of ours counts; what is read cannot be written either. */
  set_attributes(root, AT_RECURSIVE_FLAG,
                 ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC | (kind == CONFINE_CONTAINER_READ ? ATTR_RDONLY : 0));
  const int none[] = {-1};
  confine_descriptors(none);
}
