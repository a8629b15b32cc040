#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "archive.h"
#include "frame.h"
#include "place.h"
#include "remove.h"
#include "report.h"
#include "source.h"
#include "tar.h"

/*
 * A live file system is written to: anything may be exchanged at any moment. What keeps us inside is that the root is
 * the container's; what keeps an archive inside its destination is Docker's rule that no link in it leads out of there.
 */

/* Directories get their times last: their entries would change them. */
struct dated {
  struct dated *next;
  struct timespec time;
  char path[];
};

static struct {
  const struct plan *plan;
  int destination;
  struct dated *directories;
} putting;

static int open_from(int directory, const char *path, int flags) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static void open_destination(void) {
  const char *path = putting.plan->path;
  putting.destination = open_from(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (putting.destination < 0 && errno == ENOTDIR) fail(FAIL_REFUSED, "extraction point is not a directory");
  if (putting.destination < 0 && errno == ENOENT) fail(FAIL_MISSING, "%s", path);
  if (putting.destination < 0) fail_errno("open", path);
  struct statvfs space;
  if (fstatvfs(putting.destination, &space) != 0) fail_errno("statvfs", path);
  if ((space.f_flag & ST_RDONLY) == 0) return;
  struct statx here, root;
  bool known = statx(putting.destination, "", AT_EMPTY_PATH, STATX_MNT_ID, &here) == 0 &&
               statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) == 0;
  bool same = known && here.stx_mnt_id == root.stx_mnt_id;
  fail(FAIL_READ_ONLY, same ? "container rootfs is marked read-only" : "mounted volume is marked read-only");
}

/* The directory of the first `count` parts; missing ones are made, links of the container followed in it. */
static int open_parent(const struct parts *parts, size_t count) {
  int directory = fcntl(putting.destination, F_DUPFD_CLOEXEC, 0);
  if (directory < 0) fail_errno("open", putting.plan->path);
  for (size_t i = 0; i < count; i++) {
    const char *name = parts->items[i];
    int next = open_from(directory, name, O_RDONLY | O_DIRECTORY);
    if (next < 0 && errno == ENOENT) {
      if (mkdirat(directory, name, 0755) != 0 && errno != EEXIST) fail_errno("mkdir", name);
      next = open_from(directory, name, O_RDONLY | O_DIRECTORY);
    }
    if (next < 0) fail_errno("open", name);
    close(directory);
    directory = next;
  }
  return directory;
}

/* True when a link of the archive, at a place below the destination, leads out of the destination. */
static bool leads_out(const struct parts *parts, const char *link) {
  size_t depth = link[0] == '/' ? 0 : parts->count - 1;
  for (const char *part = link; *part != 0;) {
    size_t length = strcspn(part, "/");
    if (length == 2 && part[0] == '.' && part[1] == '.') {
      if (depth == 0) return link[0] != '/';
      depth--;
    } else if (length > 0 && !(length == 1 && part[0] == '.')) {
      depth++;
    }
    part += length;
    while (*part == '/') part++;
  }
  return false;
}

static void remove_existing(int parent, const char *name, const struct stat *status) {
  if (!S_ISDIR(status->st_mode)) {
    if (unlinkat(parent, name, 0) != 0 && errno != ENOENT) fail_errno("unlinkat", name);
    return;
  }
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) fail_errno("open", name);
  remove_contents(directory);
  close(directory);
  if (unlinkat(parent, name, AT_REMOVEDIR) != 0) fail_errno("unlinkat", name);
}

static void own(const struct tar_entry *entry, uid_t *uid, gid_t *gid) {
  const struct plan *plan = putting.plan;
  if (entry->uid > UINT32_MAX - 1 || entry->gid > UINT32_MAX - 1) fail(FAIL_INVALID, "%s: invalid owner", entry->name);
  *uid = plan->owned ? plan->uid : (uid_t)entry->uid;
  *gid = plan->owned ? plan->gid : (gid_t)entry->gid;
}

static struct timespec time_of(const struct tar_entry *entry) {
  return (struct timespec){.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns};
}

static void set_metadata(int fd, const struct tar_entry *entry, bool dated) {
  uid_t uid;
  gid_t gid;
  own(entry, &uid, &gid);
  if (fchown(fd, uid, gid) != 0) fail_errno("lchown", entry->name);
  for (const struct xattr *x = entry->xattrs; x != NULL; x = x->next) {
    if (fsetxattr(fd, x->name, x->value, x->value_length, 0) == 0) continue;
    if (errno != ENOTSUP && errno != EPERM) fail_errno("setxattr", x->name);
  }
  if (fchmod(fd, entry->mode) != 0) fail_errno("chmod", entry->name);
  struct timespec times[2] = {time_of(entry), time_of(entry)};
  if (dated && futimens(fd, times) != 0) fail_errno("utimes", entry->name);
}

static void write_file(struct tar *tar, int fd, uint64_t offset, uint64_t length) {
  while (length > 0) {
    const uint8_t *bytes;
    size_t count = tar_data(tar, length, &bytes);
    write_fully(fd, bytes, count, offset, tar->entry.name);
    offset += count;
    length -= count;
  }
}

static void put_file(struct tar *tar, int parent, const char *name) {
  const struct tar_entry *entry = &tar->entry;
  int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno("open", name);
  if (entry->extents == NULL) {
    write_file(tar, fd, 0, entry->size);
  } else {
    if (ftruncate(fd, (off_t)entry->size) != 0) fail_errno("truncate", name);
    for (size_t i = 0; i < entry->extent_count; i++) {
      write_file(tar, fd, entry->extents[i].offset, entry->extents[i].length);
    }
  }
  set_metadata(fd, entry, true);
  if (close(fd) != 0) fail_errno("close", name);
}

static void put_directory(const struct tar_entry *entry, int parent, const char *name, const char *path) {
  if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) fail_errno("mkdir", name);
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) fail_errno("open", name);
  set_metadata(fd, entry, false);
  close(fd);
  struct dated *dated = malloc(sizeof *dated + strlen(path) + 1);
  if (dated == NULL) fail(FAIL_LIMIT, "no memory");
  strcpy(dated->path, path);
  dated->time = time_of(entry);
  dated->next = putting.directories;
  putting.directories = dated;
}

static void put_special(const struct tar_entry *entry, int parent, const char *name) {
  static const mode_t types[] = {['3' - '0'] = S_IFCHR, ['4' - '0'] = S_IFBLK, ['6' - '0'] = S_IFIFO};
  uid_t uid;
  gid_t gid;
  own(entry, &uid, &gid);
  if (entry->type == '2') {
    if (symlinkat(entry->link, parent, name) != 0) fail_errno("symlink", name);
  } else {
    dev_t device = entry->type == '6' ? 0 : makedev((unsigned)entry->major, (unsigned)entry->minor);
    if (mknodat(parent, name, types[entry->type - '0'] | 0600, device) != 0) fail_errno("mknod", name);
  }
  if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("lchown", name);
  /* No more than the mode of what was just made: a name that is exchanged for a link cannot lead out either. */
  if (entry->type != '2' && fchmodat(parent, name, entry->mode, 0) != 0) fail_errno("chmod", name);
  struct timespec times[2] = {time_of(entry), time_of(entry)};
  if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("utimes", name);
}

static void put_link(const struct tar_entry *entry, int parent, const char *name) {
  char *text = strdup(entry->link);
  struct parts target;
  if (text == NULL) fail(FAIL_LIMIT, "no memory");
  if (!parts_of(text, &target) || target.count == 0) {
    fail(FAIL_INVALID, "invalid hardlink \"%s\" -> \"%s\"", entry->name, entry->link);
  }
  int from = open_parent(&target, target.count - 1);
  if (linkat(from, target.items[target.count - 1], parent, name, 0) != 0) fail_errno("link", name);
  close(from);
  parts_free(&target);
  free(text);
}

/* Docker's rule of kinds, and room for the new entry. */
static void replace(const struct tar_entry *entry, int parent, const char *name) {
  struct stat status;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  bool was_directory = S_ISDIR(status.st_mode), is_directory = entry->type == '5';
  if (putting.plan->keep_kinds && was_directory && !is_directory) {
    fail(FAIL_REFUSED, "cannot overwrite directory \"%s\" with non-directory \"%s\"", name, putting.plan->path);
  }
  if (putting.plan->keep_kinds && !was_directory && is_directory) {
    fail(FAIL_REFUSED, "cannot overwrite non-directory \"%s\" with directory \"%s\"", name, putting.plan->path);
  }
  if (!(was_directory && is_directory)) remove_existing(parent, name, &status);
}

static void put_entry(struct tar *tar, const struct parts *parts, const char *path) {
  const struct tar_entry *entry = &tar->entry;
  if (parts->count == 0) return; /* the destination itself stays as it is */
  const char *name = parts->items[parts->count - 1];
  if (entry->type == '2' && !putting.plan->any_links && leads_out(parts, entry->link)) {
    fail(FAIL_INVALID, "invalid symlink \"%s\" -> \"%s\"", entry->name, entry->link);
  }
  int parent = open_parent(parts, parts->count - 1);
  replace(entry, parent, name);
  if (entry->type == '0') put_file(tar, parent, name);
  else if (entry->type == '5') put_directory(entry, parent, name, path);
  else if (entry->type == '1') put_link(entry, parent, name);
  else put_special(entry, parent, name);
  close(parent);
}

static void date_directories(void) {
  for (struct dated *dated = putting.directories; dated != NULL; dated = dated->next) {
    int fd = open_from(putting.destination, dated->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct timespec times[2] = {dated->time, dated->time};
    if (fd >= 0) futimens(fd, times); /* gone or exchanged since, or not ours to date */
    if (fd >= 0) close(fd);
  }
}

static char *joined(const struct parts *parts) {
  size_t length = 1;
  for (size_t i = 0; i < parts->count; i++) length += strlen(parts->items[i]) + 1;
  char *path = malloc(length);
  if (path == NULL) fail(FAIL_LIMIT, "no memory");
  *path = 0;
  char *at = path;
  for (size_t i = 0; i < parts->count; i++) {
    if (i > 0) *at++ = '/';
    at = stpcpy(at, parts->items[i]);
  }
  return path;
}

void archive_write(const struct plan *plan) {
  putting.plan = plan;
  open_destination();
  struct tar tar;
  tar_open(&tar, NULL);
  for (struct tar_entry *entry; (entry = tar_next(&tar)) != NULL;) {
    char *name = strdup(entry->name);
    struct parts parts;
    if (name == NULL) fail(FAIL_LIMIT, "no memory");
    if (!parts_of(name, &parts)) fail(FAIL_INVALID, "\"%s\" is outside of \"%s\"", entry->name, plan->path);
    char *path = joined(&parts);
    put_entry(&tar, &parts, path);
    free(path);
    parts_free(&parts);
    free(name);
  }
  date_directories();
}
