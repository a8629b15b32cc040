/*
 * The tar reader: every byte of the input is given out once, as data or to the frame, and no entry promises what its
 * sparse map does not keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../../unpack/frame.h"
#include "../../../unpack/report.h"
#include "../../../unpack/source.h"
#include "../../../unpack/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What is given up on ends with the process in the program itself. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return 1; }

static jmp_buf refused;
static const uint8_t *input;
static size_t input_left, framed, given;

size_t source_peek(const uint8_t **bytes) {
    /* In pieces, as a pipe gives them. */
    size_t have = input_left < 700 ? input_left : 700;
    *bytes = input;
    return have;
}

void source_take(size_t count) {
    if (count > input_left) abort();
    input += count;
    input_left -= count;
}

void frame_literal(struct frame *frame, const void *bytes, size_t length) {
    (void)frame;
    if (bytes == NULL && length > 0) abort();
    framed += length;
}

_Noreturn void fail(enum fail_kind kind, const char *format, ...) {
    (void)kind;
    (void)format;
    longjmp(refused, 1);
}

_Noreturn void fail_errno(const char *what, const char *path) {
    (void)what;
    (void)path;
    longjmp(refused, 1);
}

static void take_data(struct tar *tar, uint64_t length) {
    while (length > 0) {
        const uint8_t *bytes;
        size_t count = tar_data(tar, length, &bytes);
        if (count == 0 || count > length) abort();
        given += count;
        length -= count;
    }
}

static void check_entry(struct tar *tar, struct tar_entry *entry) {
    if (entry->name == NULL || entry->link == NULL || entry->type < '0' || entry->type > '6') abort();
    if (entry->mode > 07777 || entry->mtime_ns >= 1000000000) abort();
    uint64_t reached = 0, stored = 0;
    for (size_t i = 0; i < entry->extent_count; i++) {
        if (entry->extents[i].offset < reached) abort();
        reached = entry->extents[i].offset + entry->extents[i].length;
        stored += entry->extents[i].length;
    }
    if (entry->extents != NULL && reached > entry->size) abort();
    if (entry->type == '0') take_data(tar, entry->extents != NULL ? stored : entry->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static struct frame frame;
    struct tar tar;
    input = bytes;
    input_left = length;
    framed = given = 0;
    tar_open(&tar, &frame);
    if (setjmp(refused) == 0) {
        for (struct tar_entry *entry; (entry = tar_next(&tar)) != NULL;) check_entry(&tar, entry);
        if (input_left > 0 || framed + given != length) abort();
    }
    return 0;
}
