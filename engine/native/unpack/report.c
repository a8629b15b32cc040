#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_flag told = ATOMIC_FLAG_INIT;

static void write_all(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(REPORT_FD, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return; /* The engine is gone: nobody is left to be told. */
    bytes += written;
    length -= (size_t)written;
  }
}

/* JSON text of a message that may hold bytes of a hostile name: everything but printable ASCII is escaped. */
static size_t escape(char *out, size_t size, const char *text) {
  size_t used = 0;
  for (const unsigned char *p = (const unsigned char *)text; *p != 0 && used + 8 < size; p++) {
    if (*p == '"' || *p == '\\') {
      out[used++] = '\\';
      out[used++] = (char)*p;
    } else if (*p >= 0x20 && *p < 0x7f) {
      out[used++] = (char)*p;
    } else {
      used += (size_t)snprintf(out + used, size - used, "\\u%04x", *p);
    }
  }
  out[used] = 0;
  return used;
}

_Noreturn void fail(enum fail_kind kind, const char *format, ...) {
  static const char *const names[] = {"truncated", "invalid", "space", "limit", "internal", "missing",
                                      "refused",   "read-only"};
  if (atomic_flag_test_and_set(&told)) {
    for (;;) pause(); /* Another thread is telling its error and ends the process. */
  }
  char message[1024], escaped[4096], line[4352];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  escape(escaped, sizeof escaped, message);
  int length = snprintf(line, sizeof line, "{\"error\":{\"kind\":\"%s\",\"message\":\"%s\"}}\n", names[kind], escaped);
  write_all(line, (size_t)length);
  _exit(1);
}

_Noreturn void fail_errno(const char *what, const char *path) {
  int number = errno;
  enum fail_kind kind = FAIL_INTERNAL;
  switch (number) {
    case ENOSPC:
    case EDQUOT: kind = FAIL_SPACE; break;
    case ENOMEM: kind = FAIL_LIMIT; break;
    /* What a kernel says to names, owners, sizes and links that no file system can hold. */
    case ENAMETOOLONG:
    case EINVAL:
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
    case EFBIG:
    case E2BIG:
    case ERANGE:
    case EMLINK:
    case EOVERFLOW: kind = FAIL_INVALID; break;
    default: break;
  }
  /* Docker's clients know these sentences without a capital, as Go writes them. */
  char words[128];
  snprintf(words, sizeof words, "%s", strerror(number));
  words[0] = (char)tolower((unsigned char)words[0]);
  if (path != NULL) fail(kind, "%s %s: %s", what, path, words);
  fail(kind, "%s: %s", what, words);
}

void report_progress(uint64_t blob_bytes, uint64_t tar_bytes) {
  report_line("{\"progress\":{\"blobBytes\":%llu,\"tarBytes\":%llu}}", (unsigned long long)blob_bytes,
              (unsigned long long)tar_bytes);
}

void report_stat(const struct stat *status, const char *link_target) {
  char escaped[4096 * 6 + 8], line[sizeof escaped + 256];
  escape(escaped, sizeof escaped, link_target);
  int length = snprintf(line, sizeof line,
                        "{\"stat\":{\"mode\":%u,\"uid\":%u,\"gid\":%u,\"sizeBytes\":%lld,"
                        "\"mtimeSeconds\":%lld,\"mtimeNanoseconds\":%ld,\"linkTarget\":\"%s\"}}\n",
                        status->st_mode, status->st_uid, status->st_gid, (long long)status->st_size, (long long)status->st_mtim.tv_sec,
                        status->st_mtim.tv_nsec, escaped);
  write_all(line, (size_t)length);
}

void report_line(const char *format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof line - 1) length = (int)sizeof line - 2;
  line[length++] = '\n';
  write_all(line, (size_t)length);
}
