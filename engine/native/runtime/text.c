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

/* Length of the valid UTF-8 sequence of at most `room` bytes, 0 when there is none. */
static size_t utf8_length(const unsigned char *bytes, size_t room) {
    if (bytes[0] < 0x80) return 1;
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > room) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return 0;
    }
    if (bytes[0] == 0xe0 && bytes[1] < 0xa0) return 0;
    if (bytes[0] == 0xed && bytes[1] > 0x9f) return 0;
    if (bytes[0] == 0xf0 && bytes[1] < 0x90) return 0;
    if (bytes[0] == 0xf4 && bytes[1] > 0x8f) return 0;
    return length;
}

static bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void add_escaped(struct text *text, unsigned char byte) {
    if (byte == '\n') text_bytes(text, "\\n", 2);
    else if (byte == '\r') text_bytes(text, "\\r", 2);
    else if (byte == '\t') text_bytes(text, "\\t", 2);
    else if (byte == '"' || byte == '\\') text_bytes(text, (const char[]){'\\', (char)byte}, 2);
    else text_add(text, "\\u%04x", byte);
}

void text_json_bytes(struct text *text, const char *string, size_t length) {
    const unsigned char *at = (const unsigned char *)string, *end = at + length;
    text_bytes(text, "\"", 1);
    while (at < end) {
        /* Nearly everything goes in runs. */
        const unsigned char *plain = at;
        while (at < end && is_plain(*at)) at++;
        if (at > plain) text_bytes(text, plain, (size_t)(at - plain));
        if (at == end) break;
        size_t size = utf8_length(at, (size_t)(end - at));
        if (size == 0) text_bytes(text, "\\ufffd", 6);
        else if (size == 1) add_escaped(text, *at);
        else text_bytes(text, at, size);
        at += size ? size : 1;
    }
    text_bytes(text, "\"", 1);
}

void text_json(struct text *text, const char *string) {
    text_json_bytes(text, string, strlen(string));
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
