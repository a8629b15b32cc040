#include "sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "json.h"

enum { MAX_PAYLOAD = 2 * JSON_MAX_BYTES + 65536 };

int sync_pair(int fds[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

static int read_all(int fd, char *bytes, size_t length) {
    while (length > 0) {
        ssize_t got = recv(fd, bytes, length, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) {
            errno = ECONNRESET;
            return -1;
        }
        bytes += got;
        length -= (size_t)got;
    }
    return 0;
}

int sync_send(int fd, uint32_t type, const void *payload, size_t length, const int *fds, size_t fd_count) {
    uint32_t header[2] = {type, (uint32_t)length};
    struct iovec part = {.iov_base = header, .iov_len = sizeof header};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SYNC_MAX_FDS)] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(head), fds, sizeof(int) * fd_count);
    }
    /* Eight bytes go at once or not at all. */
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)sizeof header) return -1;
    return write_all(fd, payload, length);
}

static void take_fds(struct msghdr *header, struct sync_message *message) {
    struct cmsghdr *head = CMSG_FIRSTHDR(header);
    if (!head || head->cmsg_type != SCM_RIGHTS) return;
    message->fd_count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(message->fds, CMSG_DATA(head), sizeof(int) * message->fd_count);
}

int sync_receive(int fd, struct sync_message *message) {
    uint32_t words[2];
    struct iovec part = {.iov_base = words, .iov_len = sizeof words};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SYNC_MAX_FDS)];
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    *message = (struct sync_message){0};
    ssize_t got;
    do got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return 0;
    if (got < 0) return -1;
    take_fds(&header, message);
    message->type = words[0];
    message->length = words[1];
    if (got != (ssize_t)sizeof words || message->length > MAX_PAYLOAD) {
        errno = EPROTO;
    } else if (message->length == 0) {
        return 1;
    } else {
        message->payload = malloc((size_t)message->length + 1);
        if (message->payload && read_all(fd, message->payload, message->length) == 0) return 1;
    }
    int saved = errno;
    sync_free(message);
    errno = saved;
    return -1;
}

void sync_free(struct sync_message *message) {
    free(message->payload);
    for (size_t i = 0; i < message->fd_count; i++) {
        if (message->fds[i] >= 0) close(message->fds[i]);
    }
    *message = (struct sync_message){0};
}

int sync_next(int fd, struct sync_message *message, const char *stage, struct runtime_error *err) {
    int got = sync_receive(fd, message);
    if (got < 0) return fail(err, stage, errno, NULL, "reading from the container's process");
    if (got == 0) return fail(err, stage, ECHILD, NULL, "the container's process ended before its command ran");
    if (message->type != SYNC_ERROR) return 0;
    if (message->length == sizeof *err) memcpy(err, message->payload, sizeof *err);
    else fail(err, stage, EPROTO, NULL, "unexpected message of the container's process");
    sync_free(message);
    return -1;
}

int sync_tell(int fd, const struct sync_message *message, const char *stage, struct runtime_error *err) {
    struct sync_message last;
    if (sync_send(fd, message->type, message->payload, message->length, message->fds, message->fd_count) == 0) return 0;
    if (errno != EPIPE) return fail(err, stage, errno, NULL, "telling the container's process: %s", strerror(errno));
    if (sync_next(fd, &last, stage, err) < 0) return -1;
    sync_free(&last);
    return fail(err, stage, EPIPE, NULL, "the container's process is gone");
}

int sync_expect(int fd, uint32_t type, struct sync_message *message, const char *stage, struct runtime_error *err) {
    if (sync_next(fd, message, stage, err) < 0) return -1;
    if (message->type == type) return 0;
    sync_free(message);
    return fail(err, stage, EPROTO, NULL, "unexpected message of the container's process");
}

int await_command(int fd, pid_t pid, const struct listener_sink *sink, struct runtime_error *err) {
    struct sync_message message;
    for (;;) {
        int got = sync_receive(fd, &message), result = -1;
        if (got == 0) return 0;
        if (got < 0) return fail(err, "exec", errno, NULL, "reading from the container's process");
        if (message.type == SYNC_LISTENER && message.fd_count == 1) {
            result = sink->take ? sink->take(sink->context, pid, message.fds[0], err)
                                : fail(err, "seccomp", ENOTSUP, NULL, "nobody would answer SCMP_ACT_NOTIFY");
        } else if (message.type == SYNC_ERROR && message.length == sizeof *err) {
            memcpy(err, message.payload, sizeof *err);
        } else {
            fail(err, "exec", EPROTO, NULL, "unexpected answer of the container's process");
        }
        sync_free(&message);
        if (result < 0) return -1;
    }
}
