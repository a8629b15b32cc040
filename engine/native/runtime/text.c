#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static bool reserve(struct text *text, size_t more) {
    if (text->failed) return false;
    if (text->size - text->length > more) return true;
    size_t size = (text->length + more + 1) * 2;
    char *bytes = realloc(text->bytes, size);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->size = size;
    return true;
}

void text_add(struct text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(text, (size_t)length)) return;
    va_start(args, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

void text_bytes(struct text *text, const void *bytes, size_t length) {
    if (!reserve(text, length)) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

/* Length of the valid UTF-8 sequence at `bytes`, 0 when there is none. */
static size_t utf8_length(const unsigned char *bytes) {
    if (bytes[0] < 0x80) return 1;
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    }
    if (bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0;
    if (bytes[0] == 0xed && bytes[1] > 0x9f) return 0;
    if (bytes[0] == 0xf0 && bytes[1] < 0x90) return 0;
    if (bytes[0] == 0xf4 && bytes[1] > 0x8f) return 0;
    return length;
}

void text_json(struct text *text, const char *string) {
    text_add(text, "\"");
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        size_t length = utf8_length(at);
        if (length == 0) {
            text_add(text, "\\ufffd");
            at++;
            continue;
        }
        if (*at == '"' || *at == '\\') text_add(text, "\\%c", *at);
        else if (*at < 0x20) text_add(text, "\\u%04x", *at);
        else text_add(text, "%.*s", (int)length, (const char *)at);
        at += length;
    }
    text_add(text, "\"");
}

void text_json_value(struct text *text, const struct json_value *value) {
    static const char *const words[] = {[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};
    if (!value || value->type <= JSON_TRUE) {
        text_add(text, "%s", words[value ? value->type : JSON_NULL]);
    } else if (value->type == JSON_NUMBER) {
        text_add(text, "%s", value->text);
    } else if (value->type == JSON_STRING) {
        text_json(text, value->text);
    } else {
        bool object = value->type == JSON_OBJECT;
        text_add(text, "%c", object ? '{' : '[');
        for (const struct json_value *child = value->first; child; child = child->next) {
            if (child != value->first) text_add(text, ",");
            if (object) text_json(text, child->key);
            if (object) text_add(text, ":");
            text_json_value(text, child);
        }
        text_add(text, "%c", object ? '}' : ']');
    }
}

void text_free(struct text *text) {
    free(text->bytes);
    *text = (struct text){0};
}
