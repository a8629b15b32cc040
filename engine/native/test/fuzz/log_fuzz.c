/* A log directory found after a power cut, with any bytes in its last segment: what is left is whole chunks. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../shim/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *directory(void) {
    static char path[] = "/dev/shm/berth-log-fuzz-XXXXXX";
    static int made;
    if (!made && !mkdtemp(path)) abort();
    made = 1;
    return path;
}

static void check_chunks(const unsigned char *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
        uint32_t size, again;
        if (length - at < 20) abort();
        memcpy(&size, bytes + at, 4);
        if (size > 65536 || length - at < 20 + (size_t)size || bytes[at + 4] < 1 || bytes[at + 4] > 3) abort();
        memcpy(&again, bytes + at + 16 + size, 4);
        if (again != size) abort();
        at += 20 + size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    char path[64];
    struct chunk_log log;
    struct runtime_error err;
    static unsigned char content[1 << 20];
    snprintf(path, sizeof path, "%s/1.chunks", directory());
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) abort();
    if (log_open(&log, directory(), 0, 0, &err) < 0) abort();
    log_append(&log, 1, bytes, length < 100 ? (uint32_t)length : 100);
    log_close(&log);
    ssize_t got = pread(fd, content, sizeof content, 0);
    close(fd);
    /* The kept front may hold a chunk that a shortcut trusted; from its start to its end all must be chunks, or its
     * last one must end where the file did. */
    if (got < 0) abort();
    if (got > 0) {
        uint32_t last;
        memcpy(&last, content + got - 4, 4);
        check_chunks(content + got - 20 - last, 20 + last);
    }
    unlink(path);
    return 0;
}
