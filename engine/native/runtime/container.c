/* The parent's side of prepare, configure, start, and what comes after. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "child.h"
#include "error.h"
#include "hooks.h"
#include "init.h"
#include "sync.h"
#include "syscalls.h"
#include "text.h"

static const struct {
    const char *file;
    int flag;
} namespace_kinds[NS_COUNT] = {
    [NS_PID] = {"pid", CLONE_NEWPID}, [NS_NETWORK] = {"net", CLONE_NEWNET}, [NS_MOUNT] = {"mnt", CLONE_NEWNS},
    [NS_IPC] = {"ipc", CLONE_NEWIPC}, [NS_UTS] = {"uts", CLONE_NEWUTS},     [NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP},
};

static int read_file(const char *path, struct text *text, struct runtime_error *err) {
    char buffer[16384];
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, "bundle", errno, path, "%s: %s", path, strerror(errno));
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0) return fail(err, "bundle", errno, path, "%s: %s", path, strerror(errno));
        if (got == 0) break;
        text_bytes(text, buffer, (size_t)got);
        if (text->failed || text->length > JSON_MAX_BYTES) {
            return fail(err, "bundle", EFBIG, path, "%s is too large", path);
        }
    }
    return 0;
}

int oci_config_load(const char *path, struct oci_config **config, struct runtime_error *err) {
    struct text text = {0};
    int result = read_file(path, &text, err);
    if (result == 0) result = oci_config_parse(text.length ? text.bytes : "", text.length, config, err);
    text_free(&text);
    return result;
}

int mount_plan_load(const char *path, struct mount_plan **plan, struct runtime_error *err) {
    struct text text = {0};
    int result = read_file(path, &text, err);
    if (result == 0) result = mount_plan_parse(text.length ? text.bytes : "", text.length, plan, err);
    text_free(&text);
    return result;
}

struct joins {
    int fds[NS_COUNT];
};

static void close_joins(struct joins *joins) {
    for (int i = 0; i < NS_COUNT; i++) close_fd(&joins->fds[i]);
}

/* Flags for clone3, and descriptors of the namespaces that are joined instead. */
static int plan_namespaces(const struct oci_config *config, uint64_t *flags, struct joins *joins,
                           struct runtime_error *err) {
    *flags = 0;
    for (int i = 0; i < NS_COUNT; i++) {
        const struct oci_namespace_entry *entry = &config->namespaces[i];
        /* A cgroup namespace has the group it is made in as its root: it is made in configure. */
        if (entry->present && !entry->path && i != NS_CGROUP) *flags |= (uint64_t)namespace_kinds[i].flag;
        if (!entry->path) continue;
        joins->fds[i] = open(entry->path, O_RDONLY | O_CLOEXEC);
        if (joins->fds[i] < 0) return fail(err, "namespaces", errno, entry->path, "%s", strerror(errno));
    }
    if (*flags & CLONE_NEWNS) return 0;
    return fail(err, "namespaces", ENOTSUP, NULL, "a container needs a mount namespace of its own");
}

static _Noreturn void first_process(int sync, const struct joins *joins, const struct container_options *options) {
    struct runtime_error err;
    int keep[NS_COUNT + 2];
    memcpy(keep, joins->fds, sizeof joins->fds);
    keep[NS_COUNT] = sync;
    keep[NS_COUNT + 1] = options->start_listener;
    child_begin(keep, NS_COUNT + 2, options);
    for (int i = 0; i < NS_COUNT; i++) {
        /* The pid namespace was joined by the parent: it is a process's at its birth. */
        if (i == NS_PID || joins->fds[i] < 0) continue;
        if (setns(joins->fds[i], namespace_kinds[i].flag) < 0) {
            fail(&err, "namespaces", errno, NULL, "joining the %s namespace: %s", namespace_kinds[i].file,
                 strerror(errno));
            child_fail(sync, &err);
        }
        close(joins->fds[i]);
    }
    init_main(sync, options);
}

int container_prepare(const struct oci_config *config, const struct container_options *options,
                      struct container *container, struct runtime_error *err) {
    static const struct container_options plain;
    struct joins joins = {{-1, -1, -1, -1, -1, -1}};
    uint64_t flags;
    int pair[2];
    char path[64];
    *container = (struct container){.pidfd = -1, .sync = -1, .mounts = -1, .id = options ? options->id : NULL};
    if (plan_namespaces(config, &flags, &joins, err) < 0) {
        close_joins(&joins);
        return -1;
    }
    if (sync_pair(pair) < 0) {
        close_joins(&joins);
        return fail(err, "namespaces", errno, NULL, "socketpair: %s", strerror(errno));
    }
    pid_t pid = child_clone(flags, joins.fds[NS_PID], &container->pidfd, err);
    if (pid == 0) first_process(pair[1], &joins, options ? options : &plain);
    close_joins(&joins);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return -1;
    }
    container->pid = pid;
    container->sync = pair[0];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    container->mounts = open(path, O_RDONLY | O_CLOEXEC);
    return 0;
}

static int enter_cgroup(struct container *container, const struct oci_config *config, const char *cgroup,
                        struct runtime_error *err) {
    if (!cgroup) cgroup = config->cgroups_path;
    if (!cgroup || !*cgroup) return 0;
    if (strlen(cgroup) >= sizeof container->cgroup) return fail(err, "cgroup", ENAMETOOLONG, cgroup, "too long");
    snprintf(container->cgroup, sizeof container->cgroup, "%s", cgroup);
    if (cgroup_create(cgroup, &config->resources, err) < 0) return -1;
    return cgroup_attach(cgroup, container->pid, err);
}

static int send_configure(const struct container *container, const struct oci_config *config,
                          const struct mount_plan *plan, const char *bundle, const struct container_io *io,
                          struct runtime_error *err) {
    const int given[3] = {io->stdin_fd, io->stdout_fd, io->stderr_fd};
    struct configure_header header = {
        .config_bytes = (uint32_t)config->length,
        .plan_bytes = plan ? (uint32_t)plan->length : 0,
        .bundle_bytes = (uint32_t)strlen(bundle),
        .rows = io->rows,
        .columns = io->columns,
        .terminal = io->terminal,
        .fds = {-1, -1, -1},
    };
    int fds[3];
    size_t count = 0;
    struct text message = {0};
    for (int i = 0; i < 3 && !io->terminal; i++) {
        if (given[i] < 0) continue;
        fds[count] = given[i];
        header.fds[i] = (int8_t)count++;
    }
    text_bytes(&message, &header, sizeof header);
    text_bytes(&message, config->text, config->length);
    if (plan) text_bytes(&message, plan->text, plan->length);
    text_bytes(&message, bundle, strlen(bundle));
    int result = 0;
    if (message.failed) result = fail(err, "bundle", ENOMEM, NULL, "out of memory");
    else if (sync_send(container->sync, SYNC_CONFIGURE, message.bytes, message.length, fds, count) < 0) {
        result = fail(err, "namespaces", errno, NULL, "telling the container's process: %s", strerror(errno));
    }
    text_free(&message);
    return result;
}

static int run_hooks(const struct container *container, const struct oci_config *config, const char *bundle,
                     struct runtime_error *err) {
    struct sync_message message;
    const struct hook_subject subject = {.id = container->id, .bundle = bundle, .pid = container->pid};
    if (!hooks_present(config, HOOK_PRESTART, HOOK_START_CONTAINER)) return 0;
    if (sync_expect(container->sync, SYNC_HOOKS, &message, "rootfs", err) < 0) return -1;
    sync_free(&message);
    if (hooks_run(config, HOOK_PRESTART, &subject, "creating", err) < 0 ||
        hooks_run(config, HOOK_CREATE_RUNTIME, &subject, "creating", err) < 0) {
        return -1;
    }
    if (sync_send(container->sync, SYNC_HOOKED, &container->pid, sizeof container->pid, NULL, 0) == 0) return 0;
    return fail(err, "hooks", errno, NULL, "the container's process is gone");
}

int container_configure(struct container *container, const struct oci_config *config, const struct mount_plan *plan,
                        const char *bundle, const char *cgroup, const struct container_io *io, int *console,
                        struct runtime_error *err) {
    struct sync_message done;
    if (enter_cgroup(container, config, cgroup, err) < 0) return -1;
    if (send_configure(container, config, plan, bundle, io, err) < 0) return -1;
    if (run_hooks(container, config, bundle, err) < 0) return -1;
    if (sync_expect(container->sync, SYNC_DONE, &done, "rootfs", err) < 0) return -1;
    if (console) {
        *console = done.fd_count > 0 ? done.fds[0] : -1;
        if (done.fd_count > 0) done.fds[0] = -1;
    }
    sync_free(&done);
    return 0;
}

int container_start(struct container *container, struct runtime_error *err) {
    struct sync_message answer;
    if (sync_send(container->sync, SYNC_START, NULL, 0, NULL, 0) < 0) {
        return fail(err, "exec", errno, NULL, "the container's process is gone");
    }
    /* End of file is success: execve closed the other end. */
    int got = sync_receive(container->sync, &answer);
    close_fd(&container->sync);
    container->sync = -1;
    if (got == 0) return 0;
    if (got > 0 && answer.type == SYNC_ERROR && answer.length == sizeof *err) memcpy(err, answer.payload, sizeof *err);
    else fail(err, "exec", EPROTO, NULL, "unexpected answer of the container's process");
    if (got > 0) sync_free(&answer);
    return -1;
}

int container_signal_all(const struct container *container, int number, struct runtime_error *err) {
    if (container->cgroup[0]) return cgroup_signal(container->cgroup, number, err);
    if (sys_pidfd_send_signal(container->pidfd, number) == 0 || errno == ESRCH) return 0;
    return fail(err, "exec", errno, NULL, "signal %d: %s", number, strerror(errno));
}

uint64_t container_oom_kills(const struct container *container) {
    return container->cgroup[0] ? cgroup_oom_kills(container->cgroup) : 0;
}

int container_delete(struct container *container, struct runtime_error *err) {
    if (container->cgroup[0]) {
        cgroup_signal(container->cgroup, SIGKILL, err);
        if (cgroup_remove(container->cgroup, err) < 0) return -1;
        container->cgroup[0] = 0;
    }
    close_fd(&container->sync);
    close_fd(&container->pidfd);
    close_fd(&container->mounts);
    container->sync = container->pidfd = container->mounts = -1;
    return 0;
}
