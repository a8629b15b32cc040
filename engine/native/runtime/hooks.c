#include "hooks.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "syscalls.h"
#include "text.h"

enum { OUTPUT_KEPT = 256 };

extern char **environ;

bool hooks_present(const struct oci_config *config, enum oci_hook_kind first, enum oci_hook_kind last) {
    for (int kind = (int)first; kind <= (int)last; kind++) {
        if (config->hook_counts[kind] > 0) return true;
    }
    return false;
}

void hooks_write_state(struct text *state, const struct oci_config *config, const struct hook_subject *subject,
                       const char *status) {
    text_add(state, "{\"ociVersion\":\"%s\",\"id\":", OCI_VERSION);
    text_json(state, subject->id ? subject->id : "");
    text_add(state, ",\"status\":\"%s\"", status);
    if (subject->pid > 0) text_add(state, ",\"pid\":%d", subject->pid);
    text_add(state, ",\"bundle\":");
    text_json(state, subject->bundle);
    if (config->annotations) {
        text_add(state, ",\"annotations\":");
        text_json_value(state, config->annotations);
    }
    text_add(state, "}");
}

static _Noreturn void become_hook(const struct oci_hook *hook, int input, int output) {
    char *const own_name[] = {(char *)hook->path, NULL};
    char *const *args = hook->args.count ? (char *const *)hook->args.items : own_name;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(127);
    sys_close_range(3, ~0U, 0);
    execve(hook->path, args, hook->env.count ? (char *const *)hook->env.items : environ);
    dprintf(2, "%s", strerror(errno));
    _exit(127);
}

static int64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Until the hook has ended; keeps the beginning of what it says. False when its time was up. */
static bool follow(int pidfd, int output, const struct oci_hook *hook, char *said) {
    int64_t end = hook->timeout.present ? now_ms() + hook->timeout.value * 1000 : INT64_MAX;
    size_t length = 0;
    struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = output, .events = POLLIN}};
    for (;;) {
        char buffer[512];
        int64_t left = end == INT64_MAX ? -1 : end - now_ms();
        if (end != INT64_MAX && left <= 0) return false;
        if (poll(fds, 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR) return true;
        ssize_t got = fds[1].revents ? read(output, buffer, sizeof buffer) : -1;
        if (got == 0) fds[1].fd = -1;
        for (ssize_t i = 0; i < got && length < OUTPUT_KEPT; i++) said[length++] = buffer[i];
        said[length] = 0;
        if (fds[0].revents && got <= 0) return true;
    }
}

static int give_state(int fd, const struct text *state) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    /* A hook that does not read its state is none the worse for it. */
    ssize_t written = write(fd, state->bytes, state->length);
    int result = written < 0 && errno != EPIPE ? -1 : 0;
    sigaction(SIGPIPE, &before, NULL);
    return result;
}

static int run_hook(const struct oci_hook *hook, const struct text *state, struct runtime_error *err) {
    int input[2], output[2], status = 0;
    char said[OUTPUT_KEPT + 1] = "";
    if (pipe2(input, O_CLOEXEC) < 0) return fail(err, "hooks", errno, hook->path, "pipe: %s", strerror(errno));
    AUTO_FD input_read = input[0];
    AUTO_FD input_write = input[1];
    if (pipe2(output, O_CLOEXEC) < 0) return fail(err, "hooks", errno, hook->path, "pipe: %s", strerror(errno));
    AUTO_FD output_read = output[0];
    pid_t pid = fork();
    if (pid == 0) become_hook(hook, input_read, output[1]);
    close(output[1]);
    if (pid < 0) return fail(err, "hooks", errno, hook->path, "fork: %s", strerror(errno));
    AUTO_FD pidfd = sys_pidfd_open(pid);
    int given = give_state(input_write, state);
    close(input_write);
    input_write = -1;
    bool in_time = given < 0 || follow(pidfd, output_read, hook, said);
    if (given < 0 || !in_time) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (given < 0) return fail(err, "hooks", EIO, hook->path, "telling the hook its state");
    if (!in_time) {
        return fail(err, "hooks", ETIMEDOUT, hook->path, "hook ran past specified timeout of %ds",
                    (int)hook->timeout.value);
    }
    if (status == 0) return 0;
    if (WIFEXITED(status)) {
        return fail(err, "hooks", ECANCELED, hook->path, "error running hook: exit status %d, stdout and stderr: %s",
                    WEXITSTATUS(status), said);
    }
    char name[64];
    snprintf(name, sizeof name, "%s", strsignal(WTERMSIG(status)));
    name[0] = (char)tolower((unsigned char)name[0]);
    return fail(err, "hooks", ECANCELED, hook->path, "error running hook: signal: %s, stdout and stderr: %s", name, said);
}

int hooks_run(const struct oci_config *config, enum oci_hook_kind kind, const struct hook_subject *subject,
              const char *status, struct runtime_error *err) {
    struct text state = {0};
    struct runtime_error inner;
    int result = 0;
    if (config->hook_counts[kind] == 0) return 0;
    hooks_write_state(&state, config, subject, status);
    if (state.failed) result = fail(err, "hooks", ENOMEM, NULL, "out of memory");
    for (size_t i = 0; result == 0 && i < config->hook_counts[kind]; i++) {
        if (run_hook(&config->hooks[kind][i], &state, &inner) == 0) continue;
        result = fail(err, "hooks", inner.number, inner.path, "error running %s hook #%zu: %s", oci_hook_names[kind], i,
                      inner.message);
    }
    text_free(&state);
    return result;
}
