/* The JSON reader against RFC 8259, and against what a hostile client or image could send. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/json.h"
#include "check.h"

static struct arena arena;
static char problem[128];

/* From an allocation of exactly the text's length: AddressSanitizer sees a read behind it. */
static struct json_value *parse_bytes(const char *text, size_t length) {
    char *exact = malloc(length ? length : 1);
    memcpy(exact, text, length);
    struct json_value *value = json_parse(&arena, exact, length, problem, sizeof problem);
    free(exact);
    return value;
}

static struct json_value *parse(const char *text) {
    return parse_bytes(text, strlen(text));
}

static void accepts_values(void) {
    static const char *const good[] = {
        "null", "true", "false", "0", "-0", "1.5e-3", "1E+9", "\"\"", "[]", "{}", " [ 1 , 2 ] ", "{\"a\":{\"b\":[{}]}}",
        "\t\r\n 1 \n", "[\"\\u00e9\\ud83d\\ude00\"]", "123456789012345678901234567890",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) CHECK_CASE(parse(good[i]), good[i]);
    arena_free(&arena);
}

static void refuses_what_is_not_json(void) {
    static const char *const bad[] = {
        "", " ", "nul", "nulll", "truefalse", "+1", "01", "1.", ".5", "1e", "1e+", "-", "NaN", "Infinity", "'a'", "[", "]",
        "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{}}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "\"",
        "\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\\u\"", "\"a\nb\"", "\"\t\"", "1 2", "[]]",
        "/* */1", "\xef\xbb\xbf 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_CASE(!parse(bad[i]), bad[i]);
        CHECK_CASE(strncmp(problem, "invalid JSON at byte ", 21) == 0, bad[i]);
    }
    arena_free(&arena);
}

static void every_prefix_is_refused(void) {
    static const char whole[] = "{\"a\":[1.5e3,\"x\\u00e9\\n\",true,null,{\"b\":false}]}";
    for (size_t length = 0; length < sizeof whole - 1; length++) CHECK(!parse_bytes(whole, length));
    CHECK(parse(whole));
    arena_free(&arena);
}

static void decodes_strings(void) {
    CHECK_TEXT(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")->text, "\"\\/\b\f\n\r\t");
    CHECK_TEXT(parse("\"\\u0041\\u00e9\\u20AC\"")->text, "A\xc3\xa9\xe2\x82\xac");
    CHECK_TEXT(parse("\"\\ud83d\\ude00\"")->text, "\xf0\x9f\x98\x80");
    /* Halves of a pair that stand alone. */
    CHECK_TEXT(parse("\"\\ud83dx\"")->text, "\xef\xbf\xbdx");
    CHECK_TEXT(parse("\"\\ude00\"")->text, "\xef\xbf\xbd");
    CHECK_TEXT(parse("\"\\ud83d\\u0041\"")->text, "\xef\xbf\xbd" "A");
    CHECK_INT(parse("\"a\\u00e9\"")->length, 3);
    arena_free(&arena);
}

static void a_nul_cannot_cut_a_string(void) {
    CHECK(!parse("\"a\\u0000b\""));
    CHECK(!parse_bytes("\"a\0b\"", 5));
    arena_free(&arena);
}

static void depth_is_bounded(void) {
    char text[2 * (JSON_MAX_DEPTH + 1) + 1];
    for (int depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct json_value *value = parse_bytes(text, 2 * (size_t)depth);
        CHECK((value != NULL) == (depth == JSON_MAX_DEPTH));
    }
    CHECK(strstr(problem, "nested too deep"));
    char *deep = malloc(1000000);
    memset(deep, '[', 1000000);
    CHECK(!parse_bytes(deep, 1000000));
    free(deep);
    arena_free(&arena);
}

static void size_is_bounded(void) {
    size_t length = (size_t)JSON_MAX_BYTES + 1;
    char *text = malloc(length);
    memset(text, ' ', length);
    text[0] = '1';
    CHECK(!parse_bytes(text, length));
    CHECK(strstr(problem, "too large"));
    CHECK(parse_bytes(text, length - 1));
    free(text);
    arena_free(&arena);
}

static void members_and_numbers(void) {
    int64_t number;
    uint64_t natural;
    const struct json_value *object = parse("{\"a\":1,\"b\":null,\"a\":2,\"big\":9223372036854775808,\"f\":1.5,\"n\":-3}");
    CHECK(json_int64(json_member(object, "a"), &number) && number == 2);
    CHECK(!json_member(object, "b") && !json_member(object, "c") && !json_member(json_member(object, "a"), "x"));
    CHECK(!json_int64(json_member(object, "big"), &number));
    CHECK(json_uint64(json_member(object, "big"), &natural) && natural == UINT64_C(9223372036854775808));
    CHECK(!json_int64(json_member(object, "f"), &number) && !json_uint64(json_member(object, "f"), &natural));
    CHECK(json_int64(json_member(object, "n"), &number) && number == -3);
    CHECK(!json_uint64(json_member(object, "n"), &natural) && !json_uint64(NULL, &natural));
    CHECK_INT(object->length, 6);
    arena_free(&arena);
}

void json_tests(void) {
    test("json: what is JSON is read", accepts_values);
    test("json: what is not is refused, with its place", refuses_what_is_not_json);
    test("json: a text cut anywhere is refused", every_prefix_is_refused);
    test("json: strings are decoded, halves of surrogate pairs replaced", decodes_strings);
    test("json: a NUL is refused, written or escaped", a_nul_cannot_cut_a_string);
    test("json: depth is bounded", depth_is_bounded);
    test("json: size is bounded", size_is_bounded);
    test("json: members, duplicates and numbers out of range", members_and_numbers);
}
