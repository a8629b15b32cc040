/* Another process in a container that runs. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "child.h"
#include "error.h"
#include "process.h"
#include "rootfs.h"
#include "seccomp.h"
#include "sync.h"
#include "syscalls.h"
#include "user_namespace.h"

struct exec {
    int sync, init; /* init: pidfd of the container's first process */
    const struct oci_config *config;
    const struct oci_process *process;
    const struct container_options *options;
    const struct container_io *io;
};

/* The caller moves this process into the container's cgroup, then says so. */
static int wait_for_cgroup(const struct exec *exec, struct runtime_error *err) {
    struct sync_message message;
    if (sync_expect(exec->sync, SYNC_START, &message, "cgroup", err) < 0) _exit(1);
    sync_free(&message);
    return 0;
}

static int join(const struct exec *exec, struct runtime_error *err) {
    const struct oci_namespace_entry *namespaces = exec->config->namespaces;
    int flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
    /* One's own user namespace cannot be joined again. */
    if (namespaces[NS_USER].present) flags |= CLONE_NEWUSER;
    if (namespaces[NS_TIME].present) flags |= CLONE_NEWTIME_;
    if (setns(exec->init, flags) < 0) {
        return fail(err, "namespaces", errno, NULL, "joining the container's namespaces: %s", strerror(errno));
    }
    close(exec->init);
    return namespaces[NS_USER].present ? user_namespace_become_root(err) : 0;
}

static int open_terminal(const struct exec *exec, int *slave, struct runtime_error *err) {
    AUTO_FD master = -1;
    if (exec->io->terminal) {
        AUTO_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (console_open(root, false, exec->io->rows, exec->io->columns, &master, slave, err) < 0) return -1;
    }
    if (sync_send(exec->sync, SYNC_DONE, NULL, 0, &master, master >= 0 ? 1 : 0) < 0) _exit(1);
    return 0;
}

static int run(const struct exec *exec, struct runtime_error *err) {
    int slave = -1;
    struct arena arena = {0};
    struct identity identity;
    struct process_files files;
    struct seccomp_filter filter = {0};
    const int stdio[3] = {exec->io->stdin_fd, exec->io->stdout_fd, exec->io->stderr_fd};
    const struct json_value *profile = exec->config->seccomp;
    const struct oci_process *process = exec->process;
    /* Before joining, while /proc is the host's own. */
    if (process_open_files(process, &files, err) < 0) return -1;
    if (process->initial_affinity && process_set_affinity(process->initial_affinity, err) < 0) return -1;
    if (wait_for_cgroup(exec, err) < 0) return -1;
    if (profile && seccomp_compile(&arena, profile, &filter, err) < 0) return -1;
    if (join(exec, err) < 0 || open_terminal(exec, &slave, err) < 0) return -1;
    if (identity_resolve(&arena, &process->user, &identity, err) < 0) return -1;
    if (process_stdio(slave, stdio, err) < 0 || process_own_stdio(identity.uid, err) < 0) return -1;
    if (process->final_affinity && process_set_affinity(process->final_affinity, err) < 0) return -1;
    const struct process_start start = {
        .process = process,
        .identity = &identity,
        .files = &files,
        .filter = &filter,
        .options = exec->options,
        .personality = exec->config->personality,
        .sync = exec->sync,
    };
    return process_execute(&start, err);
}

static _Noreturn void child_main(const struct exec *exec) {
    struct runtime_error err;
    const int keep[] = {exec->sync, exec->init, exec->io->stdin_fd, exec->io->stdout_fd, exec->io->stderr_fd};
    child_begin(keep, sizeof keep / sizeof *keep, exec->options);
    run(exec, &err);
    child_fail(exec->sync, &err);
}

static int enter_cgroup(const struct exec *exec, const struct container *container, pid_t pid,
                        struct runtime_error *err) {
    if (!container->cgroup[0]) return 0;
    if (exec->options->subgroups) return cgroup_attach_below(container->cgroup, exec->options->subgroups, pid, err);
    if (cgroup_attach(container->cgroup, pid, err) == 0) return 0;
    /* Version 2: processes are where the container's own first process went once controllers are handed down. */
    return err->number == EBUSY ? cgroup_attach_beside(container->pid, container->cgroup, pid, err) : -1;
}

static int drive(int sync, const struct exec *exec, const struct container *container, pid_t pid, int *console,
                 struct runtime_error *err) {
    struct sync_message message;
    const struct sync_message start = {.type = SYNC_START};
    if (enter_cgroup(exec, container, pid, err) < 0) return -1;
    if (sync_tell(sync, &start, "exec", err) < 0) return -1;
    if (sync_expect(sync, SYNC_DONE, &message, "exec", err) < 0) return -1;
    int master = message.fd_count > 0 ? message.fds[0] : -1;
    message.fd_count = 0;
    sync_free(&message);
    if (await_command(sync, pid, &exec->options->sink, err) == 0) {
        if (console) *console = master;
        return 0;
    }
    close_fd(&master);
    return -1;
}

int container_exec(const struct container *container, const struct oci_config *config,
                   const struct oci_process *process, const struct container_options *options,
                   const struct container_io *io, int *console, pid_t *pid, int *pidfd, struct runtime_error *err) {
    static const struct container_options plain;
    int pair[2];
    if (sync_pair(pair) < 0) return fail(err, "exec", errno, NULL, "socketpair: %s", strerror(errno));
    const struct exec exec = {
        .sync = pair[1],
        .init = container->pidfd,
        .config = config,
        .process = process,
        .options = options ? options : &plain,
        .io = io,
    };
    *pidfd = -1;
    *pid = child_clone(0, container->pidfd, -1, pidfd, err);
    if (*pid == 0) child_main(&exec);
    close(pair[1]);
    int result = *pid < 0 ? -1 : drive(pair[0], &exec, container, *pid, console, err);
    close(pair[0]);
    if (result < 0 && *pidfd >= 0) {
        sys_pidfd_send_signal(*pidfd, SIGKILL);
        close_fd(pidfd);
        *pidfd = -1;
    }
    return result;
}
