/*
 * Docker's json-file log beside our own: a line of JSON for each line of output, for the programs that read such files.
 * Nothing here reads it; docker logs and attach read the chunk log.
 */
#ifndef BERTH_JSON_LINES_H
#define BERTH_JSON_LINES_H

#include "../runtime/oci.h"
#include "../runtime/text.h"

struct json_lines {
    int directory, file; /* -1 when there is none */
    char *name;          /* <id>-json.log; older ones are name.1, name.2, … */
    char *attributes;    /* "attrs":{…}, with its comma; empty without any */
    uint64_t size, max_bytes;
    uint32_t max_files; /* the current one included; 0: all that rotation makes, which without max_bytes is one */
    struct text partial[2]; /* of each stream: a line that has not ended */
    struct text lines;      /* what one append writes */
    int last_error;
};

/* `attributes` may be NULL. */
int json_lines_open(struct json_lines *log, const char *directory, const char *id, const struct json_value *attributes,
                    uint64_t max_bytes, uint32_t max_files, struct runtime_error *err);
/* `stream` is STREAM_STDOUT or STREAM_STDERR. */
void json_lines_append(struct json_lines *log, uint8_t stream, const void *bytes, size_t length);
/* Writes lines that have not ended, and closes. */
void json_lines_close(struct json_lines *log);

#endif
