/* berth-shim: arguments, becoming a daemon, the ready pipe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "shim.h"

enum { READY_FD = 3 };

static void ready_error(const struct runtime_error *err) {
    dprintf(READY_FD, "error %d %s\n", err->number, err->message);
    dprintf(2, "%s: %s\n", err->stage, err->message);
}

static int parse_options(int argc, char **argv, struct shim_options *options, struct runtime_error *err) {
    const char *ignored;
    const struct {
        const char *name;
        const char **value;
    } table[] = {
        {"--id", &options->id},         {"--bundle", &options->bundle}, {"--dir", &options->dir},
        {"--run", &options->run},       {"--cgroup", &options->cgroup}, {"--monitor-cgroup", &options->monitor_cgroup},
        {"--seccomp-cache", &ignored},  {"--pool", &options->pool},
    };
    options->program = argv[0];
    for (int i = 1; i < argc; i += 2) {
        size_t known = 0, count = sizeof table / sizeof *table;
        while (known < count && strcmp(argv[i], table[known].name) != 0) known++;
        if (known == count || i + 1 == argc) {
            return fail(err, "protocol", EINVAL, argv[i], "unknown option or value missing: %s", argv[i]);
        }
        *table[known].value = argv[i + 1];
    }
    if (options->id && options->bundle && options->dir && options->run) return 0;
    return fail(err, "protocol", EINVAL, NULL, "--id, --bundle, --dir and --run are needed");
}

static int watch_children(struct shim *shim, struct runtime_error *err) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* The container's end ends the shim; nothing else that may be sent to a whole machine does. */
    const int ignored[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return fail(err, "protocol", errno, NULL, "signalfd: %s", strerror(errno));
    shim->signals = (struct watch){.fd = fd, .ready = shim_children};
    watch_events(shim, &shim->signals, EPOLLIN);
    return 0;
}

static int set_up(struct shim *shim, struct runtime_error *err) {
    prctl(PR_SET_NAME, "berth-shim", 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    umask(022);
    if (setsid() < 0 || chdir("/") < 0) return fail(err, "protocol", errno, NULL, "%s", strerror(errno));
    shim->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (shim->epoll < 0) return fail(err, "protocol", errno, NULL, "epoll: %s", strerror(errno));
    const char *monitor = shim->options.monitor_cgroup;
    if (monitor && *monitor &&
        (cgroup_create(monitor, NULL, err) < 0 || cgroup_attach(monitor, getpid(), err) < 0)) {
        return -1;
    }
    if (watch_children(shim, err) < 0 || client_listen(shim, err) < 0) return -1;
    return record_state(shim, err);
}

int main(int argc, char **argv) {
    static struct shim shim;
    struct runtime_error err;
    fcntl(READY_FD, F_SETFD, 0);
    if (parse_options(argc, argv, &shim.options, &err) < 0 || sealed_binary(argv, &err) < 0) {
        ready_error(&err);
        return 1;
    }
    fcntl(READY_FD, F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid != 0) _exit(pid < 0);
    session_new(&shim, &shim.main, 0);
    shim.client.watch.fd = shim.signals.fd = shim.listener.fd = -1;
    shim.container = (struct container){.pidfd = -1, .sync = -1, .mounts = -1};
    if (set_up(&shim, &err) < 0) {
        ready_error(&err);
        return 1;
    }
    dprintf(READY_FD, "ok\n");
    close(READY_FD);
    /* Behind the word that it listens; without a prepared process it is a shim like any other. */
    if (shim.options.pool && unit_prepare(&shim, &err) < 0) dprintf(2, "%s: %s\n", err.stage, err.message);
    loop_run(&shim);
    return 0;
}
