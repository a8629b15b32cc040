#include "pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "report.h"
#include "tar_write.h"
#include "tree.h"

enum { XATTR_NAMES = 65536, XATTR_VALUE = 65536, COPY_BYTES = 256 * 1024, ARCHIVE_PATH = 2 * PATH_LIMIT };

/* A directory on the way down: its names that are still to be packed. */
struct level {
  char **names;
  size_t count, next;
  size_t path_length, name_length; /* of its own path and its name in the archive */
  int fd;
  const struct node *node; /* of options->only_nodes */
};

static struct {
  const struct pack_options *options;
  struct level *levels;
  size_t depth, room;
  char path[PATH_LIMIT + 1];  /* on disk, from the directory that was asked for */
  char name[ARCHIVE_PATH + 1]; /* in the archive */
  int top;
} packing;

/* First names of files that have more than one, by device and number. */
struct first_name {
  dev_t device;
  ino_t number;
  char *name;
};
static struct first_name *first_names;
static size_t first_count, first_room;

static struct first_name *first_name_of(const struct stat *status) {
  if (first_count * 2 >= first_room) {
    size_t room = first_room == 0 ? 256 : first_room * 2;
    struct first_name *grown = calloc(room, sizeof *grown);
    if (grown == NULL) fail(FAIL_LIMIT, "no memory");
    for (size_t i = 0; i < first_room; i++) {
      if (first_names[i].name == NULL) continue;
      size_t at = first_names[i].number & (room - 1);
      while (grown[at].name != NULL) at = (at + 1) & (room - 1);
      grown[at] = first_names[i];
    }
    free(first_names);
    first_names = grown;
    first_room = room;
  }
  size_t at = status->st_ino & (first_room - 1);
  while (first_names[at].name != NULL &&
         (first_names[at].number != status->st_ino || first_names[at].device != status->st_dev)) {
    at = (at + 1) & (first_room - 1);
  }
  return &first_names[at];
}

/* Capabilities and what users set; overlay's and the security modules' own words are not the file's. */
static bool carried(const char *name) {
  return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0;
}

static struct xattr *read_xattrs(int fd) {
  static char names[XATTR_NAMES];
  static uint8_t value[XATTR_VALUE];
  struct xattr *first = NULL, **place = &first;
  ssize_t length = flistxattr(fd, names, sizeof names);
  for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
    if (!carried(name)) continue;
    ssize_t size = fgetxattr(fd, name, value, sizeof value);
    if (size < 0) continue; /* gone since */
    struct xattr *x = malloc(sizeof *x + strlen(name) + 1);
    if (x == NULL || (x->value = malloc((size_t)size + 1)) == NULL) fail(FAIL_LIMIT, "no memory");
    strcpy(x->name, name);
    memcpy(x->value, value, (size_t)size);
    x->value_length = (size_t)size;
    x->next = NULL;
    *place = x;
    place = &x->next;
  }
  return first;
}

static void free_xattrs(struct xattr *x) {
  for (struct xattr *next; x != NULL; x = next) {
    next = x->next;
    free(x->value);
    free(x);
  }
}

static int open_below(int directory, const char *name, int flags) {
  struct open_how how = {.flags = (uint64_t)(O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | flags),
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

static void set_name(size_t length, const char *name) {
  size_t added = strlen(name);
  if (length + added + 1 > ARCHIVE_PATH) fail(FAIL_INVALID, "%.64s…: file name too long", name);
  memcpy(packing.name + length, name, added + 1);
}

/* Docker's archives count in seconds; a layer keeps the times that a later comparison looks at. */
static void write_entry(struct tar_out_entry *entry) {
  entry->exact_time = packing.options->layer;
  tar_write_entry(entry);
}

/* What the file had when it was opened is told and given, with zeros for what it lost meanwhile. */
static void write_contents(int fd, uint64_t size) {
  static uint8_t buffer[COPY_BYTES];
  for (uint64_t left = size; left > 0;) {
    size_t take = left < sizeof buffer ? (size_t)left : sizeof buffer;
    ssize_t got = read(fd, buffer, take);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading", packing.name);
    if (got == 0) {
      memset(buffer, 0, take);
      got = (ssize_t)take;
    }
    tar_write_data(buffer, (size_t)got);
    left -= (uint64_t)got;
  }
  tar_write_padding(size);
}

static void pack_file(int directory, const char *name, const struct stat *seen) {
  int fd = open_below(directory, name, 0);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (fd >= 0) close(fd);
    return; /* gone or exchanged since */
  }
  struct first_name *first = seen->st_nlink > 1 ? first_name_of(&status) : NULL;
  struct tar_out_entry entry = {.name = packing.name, .type = '0', .status = status};
  if (first != NULL && first->name != NULL) {
    entry.type = '1';
    entry.link = first->name;
    write_entry(&entry);
  } else {
    if (first != NULL) {
      *first = (struct first_name){status.st_dev, status.st_ino, strdup(packing.name)};
      if (first->name == NULL) fail(FAIL_LIMIT, "no memory");
      first_count++;
    }
    struct xattr *xattrs = read_xattrs(fd);
    entry.xattrs = xattrs;
    entry.size = (uint64_t)status.st_size;
    write_entry(&entry);
    free_xattrs(xattrs);
    write_contents(fd, entry.size);
  }
  close(fd);
}

static void pack_whiteout(size_t name_length, const char *prefix, const char *name, const struct stat *status) {
  struct tar_out_entry entry = {.name = packing.name, .type = '0', .status = *status};
  entry.status.st_mode = S_IFREG | 0600;
  set_name(name_length, prefix);
  set_name(name_length + strlen(prefix), name);
  write_entry(&entry);
}

static void pack_special(int directory, const char *name, const struct stat *status, size_t name_length) {
  static char target[PATH_LIMIT + 2];
  struct tar_out_entry entry = {.name = packing.name, .status = *status};
  switch (status->st_mode & S_IFMT) {
    case S_IFLNK: {
      ssize_t length = readlinkat(directory, name, target, sizeof target - 1);
      if (length < 0) return; /* gone since */
      target[length] = 0;
      entry.type = '2';
      entry.link = target;
      break;
    }
    case S_IFCHR:
      if (status->st_rdev == 0) {
        if (packing.options->layer) pack_whiteout(name_length, ".wh.", name, status);
        return;
      }
      entry.type = '3';
      break;
    case S_IFBLK: entry.type = '4'; break;
    case S_IFIFO: entry.type = '6'; break;
    default: return; /* a socket: no archive can hold one */
  }
  write_entry(&entry);
}

static int by_name(const void *left, const void *right) {
  return strcmp(*(char *const *)left, *(char *const *)right);
}

static void take_name(struct level *level, size_t *room, const char *name) {
  if (level->count == *room) {
    *room = *room == 0 ? 64 : *room * 2;
    level->names = realloc(level->names, *room * sizeof *level->names);
    if (level->names == NULL) fail(FAIL_LIMIT, "no memory");
  }
  if ((level->names[level->count++] = strdup(name)) == NULL) fail(FAIL_LIMIT, "no memory");
}

/* The names that a reduced tree has here; its whiteouts are written at once, since nothing of them lies on disk. */
static void node_names(struct level *level) {
  size_t room = 0;
  struct stat removed = {.st_mode = S_IFREG | 0600};
  for (const struct node *child = level->node->children; child != NULL; child = child->sibling) {
    if (child->inode->type == NODE_WHITEOUT) pack_whiteout(level->name_length, ".wh.", child->name, &removed);
    else take_name(level, &room, child->name);
  }
  if (level->count > 1) qsort(level->names, level->count, sizeof *level->names, by_name);
}

static void read_names(struct level *level) {
  int copy = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
  if (stream == NULL) fail_errno("readdir", packing.name);
  size_t room = 0;
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    take_name(level, &room, entry->d_name);
  }
  closedir(stream);
  if (level->count > 1) qsort(level->names, level->count, sizeof *level->names, by_name);
}

static bool opaque(int fd) {
  char value;
  return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* Goes down into an open directory, whose name in the archive stands in packing.name and ends with a slash. */
static void descend(int fd, size_t path_length, const struct node *node) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail_errno("stat", packing.name);
  if (packing.depth == packing.room) {
    packing.room = packing.room == 0 ? 16 : packing.room * 2;
    packing.levels = realloc(packing.levels, packing.room * sizeof *packing.levels);
    if (packing.levels == NULL) fail(FAIL_LIMIT, "no memory");
  }
  struct level *level = &packing.levels[packing.depth++];
  *level = (struct level){.path_length = path_length, .name_length = strlen(packing.name), .fd = fd, .node = node};
  if (packing.depth > 1 || !packing.options->without_root) {
    struct xattr *xattrs = read_xattrs(fd);
    struct tar_out_entry entry = {.name = packing.name, .type = '5', .status = status, .xattrs = xattrs};
    write_entry(&entry);
    free_xattrs(xattrs);
  }
  if (packing.options->layer && opaque(fd)) pack_whiteout(level->name_length, ".wh..wh..opq", "", &status);
  if (node != NULL) node_names(level);
  else read_names(level);
}

static void pack_entry(int directory, const char *name, size_t path_length, size_t name_length,
                       const struct node *parent) {
  struct stat status;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return; /* gone since */
  if (S_ISREG(status.st_mode)) {
    pack_file(directory, name, &status);
  } else if (S_ISDIR(status.st_mode)) {
    int fd = open_below(directory, name, O_DIRECTORY);
    if (fd < 0) return;
    size_t length = path_length + (path_length > 0) + strlen(name);
    if (length > PATH_LIMIT) fail(FAIL_INVALID, "%.64s…: file name too long", name);
    if (path_length > 0) packing.path[path_length++] = '/';
    strcpy(packing.path + path_length, name);
    set_name(strlen(packing.name), "/");
    const struct tree *tree = packing.options->only_nodes;
    descend(fd, length, tree != NULL ? tree_child(tree, parent, name, strlen(name)) : NULL);
  } else {
    pack_special(directory, name, &status, name_length);
  }
}

/* Few descriptors are held, however deep it goes: the directories near the root are closed on the way down. */
static int reopened(struct level *level) {
  if (level->fd >= 0) return level->fd;
  char kept = packing.path[level->path_length];
  packing.path[level->path_length] = 0;
  level->fd = open_below(packing.top, level->path_length > 0 ? packing.path : ".", O_DIRECTORY);
  packing.path[level->path_length] = kept;
  return level->fd;
}

static void walk_levels(void) {
  enum { HELD = 16 };
  while (packing.depth > 0) {
    struct level *level = &packing.levels[packing.depth - 1];
    if (packing.depth > HELD && packing.levels[packing.depth - 1 - HELD].fd >= 0) {
      close(packing.levels[packing.depth - 1 - HELD].fd);
      packing.levels[packing.depth - 1 - HELD].fd = -1;
    }
    if (level->next == level->count || reopened(level) < 0) {
      while (level->next < level->count) free(level->names[level->next++]); /* gone since */
      if (level->fd >= 0) close(level->fd);
      free(level->names);
      packing.depth--;
      continue;
    }
    char *name = level->names[level->next++];
    size_t path_length = level->path_length, name_length = level->name_length;
    set_name(name_length, name);
    pack_entry(level->fd, name, path_length, name_length, level->node); /* may move the levels */
    free(name);
  }
}

void pack(const struct pack_options *options) {
  packing.options = options;
  struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  packing.top = (int)syscall(SYS_openat2, options->root, options->directory, &how, sizeof how);
  if (packing.top < 0) fail(FAIL_MISSING, "%s: %s", options->directory, strerror(errno));
  set_name(0, options->name);
  if (options->only != NULL) {
    pack_entry(packing.top, options->only, 0, 0, NULL);
  } else {
    int copy = openat(packing.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) fail_errno("open", options->directory);
    if (options->name[0] != 0 && options->name[strlen(options->name) - 1] != '/') set_name(strlen(options->name), "/");
    descend(copy, 0, options->only_nodes != NULL ? options->only_nodes->root : NULL);
  }
  walk_levels();
  tar_write_end();
}
