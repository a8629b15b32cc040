/* What is written as JSON must be JSON, whatever bytes come from a container. */
#include <stdlib.h>
#include <string.h>

#include "../runtime/json.h"
#include "../runtime/text.h"
#include "check.h"

static void grows(void) {
    struct text text = {0};
    for (int i = 0; i < 10000; i++) text_add(&text, "%d,", i % 10);
    text_bytes(&text, "a\0b", 3);
    CHECK_INT(text.length, 20003);
    CHECK(!text.failed && text.bytes[text.length] == 0 && memcmp(text.bytes + 20000, "a\0b", 3) == 0);
    text_free(&text);
    CHECK(!text.bytes && text.length == 0);
}

static void quotes(void) {
    static const struct {
        const char *string, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"\n\x01\x7f", "\"\\n\\u0001\x7f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", "\"\\ufffd\""},
        {"\xc3", "\"\\ufffd\""},                 /* cut */
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},      /* overlong */
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        text_json(&text, cases[i].string);
        CHECK_TEXT(text.bytes, cases[i].json);
        text_free(&text);
    }
}

static void what_is_written_is_read(void) {
    struct text text = {0};
    struct arena arena = {0};
    char string[256], problem[64];
    for (int i = 0; i < 255; i++) string[i] = (char)(i + 1);
    string[255] = 0;
    text_json(&text, string);
    struct json_value *value = json_parse(&arena, text.bytes, text.length, problem, sizeof problem);
    CHECK(value && value->type == JSON_STRING);
    CHECK(memcmp(value->text, string, 127) == 0);
    text_free(&text);
    arena_free(&arena);
}

void text_tests(void) {
    test("text: grows, and holds any byte", grows);
    test("text: a JSON string is valid UTF-8, whatever goes in", quotes);
    test("text: what is written the reader reads", what_is_written_is_read);
}
