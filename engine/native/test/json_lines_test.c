/* Docker's json-file log, read here by the JSON reader, a line at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../shim/json_lines.h"
#include "../shim/protocol.h"
#include "check.h"

static struct runtime_error err;
static struct arena arena;
static char lines[1 << 20];

static struct json_lines open_lines(const char *attributes, uint64_t max_bytes, uint32_t max_files) {
    struct json_lines log;
    char problem[64];
    const struct json_value *object =
        attributes ? json_parse(&arena, attributes, strlen(attributes), problem, sizeof problem) : NULL;
    CHECK(json_lines_open(&log, test_directory(), "id", object, max_bytes, max_files, &err) == 0);
    return log;
}

/* The file's text; NULL when there is none. */
static const char *read_lines(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", test_directory(), name);
    FILE *file = fopen(path, "r");
    if (!file) return NULL;
    size_t length = fread(lines, 1, sizeof lines - 1, file);
    fclose(file);
    lines[length] = 0;
    return lines;
}

/* Line `index` as JSON; the test fails where it is none. */
static const struct json_value *line(const char *name, int index) {
    char problem[64];
    const char *at = read_lines(name);
    for (; at && index > 0; index--) at = strchr(at, '\n') + 1;
    CHECK(at && *at);
    const struct json_value *value = json_parse(&arena, at, strcspn(at, "\n"), problem, sizeof problem);
    if (!value) check_failed(__FILE__, __LINE__, "%s in %s", problem, at);
    return value;
}

static const char *field(const struct json_value *object, const char *key) {
    const struct json_value *value = json_member(object, key);
    return value ? value->text : NULL;
}

static int count_lines(const char *name) {
    int count = 0;
    for (const char *at = read_lines(name); at && (at = strchr(at, '\n')); at++) count++;
    return count;
}

static void entries(void) {
    struct json_lines log = open_lines(NULL, 0, 0);
    json_lines_append(&log, STREAM_STDOUT, "one\ntwo \"q\"\\\n", 13);
    json_lines_append(&log, STREAM_STDERR, "err\r\n", 5);
    json_lines_append(&log, STREAM_STDOUT, "a\0b\xff\xc3\xa9\n", 7);
    json_lines_close(&log);
    const char *text = read_lines("id-json.log");
    CHECK(strncmp(text, "{\"log\":\"one\\n\",\"stream\":\"stdout\",\"time\":\"20", 42) == 0);
    CHECK_TEXT(field(line("id-json.log", 1), "log"), "two \"q\"\\\n");
    CHECK_TEXT(field(line("id-json.log", 2), "log"), "err\r\n");
    CHECK_TEXT(field(line("id-json.log", 2), "stream"), "stderr");
    CHECK(strstr(read_lines("id-json.log"), "{\"log\":\"a\\u0000b\\ufffd\xc3\xa9\\n\""));
    const char *time = field(line("id-json.log", 1), "time");
    CHECK(strlen(time) >= 20 && strlen(time) <= 30 && time[10] == 'T' && time[strlen(time) - 1] == 'Z');
    CHECK(time[strlen(time) - 2] != '0' || time[19] == 'Z');
    arena_free(&arena);
}

static void lines_in_pieces(void) {
    static char much[40001];
    struct json_lines log = open_lines(NULL, 0, 0);
    json_lines_append(&log, STREAM_STDOUT, "be", 2);
    json_lines_append(&log, STREAM_STDERR, "other\n", 6);
    json_lines_append(&log, STREAM_STDOUT, "gin\nrest", 8);
    CHECK_INT(count_lines("id-json.log"), 2);
    CHECK_TEXT(field(line("id-json.log", 1), "log"), "begin\n");
    json_lines_close(&log);
    CHECK_TEXT(field(line("id-json.log", 2), "log"), "rest");
    /* Longer than an entry: several, and only the last ends the line. */
    memset(much, 'm', 40000);
    much[40000] = '\n';
    log = open_lines(NULL, 0, 0);
    json_lines_append(&log, STREAM_STDOUT, much, sizeof much);
    json_lines_close(&log);
    CHECK_INT(count_lines("id-json.log"), 6);
    CHECK_INT(json_member(line("id-json.log", 3), "log")->length, 16384);
    CHECK_INT(json_member(line("id-json.log", 5), "log")->length, 40001 - 2 * 16384);
    arena_free(&arena);
}

static void with_attributes(void) {
    struct json_lines log = open_lines("{\"tag\":\"a/b\",\"la\\\"bel\":\"v\",\"number\":7}", 0, 0);
    json_lines_append(&log, STREAM_STDOUT, "x\n", 2);
    json_lines_close(&log);
    const struct json_value *attributes = json_member(line("id-json.log", 0), "attrs");
    CHECK_TEXT(field(attributes, "tag"), "a/b");
    CHECK_TEXT(field(attributes, "la\"bel"), "v");
    CHECK(!json_member(attributes, "number"));
    arena_free(&arena);
}

static void rotation(void) {
    struct json_lines log = open_lines(NULL, 300, 3);
    char text[16];
    for (int i = 0; i < 40; i++) json_lines_append(&log, STREAM_STDOUT, text, (size_t)snprintf(text, 16, "line %d\n", i));
    json_lines_close(&log);
    CHECK(read_lines("id-json.log.1") && read_lines("id-json.log.2") && !read_lines("id-json.log.3"));
    /* What is kept is the end, whole and in order. */
    int last = -1, number;
    static const char *const names[] = {"id-json.log.2", "id-json.log.1", "id-json.log"};
    for (int i = 0; i < 3; i++) {
        for (int j = 0, count = count_lines(names[i]); j < count; j++) {
            CHECK(sscanf(field(line(names[i], j), "log"), "line %d", &number) == 1);
            CHECK(last < 0 || number == last + 1);
            last = number;
        }
    }
    CHECK_INT(last, 39);
    arena_free(&arena);
}

static void one_file_is_emptied(void) {
    struct json_lines log = open_lines(NULL, 200, 1);
    for (int i = 0; i < 20; i++) json_lines_append(&log, STREAM_STDOUT, "text\n", 5);
    json_lines_close(&log);
    CHECK(count_lines("id-json.log") >= 1 && count_lines("id-json.log") <= 5);
    CHECK(!read_lines("id-json.log.1"));
}

static void goes_on(void) {
    for (int i = 0; i < 3; i++) {
        struct json_lines log = open_lines(NULL, 0, 0);
        json_lines_append(&log, STREAM_STDOUT, "again\n", 6);
        json_lines_close(&log);
    }
    CHECK_INT(count_lines("id-json.log"), 3);
}

void json_lines_tests(void) {
    test("json-file: an entry a line, any bytes", entries);
    test("json-file: lines that come in pieces, and long ones", lines_in_pieces);
    test("json-file: attributes", with_attributes);
    test("json-file: rotation keeps the newest files, whole lines in order", rotation);
    test("json-file: a single file is emptied", one_file_is_emptied);
    test("json-file: a new start goes on in the same file", goes_on);
}
