/* The container's log: chunks in numbered segments, see docs/shim-protocol.md. */
#ifndef BERTH_LOG_H
#define BERTH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../runtime/runtime.h"

struct chunk_log {
    int directory, file; /* -1 when there is none */
    uint32_t segment;
    uint64_t offset;
    uint64_t max_bytes; /* of a segment; 0: one segment without end */
    uint32_t max_files; /* 0: all are kept */
    uint32_t oldest;    /* the first segment that is not deleted yet */
    bool followed;      /* a reader is to open each segment before it is deleted; up to `seen` it has */
    bool waits;         /* for that reader, rather than delete what it has not opened */
    uint32_t seen;
    int last_error;     /* errno of a write that failed, told once */
};

/* Goes on behind the last whole chunk of the directory, which is made where it is missing. */
int log_open(struct chunk_log *log, const char *directory, uint64_t max_bytes, uint32_t max_files,
             struct runtime_error *err);
/* One chunk of at most 65,536 bytes. A full disk loses it: the container goes on. */
void log_append(struct chunk_log *log, uint8_t stream, const void *bytes, uint32_t length);
/* Deletes the segments that are too many, but for those that a reader still has to open, of which 256 MiB are kept. */
void log_trim(struct chunk_log *log);
/* Whether nothing should be written until the reader has opened more: of what waits for it 64 MiB are enough. */
bool log_must_wait(const struct chunk_log *log);
void log_close(struct chunk_log *log);

#endif
