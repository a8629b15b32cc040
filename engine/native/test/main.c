/* native-tests PROFILE: every test of the C library and of the shim's parts, told as TAP. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

const char *default_profile_path;

static int told, failures;
static jmp_buf leave;
static char directory[64];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void test(const char *name, void (*body)(void)) {
    bool failed = setjmp(leave) != 0;
    if (!failed) body();
    printf("%s %d - %s\n", failed ? "not ok" : "ok", ++told, name);
    fflush(stdout);
    failures += failed;
    if (directory[0]) nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    directory[0] = 0;
}

void check_failed(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("# %s:%d: ", file, line);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    longjmp(leave, 1);
}

void check_int(const char *file, int line, const char *what, long long actual, long long expected) {
    if (actual != expected) check_failed(file, line, "%s is %lld, not %lld", what, actual, expected);
}

void check_text(const char *file, int line, const char *what, const char *actual, const char *expected) {
    if (actual == expected || (actual && expected && strcmp(actual, expected) == 0)) return;
    check_failed(file, line, "%s is \"%s\", not \"%s\"", what, actual ? actual : "(null)",
                 expected ? expected : "(null)");
}

const char *test_directory(void) {
    if (directory[0]) return directory;
    snprintf(directory, sizeof directory, "/tmp/berth-native-XXXXXX");
    if (!mkdtemp(directory)) check_failed(__FILE__, __LINE__, "mkdtemp: %s", strerror(errno));
    return directory;
}

int main(int argc, char **argv) {
    static void (*const files[])(void) = {json_tests, text_tests,   config_tests, process_tests, seccomp_tests,
                                          in_root_tests, log_tests, json_lines_tests, record_tests, sync_tests,    sha256_tests};
    if (argc != 2) {
        fprintf(stderr, "usage: native-tests PROFILE\n");
        return 2;
    }
    default_profile_path = argv[1];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) files[i]();
    printf("1..%d\n", told);
    return failures > 0;
}
