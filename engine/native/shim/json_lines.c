#include "json_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "protocol.h"

/* Docker's own bound: a longer line comes as several entries, all but the last without their newline. */
enum { MAX_LINE = 16 * 1024, MAX_NAME = 300 };

static int open_file(struct json_lines *log, int flags) {
    struct stat info;
    log->file = openat(log->directory, log->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0640);
    if (log->file < 0 || fstat(log->file, &info) < 0) return -1;
    log->size = (uint64_t)info.st_size;
    return 0;
}

static char *write_attributes(const struct json_value *object) {
    struct text text = {0};
    for (const struct json_value *item = object ? object->first : NULL; item; item = item->next) {
        if (item->type != JSON_STRING) continue;
        text_add(&text, text.length ? "," : "\"attrs\":{");
        text_json(&text, item->key);
        text_add(&text, ":");
        text_json(&text, item->text);
    }
    text_add(&text, text.length ? "}," : "%s", "");
    return text.failed ? NULL : text.bytes;
}

int json_lines_open(struct json_lines *log, const char *directory, const char *id, const struct json_value *attributes,
                    uint64_t max_bytes, uint32_t max_files, struct runtime_error *err) {
    char name[MAX_NAME];
    *log = (struct json_lines){.file = -1, .max_bytes = max_bytes, .max_files = max_files};
    snprintf(name, sizeof name, "%s-json.log", id);
    log->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    log->name = strdup(name);
    log->attributes = write_attributes(attributes);
    if (log->directory >= 0 && log->name && log->attributes && open_file(log, 0) == 0) return 0;
    fail(err, "bundle", errno, directory, "opening %s: %s", name, strerror(errno));
    json_lines_close(log);
    return -1;
}

/* name.2 becomes name.3 and so on; the oldest is overwritten. */
static void rotate(struct json_lines *log) {
    char from[MAX_NAME + 16], to[MAX_NAME + 16];
    for (uint32_t i = log->max_files; i-- > 1;) {
        snprintf(to, sizeof to, "%s.%u", log->name, i);
        if (i > 1) snprintf(from, sizeof from, "%s.%u", log->name, i - 1);
        else snprintf(from, sizeof from, "%s", log->name);
        renameat(log->directory, from, log->directory, to);
    }
    close_fd(&log->file);
    /* The only file is emptied: there is none that it could become. */
    if (open_file(log, log->max_files < 2 ? O_TRUNC : 0) < 0) dprintf(2, "%s: %s\n", log->name, strerror(errno));
}

/* Docker's RFC 3339: the fraction without zeros at its end. */
static void add_time(struct text *text, const struct timespec *now) {
    char date[32], fraction[16];
    struct tm parts;
    gmtime_r(&now->tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    int digits = snprintf(fraction, sizeof fraction, ".%09ld", now->tv_nsec);
    while (digits > 1 && fraction[digits - 1] == '0') digits--;
    text_add(text, "%s%.*sZ", date, digits > 1 ? digits : 0, fraction);
}

static void flush(struct json_lines *log) {
    if (log->lines.length == 0) return;
    if (log->max_bytes > 0 && log->size >= log->max_bytes) rotate(log);
    ssize_t written = log->file < 0 ? -1 : write(log->file, log->lines.bytes, log->lines.length);
    int number = written < 0 ? errno : written < (ssize_t)log->lines.length ? ENOSPC : 0;
    if (number && number != log->last_error) dprintf(2, "%s: %s; lines are lost\n", log->name, strerror(number));
    log->last_error = number;
    if (written > 0) log->size += (uint64_t)written;
    /* A part of a line would spoil the next one too. */
    if (number && written > 0 && ftruncate(log->file, (off_t)(log->size -= (uint64_t)written)) < 0) log->last_error = errno;
    log->lines.length = 0;
}

static void add_entry(struct json_lines *log, uint8_t stream, const char *end) {
    struct text *partial = &log->partial[stream - 1];
    text_bytes(&log->lines, "{\"log\":", 7);
    text_json_bytes(&log->lines, partial->bytes, partial->length);
    text_add(&log->lines, ",\"stream\":\"%s\",%s\"time\":\"%s", stream == STREAM_STDERR ? "stderr" : "stdout",
             log->attributes, end);
    text_bytes(&log->lines, "\"}\n", 3);
    partial->length = 0;
    if (log->max_bytes > 0 && log->size + log->lines.length >= log->max_bytes) flush(log);
}

void json_lines_append(struct json_lines *log, uint8_t stream, const void *bytes, size_t length) {
    struct text *partial = &log->partial[stream - 1], time = {0};
    struct timespec now;
    if (log->directory < 0) return;
    clock_gettime(CLOCK_REALTIME, &now);
    add_time(&time, &now);
    for (const char *at = bytes; length > 0 && !time.failed;) {
        size_t room = MAX_LINE - partial->length, take = length < room ? length : room;
        const char *newline = memchr(at, '\n', take);
        if (newline) take = (size_t)(newline - at) + 1;
        text_bytes(partial, at, take);
        at += take;
        length -= take;
        if (newline || partial->length >= MAX_LINE) add_entry(log, stream, time.bytes);
    }
    text_free(&time);
    flush(log);
}

void json_lines_close(struct json_lines *log) {
    struct timespec now;
    struct text time = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    add_time(&time, &now);
    for (uint8_t stream = STREAM_STDOUT; stream <= STREAM_STDERR && log->file >= 0 && !time.failed; stream++) {
        if (log->partial[stream - 1].length > 0) add_entry(log, stream, time.bytes);
    }
    if (log->file >= 0) flush(log);
    text_free(&time);
    for (int i = 0; i < 2; i++) text_free(&log->partial[i]);
    text_free(&log->lines);
    close_fd(&log->file);
    close_fd(&log->directory);
    free(log->name);
    free(log->attributes);
    *log = (struct json_lines){.file = -1, .directory = -1};
}
