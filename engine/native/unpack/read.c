#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"
#include "tree.h"

enum { COPY_BYTES = 256 * 1024 };

/* Reads exactly `length` bytes of what is asked; false when the asker has gone. */
static bool asked(void *out, size_t length) {
  uint8_t *to = out;
  while (length > 0) {
    ssize_t got = read(STDIN_FILENO, to, length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading what is asked", NULL);
    if (got == 0) return false;
    to += got;
    length -= (size_t)got;
  }
  return true;
}

static int open_asked(int root) {
  char path[PATH_LIMIT + 1];
  for (size_t at = 0;; at++) {
    if (at == sizeof path) fail(FAIL_MISSING, "file name too long");
    if (!asked(path + at, 1)) fail(FAIL_INTERNAL, "no path was asked for");
    if (path[at] == 0) break;
  }
  /* A pipe that stands there must not hold us up; devices do not open on this mount. */
  struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
  int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) fail(FAIL_MISSING, "%s: no such file", path);
  report_line("{\"opened\":{\"sizeBytes\":%lld,\"mtimeSeconds\":%lld,\"mtimeNanoseconds\":%ld}}",
              (long long)status.st_size, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  return fd;
}

static void copy(int fd, uint64_t offset, uint64_t length) {
  static uint8_t buffer[COPY_BYTES];
  while (length > 0) {
    size_t take = length < sizeof buffer ? (size_t)length : sizeof buffer;
    ssize_t got = pread(fd, buffer, take, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading", NULL);
    if (got == 0) fail(FAIL_INVALID, "the file has become shorter");
    offset += (uint64_t)got;
    length -= (uint64_t)got;
    for (ssize_t done = 0; done < got;) {
      ssize_t written = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_errno("writing", NULL);
      done += written;
    }
  }
}

void read_file(int root) {
  int fd = open_asked(root);
  uint64_t range[2];
  if (asked(range, sizeof range)) copy(fd, range[0], range[1]);
  report_line("{\"result\":{}}");
}
