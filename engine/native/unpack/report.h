#ifndef BERTH_UNPACK_REPORT_H
#define BERTH_UNPACK_REPORT_H

#include <stdint.h>

/* What the engine is told on descriptor 3: one JSON object a line. The last line is a result or an error. */
enum { REPORT_FD = 3 };

enum fail_kind {
  FAIL_TRUNCATED, /* the input ended too early */
  FAIL_INVALID,   /* the input is not what it must be */
  FAIL_SPACE,     /* disk or quota full */
  FAIL_LIMIT,     /* a limit of bytes, entries or memory was reached */
  FAIL_INTERNAL,  /* the system refused something it should not have */
  FAIL_MISSING,   /* what was asked for is not there */
  FAIL_REFUSED,   /* what lies there may not be replaced so */
  FAIL_READ_ONLY, /* nothing may be written there */
};

/* Tells the error and ends the process, from any thread; only the first caller's error is told. */
_Noreturn void fail(enum fail_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a failed system call: errno decides the kind. `path` may be NULL. */
_Noreturn void fail_errno(const char *what, const char *path);

/* {"progress":{"blobBytes":…,"tarBytes":…}} */
void report_progress(uint64_t blob_bytes, uint64_t tar_bytes);

/* {"stat":{…}}: what docker cp is told of a path. */
struct stat;
void report_stat(const struct stat *status, const char *link_target);

/* One line, written whole. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
