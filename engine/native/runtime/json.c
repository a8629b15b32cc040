#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *start, *at, *end;
    const char *problem;
    unsigned depth;
};

static struct json_value *read_value(struct reader *reader);

static struct json_value *problem(struct reader *reader, const char *what) {
    if (!reader->problem) reader->problem = what;
    return NULL;
}

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4)) reader->at++;
}

static bool take(struct reader *reader, char wanted) {
    if (reader->at >= reader->end || *reader->at != wanted) return false;
    reader->at++;
    return true;
}

static struct json_value *new_value(struct reader *reader, enum json_type type) {
    struct json_value *value = arena_alloc(reader->arena, sizeof *value);
    if (!value) return problem(reader, "out of memory");
    value->type = type;
    return value;
}

static struct json_value *read_word(struct reader *reader, const char *word, enum json_type type) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return problem(reader, "unexpected character");
    }
    reader->at += length;
    return new_value(reader, type);
}

static bool digits(struct reader *reader) {
    const char *first = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') reader->at++;
    return reader->at > first;
}

static struct json_value *read_number(struct reader *reader) {
    const char *first = reader->at;
    take(reader, '-');
    const char *whole = reader->at;
    if (!digits(reader) || (*whole == '0' && reader->at - whole > 1)) return problem(reader, "not a number");
    if (take(reader, '.') && !digits(reader)) return problem(reader, "not a number");
    if (reader->at < reader->end && (*reader->at == 'e' || *reader->at == 'E')) {
        reader->at++;
        if (!take(reader, '+')) take(reader, '-');
        if (!digits(reader)) return problem(reader, "not a number");
    }
    struct json_value *value = new_value(reader, JSON_NUMBER);
    if (!value) return NULL;
    value->length = (size_t)(reader->at - first);
    value->text = arena_copy(reader->arena, first, value->length);
    return value->text ? value : problem(reader, "out of memory");
}

static bool read_hex4(struct reader *reader, uint32_t *code) {
    if (reader->end - reader->at < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char c = *reader->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9') digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A') + 10;
        else return false;
        *code = *code << 4 | digit;
    }
    return true;
}

static char *put_utf8(char *out, uint32_t code) {
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* After "\u"; a lone surrogate becomes U+FFFD, as a decoder of UTF-16 would have it. */
static char *read_unicode_escape(struct reader *reader, char *out) {
    uint32_t code, low;
    if (!read_hex4(reader, &code)) return NULL;
    if (code == 0) return NULL;
    if (code >= 0xd800 && code < 0xdc00) {
        const char *before = reader->at;
        if (reader->end - reader->at >= 6 && reader->at[0] == '\\' && reader->at[1] == 'u') {
            reader->at += 2;
            if (!read_hex4(reader, &low)) return NULL;
            if (low >= 0xdc00 && low < 0xe000) {
                return put_utf8(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            }
            reader->at = before;
        }
        code = 0xfffd;
    } else if (code >= 0xdc00 && code < 0xe000) {
        code = 0xfffd;
    }
    return put_utf8(out, code);
}

static char *read_escape(struct reader *reader, char *out) {
    if (reader->at >= reader->end) return NULL;
    char c = *reader->at++;
    if (c == 'u') return read_unicode_escape(reader, out);
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = memchr(from, c, sizeof from - 1);
    if (!found) return NULL;
    *out++ = to[found - from];
    return out;
}

/* The decoded text is never longer than the written one: an escape of six bytes gives at most three. */
static char *read_string(struct reader *reader, size_t *length) {
    if (!take(reader, '"')) return (char *)problem(reader, "a string is missing");
    const char *close = reader->at;
    while (close < reader->end && *close != '"') close += *close == '\\' ? 2 : 1;
    if (close >= reader->end) return (char *)problem(reader, "a string does not end");
    char *text = arena_alloc(reader->arena, (size_t)(close - reader->at) + 1), *out = text;
    if (!text) return (char *)problem(reader, "out of memory");
    while (*reader->at != '"') {
        unsigned char c = (unsigned char)*reader->at++;
        if (c < 0x20) return (char *)problem(reader, "a control character in a string");
        if (c != '\\') {
            *out++ = (char)c;
        } else {
            out = read_escape(reader, out);
            if (!out) return (char *)problem(reader, "an escape that is not allowed");
        }
    }
    reader->at++;
    *length = (size_t)(out - text);
    return text;
}

static struct json_value *read_children(struct reader *reader, enum json_type type, char close) {
    struct json_value *parent = new_value(reader, type), **tail;
    if (!parent) return NULL;
    if (++reader->depth > JSON_MAX_DEPTH) return problem(reader, "nested too deep");
    tail = &parent->first;
    reader->at++;
    skip_space(reader);
    bool done = take(reader, close);
    while (!done) {
        char *key = NULL;
        size_t length;
        skip_space(reader);
        if (type == JSON_OBJECT) {
            key = read_string(reader, &length);
            if (!key) return NULL;
            skip_space(reader);
            if (!take(reader, ':')) return problem(reader, "':' is missing");
        }
        struct json_value *child = read_value(reader);
        if (!child) return NULL;
        child->key = key;
        *tail = child;
        tail = &child->next;
        parent->length++;
        skip_space(reader);
        done = take(reader, close);
        if (!done && !take(reader, ',')) return problem(reader, "',' is missing");
    }
    reader->depth--;
    return parent;
}

static struct json_value *read_value(struct reader *reader) {
    skip_space(reader);
    if (reader->at >= reader->end) return problem(reader, "unexpected end");
    struct json_value *value;
    switch (*reader->at) {
    case '{': return read_children(reader, JSON_OBJECT, '}');
    case '[': return read_children(reader, JSON_ARRAY, ']');
    case 't': return read_word(reader, "true", JSON_TRUE);
    case 'f': return read_word(reader, "false", JSON_FALSE);
    case 'n': return read_word(reader, "null", JSON_NULL);
    case '"':
        value = new_value(reader, JSON_STRING);
        if (!value) return NULL;
        value->text = read_string(reader, &value->length);
        return value->text ? value : NULL;
    default: return read_number(reader);
    }
}

struct json_value *json_parse(struct arena *arena, const char *text, size_t length, char *problem_text,
                              size_t problem_size) {
    struct reader reader = {.arena = arena, .start = text, .at = text, .end = text + length};
    struct json_value *value = NULL;
    if (length > JSON_MAX_BYTES) {
        problem(&reader, "too large");
    } else {
        value = read_value(&reader);
        skip_space(&reader);
        if (value && reader.at != reader.end) value = problem(&reader, "text after the end");
    }
    if (!value) {
        snprintf(problem_text, problem_size, "invalid JSON at byte %zu: %s", (size_t)(reader.at - reader.start),
                 reader.problem);
    }
    return value;
}

const struct json_value *json_member(const struct json_value *object, const char *key) {
    const struct json_value *found = NULL;
    if (!object || object->type != JSON_OBJECT) return NULL;
    for (const struct json_value *child = object->first; child; child = child->next) {
        if (strcmp(child->key, key) == 0) found = child;
    }
    return found && found->type != JSON_NULL ? found : NULL;
}

bool json_int64(const struct json_value *value, int64_t *result) {
    if (!value || value->type != JSON_NUMBER) return false;
    char *end;
    errno = 0;
    long long number = strtoll(value->text, &end, 10);
    if (errno || *end) return false;
    *result = number;
    return true;
}

bool json_uint64(const struct json_value *value, uint64_t *result) {
    if (!value || value->type != JSON_NUMBER || value->text[0] == '-') return false;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value->text, &end, 10);
    if (errno || *end) return false;
    *result = number;
    return true;
}
