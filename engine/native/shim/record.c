/* The two files that the shim writes: what it is (shim.json), how the container ended (exit.json). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "shim.h"

static int write_by_rename(const char *directory, const char *name, const struct text *text) {
    struct text path = {0}, temporary = {0};
    text_add(&path, "%s/%s", directory, name);
    text_add(&temporary, "%s/.%s.tmp", directory, name);
    int result = -1;
    if (!path.failed && !temporary.failed && !text->failed) {
        AUTO_FD fd = open(temporary.bytes, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        bool written = fd >= 0 && write(fd, text->bytes, text->length) == (ssize_t)text->length;
        if (written) result = rename(temporary.bytes, path.bytes);
    }
    int saved = errno;
    text_free(&path);
    text_free(&temporary);
    errno = saved;
    return result;
}

/* Field 22 of /proc/self/stat; the name in field 2 may hold spaces and brackets. */
static void start_time(char *text, size_t size) {
    char line[1024];
    *text = 0;
    FILE *file = fopen("/proc/self/stat", "re");
    if (file && fgets(line, sizeof line, file)) {
        char *at = strrchr(line, ')');
        for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
        if (at) snprintf(text, size, "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
    }
    if (file) fclose(file);
}

int record_state(struct shim *shim, struct runtime_error *err) {
    struct text text = {0};
    char time[32];
    start_time(time, sizeof time);
    text_add(&text, "{\"pid\":%d,\"startTime\":\"%s\",\"protocol\":%d,\"program\":", getpid(), time, PROTOCOL_VERSION);
    text_json(&text, shim->options.program);
    text_add(&text, "}");
    int result = write_by_rename(shim->options.run, "shim.json", &text);
    if (result < 0) fail(err, "protocol", errno, shim->options.run, "writing shim.json: %s", strerror(errno));
    text_free(&text);
    return result;
}

void record_forget(const struct shim *shim) {
    static const char *const names[] = {"shim.sock", "shim.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text path = {0};
        text_add(&path, "%s/%s", shim->options.run, names[i]);
        if (!path.failed) unlink(path.bytes);
        text_free(&path);
    }
}

static void add_time(struct text *text, const struct timespec *time) {
    struct tm parts;
    char date[32];
    gmtime_r(&time->tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    text_add(text, "\"%s.%09ldZ\"", date, time->tv_nsec);
}

/* As a shell has it: not found, not executable, else Docker's 128 for a container that could not be started. */
static int start_error_code(const struct runtime_error *err) {
    if (strcmp(err->stage, "exec") != 0 && strcmp(err->stage, "cwd") != 0) return 128;
    if (err->number == ENOENT || err->number == ENOTDIR) return 127;
    return 126;
}

/* The cgroup goes behind the notice of the exit; nobody can ask it later. */
static void add_usage(struct text *text, const struct container *container) {
    struct container_usage usage;
    container_usage(container, &usage);
    text_add(text, ",\"usage\":{\"oomKills\":%llu,\"memoryPeak\":%llu,\"refusedForks\":%llu}",
             (unsigned long long)usage.oom_kills, (unsigned long long)usage.memory_peak,
             (unsigned long long)usage.refused_forks);
}

void record_exit(struct shim *shim, const struct runtime_error *start_error) {
    struct text *text = &shim->exit_record;
    clock_gettime(CLOCK_REALTIME, &shim->finished_at);
    text_free(text);
    text_add(text, "{\"pid\":%d,\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"finishedAt\":", shim->main.pid,
             start_error ? start_error_code(start_error) : shim->main.exit_code, shim->main.signal,
             shim->oom_killed ? "true" : "false");
    add_time(text, &shim->finished_at);
    text_add(text, ",\"startedAt\":");
    add_time(text, &shim->started_at);
    if (!start_error) add_usage(text, &shim->container);
    if (start_error) {
        text_add(text, ",\"startError\":{\"stage\":");
        text_json(text, start_error->stage);
        text_add(text, ",\"errno\":%d,\"message\":", start_error->number);
        text_json(text, start_error->message);
        text_add(text, "}");
    }
    text_add(text, "}");
    if (write_by_rename(shim->options.dir, "exit.json", text) < 0) {
        dprintf(2, "exit.json: %s\n", strerror(errno));
    }
}
