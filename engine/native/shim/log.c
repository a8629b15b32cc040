#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "protocol.h"

enum { HEADER_BYTES = 16, FRAME_BYTES = HEADER_BYTES + 4, MAX_CHUNK = 65536 };
enum { MAX_KEPT_BYTES = 256 * 1024 * 1024, ENOUGH_BYTES = 64 * 1024 * 1024 };

struct chunk_header {
    uint32_t length;
    uint8_t stream, flags;
    uint16_t reserved;
    uint64_t time_ns;
};

static void segment_name(char *name, size_t size, uint32_t segment) {
    snprintf(name, size, "%u.chunks", segment);
}

/* The numbers of the first and the last segment; 0 when there is none. */
static void find_segments(int directory, uint32_t *first, uint32_t *last) {
    int copy = fcntl(directory, F_DUPFD_CLOEXEC, 3);
    DIR *opened = copy < 0 ? NULL : fdopendir(copy);
    *first = *last = 0;
    if (!opened) return;
    rewinddir(opened);
    for (struct dirent *entry; (entry = readdir(opened));) {
        char *end;
        unsigned long number = strtoul(entry->d_name, &end, 10);
        if (strcmp(end, ".chunks") != 0 || number == 0 || number >= UINT32_MAX) continue;
        if (number > *last) *last = (uint32_t)number;
        if (*first == 0 || number < *first) *first = (uint32_t)number;
    }
    closedir(opened);
}

/* Whether a whole chunk of the file lies between `offset` and at most `size`; its end in *end. The zeros with which a
 * power cut may leave a file's end have no stream: they are none. */
static bool whole_chunk(int file, uint64_t offset, uint64_t size, uint64_t *end) {
    struct chunk_header header;
    uint32_t trailer;
    if (size - offset < FRAME_BYTES) return false;
    if (pread(file, &header, sizeof header, (off_t)offset) != sizeof header || header.length > MAX_CHUNK) return false;
    if (header.stream < STREAM_STDOUT || header.stream > STREAM_MARKER) return false;
    if (size - offset < FRAME_BYTES + header.length) return false;
    off_t at = (off_t)(offset + HEADER_BYTES + header.length);
    if (pread(file, &trailer, sizeof trailer, at) != sizeof trailer || trailer != header.length) return false;
    *end = offset + FRAME_BYTES + header.length;
    return true;
}

/* Where the whole chunks end: nearly always at the file's end, which its last four bytes prove; else by walking. */
static uint64_t whole_bytes(int file, uint64_t size) {
    uint32_t trailer;
    uint64_t end = 0;
    if (size >= FRAME_BYTES && pread(file, &trailer, sizeof trailer, (off_t)(size - 4)) == sizeof trailer &&
        trailer <= MAX_CHUNK && size >= FRAME_BYTES + trailer &&
        whole_chunk(file, size - FRAME_BYTES - trailer, size, &end) && end == size) {
        return size;
    }
    uint64_t offset = 0;
    while (whole_chunk(file, offset, size, &end)) offset = end;
    return offset;
}

static int open_segment(struct chunk_log *log) {
    char name[32];
    struct stat info;
    segment_name(name, sizeof name, log->segment);
    log->file = openat(log->directory, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log->file < 0 || fstat(log->file, &info) < 0) return -1;
    log->offset = whole_bytes(log->file, (uint64_t)info.st_size);
    if (log->offset < (uint64_t)info.st_size && ftruncate(log->file, (off_t)log->offset) < 0) return -1;
    return 0;
}

int log_open(struct chunk_log *log, const char *directory, uint64_t max_bytes, uint32_t max_files,
             struct runtime_error *err) {
    *log = (struct chunk_log){.directory = -1, .file = -1, .max_bytes = max_bytes, .max_files = max_files};
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) return fail(err, "bundle", errno, directory, "%s", strerror(errno));
    log->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log->directory >= 0) {
        find_segments(log->directory, &log->oldest, &log->segment);
        if (log->segment == 0) log->oldest = log->segment = 1;
        if (open_segment(log) == 0) return 0;
    }
    fail(err, "bundle", errno, directory, "opening the log: %s", strerror(errno));
    log_close(log);
    return -1;
}

/* The next segment; where it cannot be made the old one grows on. */
static void rotate(struct chunk_log *log) {
    struct chunk_log next = *log;
    next.segment++;
    if (open_segment(&next) < 0) {
        if (next.file >= 0) close(next.file);
        return;
    }
    close(log->file);
    *log = next;
    log_trim(log);
}

/* Bytes in segments that are there only because a reader has not opened them. */
static uint64_t kept_bytes(const struct chunk_log *log) {
    uint64_t count = log->segment - log->oldest + 1;
    if (!log->followed || log->oldest <= log->seen || log->max_files == 0 || count <= log->max_files) return 0;
    return (count - log->max_files) * log->max_bytes;
}

void log_trim(struct chunk_log *log) {
    while (log->max_files > 0 && log->segment - log->oldest >= log->max_files) {
        uint64_t kept = kept_bytes(log);
        if (kept > 0 && (log->waits || kept <= MAX_KEPT_BYTES)) return;
        char name[32];
        segment_name(name, sizeof name, log->oldest++);
        unlinkat(log->directory, name, 0);
    }
}

bool log_must_wait(const struct chunk_log *log) {
    return log->waits && kept_bytes(log) > ENOUGH_BYTES;
}

void log_append(struct chunk_log *log, uint8_t stream, const void *bytes, uint32_t length) {
    struct timespec now;
    if (log->file < 0) return;
    clock_gettime(CLOCK_REALTIME, &now);
    struct chunk_header header = {
        .length = length,
        .stream = stream,
        .time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
    };
    struct iovec parts[3] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length},
        {.iov_base = &length, .iov_len = sizeof length},
    };
    if (log->max_bytes > 0 && log->offset >= log->max_bytes) rotate(log);
    ssize_t written = writev(log->file, parts, 3);
    if (written == (ssize_t)(FRAME_BYTES + length)) {
        log->offset += (uint64_t)written;
        log->last_error = 0;
        return;
    }
    int number = written < 0 ? errno : ENOSPC;
    if (number != log->last_error) dprintf(2, "log: %s; output is lost\n", strerror(number));
    log->last_error = number;
    /* A part of a chunk must not stay: readers would wait for its rest. */
    if (written > 0 && ftruncate(log->file, (off_t)log->offset) < 0) dprintf(2, "log: %s\n", strerror(errno));
}

void log_close(struct chunk_log *log) {
    close_fd(&log->file);
    close_fd(&log->directory);
    log->file = log->directory = -1;
}
