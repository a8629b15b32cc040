#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/text.h"
#include "command.h"

static int log_file = 2;

int log_begin(void) {
    if (globals.log_format && strcmp(globals.log_format, "text") != 0 && strcmp(globals.log_format, "json") != 0) {
        return log_failure("invalid log-format: %s", globals.log_format), -1;
    }
    if (!globals.log || !*globals.log) return 0;
    int fd = open(globals.log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return log_failure("open %s: %s", globals.log, strerror(errno)), -1;
    log_file = fd;
    return 0;
}

/* logrus quotes a value that holds more than letters, digits and a few signs; a sentence always does. */
static void put_record(const char *level, const char *message) {
    struct text record = {0};
    char time_text[40];
    struct tm now;
    time_t seconds = time(NULL);
    gmtime_r(&seconds, &now);
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", &now);
    if (globals.log_format && strcmp(globals.log_format, "json") == 0) {
        text_add(&record, "{\"level\":\"%s\",\"msg\":", level);
        text_json(&record, message);
        text_add(&record, ",\"time\":\"%s\"}\n", time_text);
    } else {
        text_add(&record, "time=\"%s\" level=%s msg=", time_text, level);
        text_json(&record, message);
        text_add(&record, "\n");
    }
    ssize_t ignored = record.bytes ? write(log_file, record.bytes, record.length) : 0;
    (void)ignored;
    text_free(&record);
}

static void put(const char *level, const char *format, va_list args) {
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0) return;
    put_record(level, message);
    if (log_file != 2 && strcmp(level, "error") == 0) dprintf(2, "%s\n", message);
    free(message);
}

void log_debug(const char *format, ...) {
    va_list args;
    if (!globals.debug) return;
    va_start(args, format);
    put("debug", format, args);
    va_end(args);
}

void log_warning(const char *format, ...) {
    va_list args;
    va_start(args, format);
    put("warning", format, args);
    va_end(args);
}

int log_failure(const char *format, ...) {
    va_list args;
    va_start(args, format);
    put("error", format, args);
    va_end(args);
    return STATUS_FAILED;
}

int log_error(const char *doing, const struct runtime_error *err) {
    /* Engines above read their exit codes, 126 and 127, from these words. */
    if (strcmp(err->stage, "exec") == 0 && err->path[0]) {
        return log_failure("%s: unable to start container process: exec: \"%s\": %s", doing, err->path, err->message);
    }
    bool plain = strcmp(err->stage, "state") == 0 || strcmp(err->stage, "hooks") == 0;
    if (plain) return log_failure("%s: %s", doing, err->message);
    if (strcmp(err->stage, "bundle") == 0) return log_failure("%s: invalid configuration: %s", doing, err->message);
    if (strcmp(err->stage, "cgroup") == 0) {
        return log_failure("%s: unable to start container process: unable to apply cgroup configuration: %s", doing,
                           err->message);
    }
    const char *path = err->path[0] && !strstr(err->message, err->path) ? err->path : "";
    return log_failure("%s: unable to start container process: error during container init: %s%s%s", doing, path,
                       *path ? ": " : "", err->message);
}
