/* exit.json and shim.json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../shim/shim.h"
#include "check.h"

static struct arena arena;
static char path[256];

static const struct json_value *read_record(const char *name) {
    static char text[4096];
    char problem[64];
    snprintf(path, sizeof path, "%s/%s", test_directory(), name);
    FILE *file = fopen(path, "r");
    if (!file) check_failed(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
    size_t length = fread(text, 1, sizeof text, file);
    fclose(file);
    const struct json_value *value = json_parse(&arena, text, length, problem, sizeof problem);
    if (!value) check_failed(__FILE__, __LINE__, "%s", problem);
    return value;
}

static int64_t number(const struct json_value *object, const char *key) {
    int64_t value = -1;
    if (!json_int64(json_member(object, key), &value)) check_failed(__FILE__, __LINE__, "no number %s", key);
    return value;
}

static struct shim make_shim(void) {
    struct shim shim = {.options = {.dir = test_directory(), .run = test_directory(), .program = "/a \"b\""}};
    session_new(&shim, &shim.main, 0);
    shim.main.pid = 77;
    return shim;
}

static void an_end(void) {
    struct shim shim = make_shim();
    shim.main.exit_code = 137;
    shim.main.signal = 9;
    shim.oom_killed = true;
    shim.started_at = (struct timespec){.tv_sec = 951782400, .tv_nsec = 7};
    record_exit(&shim, NULL);
    const struct json_value *record = read_record("exit.json");
    CHECK(number(record, "pid") == 77 && number(record, "exitCode") == 137 && number(record, "signal") == 9);
    CHECK(json_member(record, "oomKilled")->type == JSON_TRUE);
    CHECK_TEXT(json_member(record, "startedAt")->text, "2000-02-29T00:00:00.000000007Z");
    CHECK_INT(json_member(record, "finishedAt")->length, 30);
    CHECK(!json_member(record, "startError"));
    snprintf(path, sizeof path, "%s/.exit.json.tmp", test_directory());
    CHECK(access(path, F_OK) < 0);
    text_free(&shim.exit_record);
    arena_free(&arena);
}

static void a_start_that_failed(void) {
    static const struct {
        const char *stage;
        int number, code;
    } cases[] = {{"exec", ENOENT, 127}, {"exec", EACCES, 126},   {"exec", ENOEXEC, 126}, {"cwd", ENOTDIR, 127},
                 {"cwd", EACCES, 126},  {"rootfs", ENOENT, 128}, {"user", ENOENT, 128}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shim shim = make_shim();
        struct runtime_error err = {.number = cases[i].number, .message = "no \"good\"\n\xff"};
        snprintf(err.stage, sizeof err.stage, "%s", cases[i].stage);
        record_exit(&shim, &err);
        const struct json_value *record = read_record("exit.json"), *told = json_member(record, "startError");
        CHECK_INT(number(record, "exitCode"), cases[i].code);
        CHECK_TEXT(json_member(told, "stage")->text, cases[i].stage);
        CHECK_INT(number(told, "errno"), cases[i].number);
        CHECK_TEXT(json_member(told, "message")->text, "no \"good\"\n\xef\xbf\xbd");
        text_free(&shim.exit_record);
    }
    arena_free(&arena);
}

static void what_the_shim_is(void) {
    struct shim shim = make_shim();
    struct runtime_error err = {0};
    CHECK(record_state(&shim, &err) == 0);
    const struct json_value *record = read_record("shim.json");
    CHECK(number(record, "pid") == getpid() && number(record, "protocol") == 1);
    CHECK_TEXT(json_member(record, "program")->text, "/a \"b\"");
    CHECK(strtoull(json_member(record, "startTime")->text, NULL, 10) > 0);
    shim.options.run = "/no/such";
    CHECK(record_state(&shim, &err) < 0 && err.number == ENOENT);
    arena_free(&arena);
}

void record_tests(void) {
    test("record: how a container ended", an_end);
    test("record: a start that failed, with the code a shell would give", a_start_that_failed);
    test("record: what the shim is", what_the_shim_is);
}
