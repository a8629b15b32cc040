/* The one error rule: 0 or -1, and `err` says stage, errno, sentence and path. */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H

#include "runtime.h"

/* Fills `err` and returns -1. `path` may be NULL. */
int fail(struct runtime_error *err, const char *stage, int number, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Descriptors that close themselves at the end of their scope. */
void close_fd(int *fd);
#define AUTO_FD __attribute__((cleanup(close_fd))) int

#endif
