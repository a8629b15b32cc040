/* The JSON reader; what it accepts must have sound lengths and end in itself. */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void walk(const struct json_value *value, unsigned depth) {
    size_t children = 0;
    if (depth > JSON_MAX_DEPTH + 1) abort();
    if (value->type == JSON_STRING && strlen(value->text) != value->length) abort();
    for (const struct json_value *child = value->first; child; child = child->next, children++) walk(child, depth + 1);
    if ((value->type == JSON_ARRAY || value->type == JSON_OBJECT) && children != value->length) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct arena arena = {0};
    char problem[64] = "";
    const struct json_value *value = json_parse(&arena, (const char *)bytes, length, problem, sizeof problem);
    if (value) walk(value, 0);
    else if (!*problem) abort();
    arena_free(&arena);
    return 0;
}
