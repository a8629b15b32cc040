/* Messages between the monitor and the process that becomes a container: what comes is never trusted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../runtime/sync.h"
#include "check.h"

static int ends[2];

static void open_pair(void) {
    CHECK(sync_pair(ends) == 0);
}

static void close_pair(void) {
    close(ends[0]);
    close(ends[1]);
}

static void a_message_with_descriptors(void) {
    struct sync_message message;
    int pipes[2];
    char byte = 0;
    open_pair();
    CHECK(pipe(pipes) == 0);
    CHECK(sync_send(ends[0], SYNC_DONE, "hello", 5, pipes, 2) == 0);
    CHECK_INT(sync_receive(ends[1], &message), 1);
    CHECK(message.type == SYNC_DONE && message.length == 5 && memcmp(message.payload, "hello", 5) == 0);
    CHECK(message.fd_count == 2 && fcntl(message.fds[0], F_GETFD) == FD_CLOEXEC);
    CHECK(write(message.fds[1], "x", 1) == 1 && read(pipes[0], &byte, 1) == 1 && byte == 'x');
    int received = message.fds[0];
    sync_free(&message);
    CHECK(fcntl(received, F_GETFD) < 0 && errno == EBADF);
    close(pipes[0]);
    close(pipes[1]);
    close_pair();
}

static void the_childs_error_is_the_parents(void) {
    struct runtime_error sent = {.stage = "mounts", .number = EPERM, .message = "no", .path = "/x"}, err = {0};
    struct sync_message message;
    open_pair();
    CHECK(sync_send(ends[0], SYNC_ERROR, &sent, sizeof sent, NULL, 0) == 0);
    CHECK(sync_expect(ends[1], SYNC_DONE, &message, "rootfs", &err) < 0);
    CHECK(memcmp(&sent, &err, sizeof err) == 0);
    close_pair();
}

static void ends_and_strangers(void) {
    struct runtime_error err;
    struct sync_message message;
    open_pair();
    CHECK(sync_send(ends[0], 99, NULL, 0, NULL, 0) == 0);
    CHECK(sync_expect(ends[1], SYNC_DONE, &message, "rootfs", &err) < 0 && err.number == EPROTO);
    CHECK(sync_send(ends[0], SYNC_ERROR, "short", 5, NULL, 0) == 0);
    CHECK(sync_expect(ends[1], SYNC_DONE, &message, "rootfs", &err) < 0 && err.number == EPROTO);
    close(ends[0]);
    CHECK(sync_expect(ends[1], SYNC_DONE, &message, "rootfs", &err) < 0 && err.number == ECHILD);
    CHECK_TEXT(err.stage, "rootfs");
    close(ends[1]);
}

static void lengths_that_lie(void) {
    static const uint32_t lengths[] = {0xffffffff, 0x7fffffff, 40 * 1024 * 1024};
    struct sync_message message;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        open_pair();
        const uint32_t words[2] = {SYNC_DONE, lengths[i]};
        CHECK(send(ends[0], words, sizeof words, 0) == sizeof words);
        CHECK_INT(sync_receive(ends[1], &message), -1);
        CHECK_INT(errno, EPROTO);
        close_pair();
    }
    /* A payload that stops before its length. */
    open_pair();
    const uint32_t words[2] = {SYNC_DONE, 100};
    CHECK(send(ends[0], words, sizeof words, 0) == sizeof words && send(ends[0], "half", 4, 0) == 4);
    close(ends[0]);
    CHECK_INT(sync_receive(ends[1], &message), -1);
    close(ends[1]);
    /* A header that stops. */
    open_pair();
    CHECK(send(ends[0], words, 5, 0) == 5);
    close(ends[0]);
    CHECK_INT(sync_receive(ends[1], &message), -1);
    close(ends[1]);
}

static void more_descriptors_than_fit(void) {
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int) * 8)];
    } control = {0};
    uint32_t words[2] = {SYNC_DONE, 0};
    struct iovec part = {.iov_base = words, .iov_len = sizeof words};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    struct sync_message message;
    int fds[8];
    open_pair();
    for (int i = 0; i < 8; i++) fds[i] = 0;
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(&control.head), fds, sizeof fds);
    CHECK(sendmsg(ends[0], &header, 0) == sizeof words);
    int before = dup(0);
    close(before);
    int got = sync_receive(ends[1], &message);
    CHECK(got == 1 && message.fd_count <= SYNC_MAX_FDS);
    sync_free(&message);
    int after = dup(0);
    close(after);
    CHECK_INT(after, before);
    close_pair();
}

void sync_tests(void) {
    test("sync: a message with descriptors", a_message_with_descriptors);
    test("sync: the child's error is re-created in the parent", the_childs_error_is_the_parents);
    test("sync: ends, unknown types and short errors", ends_and_strangers);
    test("sync: lengths that lie", lengths_that_lie);
    test("sync: more descriptors than fit leak nothing", more_descriptors_than_fit);
}
