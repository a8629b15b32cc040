#include "foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "../runtime/text.h"

int pid_file_write(const char *path, pid_t pid, struct runtime_error *err) {
    struct text temporary = {0};
    if (!path) return 0;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    text_add(&temporary, "%.*s.%s", (int)(name - path), path, name);
    int fd = open(temporary.bytes, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int result = -1;
    if (fd >= 0) {
        bool written = dprintf(fd, "%d", pid) > 0;
        close(fd);
        result = written && rename(temporary.bytes, path) == 0 ? 0 : -1;
    }
    if (result < 0) fail(err, "state", errno, path, "pid file %s: %s", path, strerror(errno));
    text_free(&temporary);
    return result;
}

static int connect_to(const char *path, struct runtime_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct text where = {0};
    AUTO_FD directory = -1;
    const char *slash = strrchr(path, '/');
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* A path that is too long for an address goes by its directory's descriptor. */
    if (slash && strlen(path) >= sizeof address.sun_path) {
        text_add(&where, "%.*s", (int)(slash - path + 1), path);
        directory = open(where.bytes, O_PATH | O_DIRECTORY | O_CLOEXEC);
        where.length = 0;
        text_add(&where, "/proc/self/fd/%d/%s", directory, slash + 1);
    } else {
        text_add(&where, "%s", path);
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", where.bytes);
    text_free(&where);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    fail(err, "devices", errno, path, "console socket %s: %s", path, strerror(errno));
    close_fd(&fd);
    return -1;
}

int console_send(const char *path, int master, struct runtime_error *err) {
    char name[] = "/dev/ptmx";
    struct iovec part = {.iov_base = name, .iov_len = sizeof name - 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &master, sizeof master);
    AUTO_FD socket = connect_to(path, err);
    if (socket < 0) return -1;
    if (sendmsg(socket, &message, MSG_NOSIGNAL) > 0) return 0;
    return fail(err, "devices", errno, path, "sending the terminal to %s: %s", path, strerror(errno));
}

void foreground_begin(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

struct relay {
    pid_t pid;
    int console, signals;
    bool input_open, raw;
    struct termios before;
    char pending[4096]; /* typed, and not yet taken by the terminal */
    size_t pending_length;
};

static void copy_size(const struct relay *relay) {
    struct winsize size;
    if (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) ioctl(relay->console, TIOCSWINSZ, &size);
}

static void begin_terminal(struct relay *relay) {
    struct termios raw;
    fcntl(relay->console, F_SETFL, fcntl(relay->console, F_GETFL) | O_NONBLOCK);
    relay->input_open = true;
    if (tcgetattr(0, &relay->before) < 0) return;
    raw = relay->before;
    cfmakeraw(&raw);
    relay->raw = tcsetattr(0, TCSANOW, &raw) == 0;
    copy_size(relay);
}

static void put_output(const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(1, bytes, length);
        if (written < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = 1, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (written < 0) return;
        bytes += written;
        length -= (size_t)written;
    }
}

/* Copies what the terminal has; closes it at its end. */
static void take_output(struct relay *relay) {
    char buffer[16384];
    ssize_t got;
    while ((got = read(relay->console, buffer, sizeof buffer)) > 0) put_output(buffer, (size_t)got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    close(relay->console);
    relay->console = -1;
}

static void give_input(struct relay *relay) {
    if (relay->pending_length == 0) {
        ssize_t got = read(0, relay->pending, sizeof relay->pending);
        if (got <= 0 && errno != EINTR) relay->input_open = false;
        relay->pending_length = got > 0 ? (size_t)got : 0;
    }
    ssize_t written = write(relay->console, relay->pending, relay->pending_length);
    if (written <= 0) return;
    relay->pending_length -= (size_t)written;
    memmove(relay->pending, relay->pending + written, relay->pending_length);
}

/* True once the child has ended. */
static bool take_signal(struct relay *relay, int *status) {
    struct signalfd_siginfo info;
    if (read(relay->signals, &info, sizeof info) != sizeof info) return false;
    int number = (int)info.ssi_signo;
    if (number == SIGCHLD) return waitpid(relay->pid, status, WNOHANG) == relay->pid;
    if (number == SIGWINCH && relay->console >= 0) copy_size(relay);
    /* Meant for this program alone: its pipes, its own scheduling, its terminal. */
    else if (number != SIGPIPE && number != SIGURG && number != SIGTTOU && number != SIGTTIN) kill(relay->pid, number);
    return false;
}

static int relay_until_end(struct relay *relay) {
    int status = 0;
    /* It may have ended before anybody listened. */
    bool ended = waitpid(relay->pid, &status, WNOHANG) == relay->pid;
    while (!ended) {
        short wanted = POLLIN | (relay->pending_length > 0 ? POLLOUT : 0);
        struct pollfd fds[3] = {
            {.fd = relay->signals, .events = POLLIN},
            {.fd = relay->console, .events = wanted},
            {.fd = relay->input_open && relay->console >= 0 && relay->pending_length == 0 ? 0 : -1, .events = POLLIN},
        };
        if (poll(fds, 3, -1) < 0 && errno != EINTR) break;
        if (fds[1].revents & (POLLIN | POLLHUP | POLLERR)) take_output(relay);
        if (relay->console >= 0 && (fds[2].revents || (fds[1].revents & POLLOUT))) give_input(relay);
        if (fds[0].revents) ended = take_signal(relay, &status);
    }
    if (relay->console >= 0) take_output(relay);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int follow_process(pid_t pid, int console) {
    sigset_t all;
    struct relay relay = {.pid = pid, .console = console};
    sigfillset(&all);
    relay.signals = signalfd(-1, &all, SFD_CLOEXEC);
    if (console >= 0) begin_terminal(&relay);
    int code = relay_until_end(&relay);
    if (relay.raw) tcsetattr(0, TCSANOW, &relay.before);
    close_fd(&relay.console);
    close_fd(&relay.signals);
    return code;
}
