#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

int fail(struct runtime_error *err, const char *stage, int number, const char *path, const char *format, ...) {
    err->number = number;
    snprintf(err->stage, sizeof err->stage, "%s", stage);
    snprintf(err->path, sizeof err->path, "%s", path ? path : "");
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return -1;
}

void close_fd(int *fd) {
    int saved = errno;
    if (*fd >= 0) close(*fd);
    errno = saved;
}
