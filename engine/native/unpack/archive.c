#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pack.h"
#include "report.h"
#include "tree.h"

/* The root is the container's: a link cannot lead out of it, but one of /proc would lead past the mounts. */
static int open_path(int root, const char *path, int flags) {
  struct open_how how = {.flags = (uint64_t)(flags | O_PATH | O_CLOEXEC), .resolve = RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* Where a link leads, as far as there is something: every link followed, what is missing kept as it is written. */
static void full_target(const char *path, char out[PATH_LIMIT + 1]) {
  char rest[PATH_LIMIT + 1], link[PATH_LIMIT + 1], joined[2 * PATH_LIMIT + 2];
  size_t length = 0;
  int hops = 0;
  strncpy(rest, path, PATH_LIMIT);
  rest[PATH_LIMIT] = out[0] = 0;
  while (rest[0] != 0) {
    char *start = rest + strspn(rest, "/");
    size_t part = strcspn(start, "/");
    char *behind = start + part;
    if (part == 0) break;
    if (part == 2 && start[0] == '.' && start[1] == '.') {
      while (length > 0 && out[--length] != '/') continue;
      out[length] = 0;
    } else if (!(part == 1 && start[0] == '.')) {
      if (length + part + 1 > PATH_LIMIT) break;
      out[length] = '/';
      memcpy(out + length + 1, start, part);
      out[length + 1 + part] = 0;
      ssize_t got = ++hops < 256 ? readlinkat(AT_FDCWD, out, link, PATH_LIMIT) : -1;
      if (got >= 0) {
        link[got] = 0;
        strcpy(joined, link);
        strcat(joined, behind);
        if (strlen(joined) > PATH_LIMIT) break;
        if (link[0] == '/') length = 0;
        out[length] = 0;
        strcpy(rest, joined);
        continue;
      }
      length += 1 + part;
    }
    memmove(rest, behind, strlen(behind) + 1);
  }
  if (length == 0) strcpy(out, "/");
}

static void tell_status(const char *path, const struct stat *status) {
  char target[PATH_LIMIT + 1] = "";
  if (S_ISLNK(status->st_mode)) full_target(path, target);
  report_stat(status, target);
}

void archive_read(const struct plan *plan) {
  int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail_errno("open", "/");
  int fd = open_path(root, plan->path, O_NOFOLLOW);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) fail(FAIL_MISSING, "%s", plan->path);
    fail_errno("lstat", plan->path);
  }
  close(fd);
  tell_status(plan->path, &status);
  if (plan->stat_only) return;
  if (S_ISDIR(status.st_mode)) {
    pack(&(struct pack_options){.root = root, .directory = plan->path, .name = plan->name});
    return;
  }
  char *directory = strdup(plan->path);
  char *last = directory != NULL ? strrchr(directory, '/') : NULL;
  if (last == NULL) fail(FAIL_INTERNAL, "the path is not absolute");
  char *only = strdup(last + 1);
  last[1] = 0;
  pack(&(struct pack_options){.root = root, .directory = directory, .name = plan->name, .only = only});
  free(only);
  free(directory);
}
