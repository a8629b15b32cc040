/* The chunk log as docs/shim-protocol.md has it: read here by hand, not by the code that wrote it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../shim/log.h"
#include "check.h"

enum { FRAME = 20 };

static struct runtime_error err;

static const char *log_path(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/log%s%s", test_directory(), name ? "/" : "", name ? name : "");
    return path;
}

static struct chunk_log open_log(uint64_t max_bytes, uint32_t max_files) {
    struct chunk_log log;
    if (log_open(&log, log_path(NULL), max_bytes, max_files, &err) < 0) {
        check_failed(__FILE__, __LINE__, "%s", err.message);
    }
    return log;
}

static unsigned char *read_segment(const char *name, size_t *length) {
    static unsigned char bytes[1 << 20];
    int fd = open(log_path(name), O_RDONLY);
    if (fd < 0) check_failed(__FILE__, __LINE__, "%s: %s", log_path(name), strerror(errno));
    ssize_t got = read(fd, bytes, sizeof bytes);
    close(fd);
    CHECK(got >= 0);
    *length = (size_t)got;
    return bytes;
}

static uint32_t u32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* How many whole chunks a segment holds; the test fails where anything else is in it. */
static unsigned count_chunks(const char *name) {
    size_t length, at = 0;
    unsigned count = 0;
    const unsigned char *bytes = read_segment(name, &length);
    while (at < length) {
        uint32_t size = u32(bytes + at);
        CHECK(at + FRAME + size <= length && size <= 65536);
        CHECK(bytes[at + 4] >= 1 && bytes[at + 4] <= 3 && bytes[at + 5] == 0 && bytes[at + 6] == 0 && bytes[at + 7] == 0);
        CHECK_INT(u32(bytes + at + 16 + size), size);
        at += FRAME + size;
        count++;
    }
    return count;
}

static bool exists(const char *name) {
    return access(log_path(name), F_OK) == 0;
}

static void layout(void) {
    struct chunk_log log = open_log(0, 0);
    uint64_t before = (uint64_t)time(NULL);
    log_append(&log, 3, NULL, 0);
    log_append(&log, 1, "out\n", 4);
    log_append(&log, 2, "e\0r", 3);
    CHECK_INT(log.offset, 3 * FRAME + 7);
    log_close(&log);
    size_t length;
    const unsigned char *bytes = read_segment("1.chunks", &length);
    CHECK_INT(length, 3 * FRAME + 7);
    CHECK_INT(count_chunks("1.chunks"), 3);
    CHECK(bytes[4] == 3 && u32(bytes) == 0);
    const unsigned char *second = bytes + FRAME, *third = second + FRAME + 4;
    CHECK(u32(second) == 4 && second[4] == 1 && memcmp(second + 16, "out\n", 4) == 0);
    CHECK(u32(third) == 3 && third[4] == 2 && memcmp(third + 16, "e\0r", 3) == 0);
    uint64_t seconds = ((uint64_t)u32(second + 12) << 32 | u32(second + 8)) / 1000000000;
    CHECK(seconds >= before && seconds <= before + 60);
}

static void goes_on_where_it_ended(void) {
    for (int i = 0; i < 3; i++) {
        struct chunk_log log = open_log(0, 0);
        CHECK_INT(log.offset, i * (FRAME + 1));
        log_append(&log, 1, "x", 1);
        log_close(&log);
    }
    CHECK_INT(count_chunks("1.chunks"), 3);
}

static void rotates(void) {
    struct chunk_log log = open_log(100, 3);
    char bytes[50];
    memset(bytes, 'b', sizeof bytes);
    for (int i = 0; i < 10; i++) log_append(&log, 1, bytes, sizeof bytes);
    /* Two chunks of 70 bytes reach the 100 of a segment; a chunk is never cut by its end. */
    CHECK_INT(log.segment, 5);
    log_close(&log);
    CHECK(!exists("1.chunks") && !exists("2.chunks") && exists("3.chunks") && exists("4.chunks") && exists("5.chunks"));
    for (int i = 3; i <= 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.chunks", i);
        CHECK_INT(count_chunks(name), 2);
    }
    log = open_log(100, 3);
    CHECK(log.segment == 5 && log.offset == 140);
    log_append(&log, 1, "x", 1);
    CHECK_INT(log.segment, 6);
    log_close(&log);
    CHECK(!exists("3.chunks"));
}

static void fewer_files_than_before(void) {
    struct chunk_log log = open_log(1, 0);
    for (int i = 0; i < 6; i++) log_append(&log, 1, "x", 1);
    log_close(&log);
    CHECK(exists("1.chunks") && exists("6.chunks"));
    log = open_log(1, 2);
    log_append(&log, 1, "x", 1);
    log_close(&log);
    for (int i = 1; i <= 7; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.chunks", i);
        CHECK_CASE(exists(name) == (i >= 6), name);
    }
}

static void write_segment(const char *name, const void *bytes, size_t length) {
    mkdir(log_path(NULL), 0700);
    int fd = open(log_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    close(fd);
}

/* A power cut leaves a chunk cut at any byte, or bytes that never were one. */
static void what_a_power_cut_left(void) {
    static const unsigned char chunk[FRAME + 3] = {3, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 'a', 'b', 'c', 3};
    unsigned char two[2 * sizeof chunk];
    memcpy(two, chunk, sizeof chunk);
    memcpy(two + sizeof chunk, chunk, sizeof chunk);
    for (size_t length = 0; length <= sizeof two; length++) {
        write_segment("1.chunks", two, length);
        struct chunk_log log = open_log(0, 0);
        CHECK_INT(log.offset, length / sizeof chunk * sizeof chunk);
        log_append(&log, 1, "x", 1);
        log_close(&log);
        CHECK_INT(count_chunks("1.chunks"), length / sizeof chunk + 1);
    }
    unsigned char zeros[4096] = {0};
    memcpy(zeros, chunk, sizeof chunk);
    memset(zeros + sizeof chunk, 0xff, 100);
    write_segment("1.chunks", zeros, sizeof zeros);
    struct chunk_log log = open_log(0, 0);
    CHECK_INT(log.offset, sizeof chunk);
    log_close(&log);
}

static void names_of_others_are_left_alone(void) {
    write_segment("notes.txt", "x", 1);
    write_segment("7.chunks.old", "x", 1);
    write_segment("-3.chunks", "x", 1);
    write_segment("2.chunks", "", 0);
    struct chunk_log log = open_log(1, 1);
    CHECK_INT(log.segment, 2);
    log_append(&log, 1, "x", 1);
    log_append(&log, 1, "x", 1);
    log_close(&log);
    CHECK(exists("notes.txt") && exists("7.chunks.old") && exists("-3.chunks") && exists("3.chunks") && !exists("2.chunks"));
}

static void the_largest_chunk(void) {
    static char bytes[65536];
    struct chunk_log log = open_log(0, 0);
    log_append(&log, 1, bytes, sizeof bytes);
    log_close(&log);
    CHECK_INT(count_chunks("1.chunks"), 1);
}

/* In a process and a mount namespace of its own; 0: all was as it should be, else the line that was not. */
static int fill_a_disk(void) {
    static char bytes[10000];
    struct chunk_log log;
    struct stat info;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return __LINE__;
    if (mount("disk", test_directory(), "tmpfs", 0, "size=64k") < 0) return __LINE__;
    if (log_open(&log, log_path(NULL), 0, 0, &err) < 0) return __LINE__;
    close(2);
    for (int i = 0; i < 20; i++) log_append(&log, 1, bytes, sizeof bytes);
    if (log.last_error != ENOSPC) return __LINE__;
    if (fstat(log.file, &info) < 0 || (uint64_t)info.st_size != log.offset) return __LINE__;
    if (log.offset % (FRAME + sizeof bytes) != 0) return __LINE__;
    /* Small ones may still fit; with room again all is as before. */
    if (unlinkat(log.directory, "1.chunks", 0) < 0) return __LINE__;
    log_close(&log);
    if (log_open(&log, log_path(NULL), 0, 0, &err) < 0) return __LINE__;
    log_append(&log, 1, bytes, sizeof bytes);
    return log.last_error == 0 && log.offset == FRAME + sizeof bytes ? 0 : __LINE__;
}

static void a_full_disk(void) {
    int status;
    test_directory();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int line = fill_a_disk();
        if (line) printf("# %s:%d\n", __FILE__, line);
        fflush(stdout);
        _exit(line != 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

void log_tests(void) {
    test("log: chunks are laid out as the protocol says", layout);
    test("log: goes on behind the last chunk", goes_on_where_it_ended);
    test("log: rotates between chunks, and keeps so many segments", rotates);
    test("log: a smaller number of segments takes effect", fewer_files_than_before);
    test("log: what a power cut left is cut away", what_a_power_cut_left);
    test("log: other files of the directory are left alone", names_of_others_are_left_alone);
    test("log: the largest chunk", the_largest_chunk);
    test("log: a full disk loses chunks, never leaves a part of one", a_full_disk);
}
