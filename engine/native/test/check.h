/*
 * The native tests' frame. A file of tests has one function of `struct suite`'s table; each test is told as a line of
 * TAP ("ok 3 - json: …"), so that the runner counts what ran. A check that fails names its place and ends its test.
 */
#ifndef BERTH_CHECK_H
#define BERTH_CHECK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs `body` as the test `name`. */
void test(const char *name, void (*body)(void));

_Noreturn void check_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) check_failed(__FILE__, __LINE__, "%s", #condition);                                          \
    } while (0)

#define CHECK_INT(actual, expected) check_int(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))
#define CHECK_TEXT(actual, expected) check_text(__FILE__, __LINE__, #actual, actual, expected)
/* A check in a loop over cases: `what` says which. */
#define CHECK_CASE(condition, what)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) check_failed(__FILE__, __LINE__, "%s for %s", #condition, what);                             \
    } while (0)

void check_int(const char *file, int line, const char *what, long long actual, long long expected);
/* Either may be NULL. */
void check_text(const char *file, int line, const char *what, const char *actual, const char *expected);

/* A fresh directory for the running test; removed, with what it holds, behind it. */
const char *test_directory(void);

/* Where the runner has put the engine's default seccomp filter as JSON: the program's first argument. */
extern const char *default_profile_path;

/* One function a file, in the order in which they run. */
void json_tests(void);
void text_tests(void);
void config_tests(void);
void process_tests(void);
void seccomp_tests(void);
void in_root_tests(void);
void log_tests(void);
void json_lines_tests(void);
void record_tests(void);
void sync_tests(void);
void sha256_tests(void);

#endif
