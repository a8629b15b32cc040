/*
 * A strict JSON reader (RFC 8259) into a tree that lives in an arena, for config.json, rootfs.json and the bodies of
 * shim packets. Bounded in depth and size; strings are NUL-terminated, so an escaped NUL is refused.
 */
#ifndef BERTH_JSON_H
#define BERTH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

enum {
    JSON_MAX_DEPTH = 64,
    JSON_MAX_BYTES = 16 * 1024 * 1024, /* config.json with a large environment stays far below */
};

struct json_value {
    enum json_type type;
    const char *key;         /* name of the member; NULL in arrays */
    const char *text;        /* decoded string, or the number as written */
    size_t length;           /* bytes of text; number of children */
    struct json_value *first; /* children in order */
    struct json_value *next;
};

/* The tree of `text`, or NULL and a sentence with the offset in `problem`. */
struct json_value *json_parse(struct arena *arena, const char *text, size_t length, char *problem, size_t problem_size);

/* The last member of that name, as JSON.parse takes duplicates; NULL when absent, null, or `object` is no object. */
const struct json_value *json_member(const struct json_value *object, const char *key);
/* false when the value is not an integer in range. */
bool json_int64(const struct json_value *value, int64_t *result);
bool json_uint64(const struct json_value *value, uint64_t *result);

#endif
