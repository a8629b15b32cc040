/* A growing text, for JSON that is written and for paths of any length. */
#ifndef BERTH_TEXT_H
#define BERTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes; /* NUL-terminated once something was added */
    size_t length, size;
    bool failed; /* memory was out; what follows is not added */
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_bytes(struct text *text, const void *bytes, size_t length);
/* A JSON string with its quotes; bytes that are not valid UTF-8 become U+FFFD. */
void text_json(struct text *text, const char *string);
struct json_value;
/* A value as JSON without spaces; NULL as null. */
void text_json_value(struct text *text, const struct json_value *value);
/* The same for bytes among which there may be a NUL. */
void text_json_bytes(struct text *text, const char *bytes, size_t length);
void text_free(struct text *text);

#endif
