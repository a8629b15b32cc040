/* kill and delete. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "../runtime/syscalls.h"
#include "command.h"
#include "launch.h"

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD}, {"CLD", SIGCHLD},   {"CONT", SIGCONT},
    {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},       {"INT", SIGINT},   {"IO", SIGIO},      {"IOT", SIGIOT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF}, {"PWR", SIGPWR},    {"QUIT", SIGQUIT},
    {"SEGV", SIGSEGV}, {"STKFLT", 16},    {"STOP", SIGSTOP},     {"SYS", SIGSYS},   {"TERM", SIGTERM},  {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"USR1", SIGUSR1},  {"USR2", SIGUSR2},
    {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/* A number, or a name with or without SIG; -1 when it is neither. Real-time ones as RTMIN+n and RTMAX-n. */
static int parse_signal(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*text && !*end) return number >= 0 && number <= 64 ? (int)number : -1;
    if (strncasecmp(text, "SIG", 3) == 0) text += 3;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (strcasecmp(text, signals[i].name) == 0) return signals[i].number;
    }
    bool from_least = strncasecmp(text, "RTMIN", 5) == 0;
    if (!from_least && strncasecmp(text, "RTMAX", 5) != 0) return -1;
    number = text[5] ? strtol(text + 5, &end, 10) : (end = (char *)text + 5, 0);
    number += from_least ? 34 : 64;
    return *end || number < 34 || number > 64 ? -1 : (int)number;
}

static bool kill_all;

static const struct option kill_options[] = {
    {"all", "a", OPTION_FLAG, &kill_all, "send the signal to every process of the container"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

static int send_to(const struct instance *instance, int number, struct runtime_error *err) {
    struct container container = instance_container(instance);
    int result = 0;
    if (kill_all) {
        result = cgroup_signal(container.cgroup, number, err);
    } else if (container.pidfd < 0) {
        result = fail(err, "state", ESRCH, NULL, "container not running");
    } else if (sys_pidfd_send_signal(container.pidfd, number) < 0) {
        result = fail(err, "state", errno, NULL, "sending signal %d: %s", number, strerror(errno));
    }
    close_fd(&container.pidfd);
    return result;
}

static int run_kill(char **arguments, size_t count) {
    struct instance instance;
    struct runtime_error err;
    const char *name = count > 1 ? arguments[1] : "SIGTERM";
    int number = parse_signal(name);
    if (instance_load(arguments[0], false, &instance, &err) < 0) return log_failure("%s", err.message);
    int status = 0;
    if (number < 0) status = log_failure("unknown signal \"%s\"", name);
    else if (send_to(&instance, number, &err) < 0) status = log_failure("%s", err.message);
    instance_free(&instance);
    return status;
}

static bool delete_force;

static const struct option delete_options[] = {
    {"force", "f", OPTION_FLAG, &delete_force, "kill the container first where it runs"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

static int delete_instance(struct instance *instance) {
    struct container container = instance_container(instance);
    struct runtime_error err;
    enum instance_status status = instance_status(instance);
    /* What waits for its start has not run anything that could be lost. */
    if (!delete_force && status != INSTANCE_STOPPED && status != INSTANCE_CREATED) {
        close_fd(&container.pidfd);
        return log_failure("cannot delete container %s that is not stopped: %s", instance->id,
                           instance_status_names[status]);
    }
    return destroy_container(instance, &container, &err) < 0 ? log_failure("%s", err.message) : 0;
}

static int run_delete(char **arguments, size_t count) {
    struct instance instance;
    struct runtime_error err;
    (void)count;
    if (instance_load(arguments[0], true, &instance, &err) < 0) {
        struct instance left;
        if (err.number != ENOENT) return log_failure("%s", err.message);
        /* What an ended program left without a record goes with the reservation. */
        if (delete_force && instance_reserve(arguments[0], &left, &err) == 0) {
            instance_remove(&left, &err);
            instance_free(&left);
        }
        return delete_force ? 0 : log_failure("container does not exist");
    }
    int status = delete_instance(&instance);
    instance_free(&instance);
    return status;
}

const struct command command_kill = {
    "kill", "kill sends the specified signal (default: SIGTERM) to the container's init process",
    "<container-id> [signal]", kill_options, false, 1, 2, run_kill,
};

const struct command command_delete = {
    "delete", "delete any resources held by the container, often used with a detached container", "<container-id>",
    delete_options, false, 1, 1, run_delete,
};
