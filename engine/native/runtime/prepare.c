/* A container's first process: cloned into its namespaces, new or joined, and waiting. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "child.h"
#include "error.h"
#include "init.h"
#include "sync.h"
#include "syscalls.h"
#include "user_namespace.h"

static const struct {
    const char *file;
    int flag;
} namespace_kinds[NS_COUNT] = {
    [NS_PID] = {"pid", CLONE_NEWPID},          [NS_NETWORK] = {"net", CLONE_NEWNET}, [NS_MOUNT] = {"mnt", CLONE_NEWNS},
    [NS_IPC] = {"ipc", CLONE_NEWIPC},          [NS_UTS] = {"uts", CLONE_NEWUTS},
    [NS_CGROUP] = {"cgroup", CLONE_NEWCGROUP}, [NS_USER] = {"user", CLONE_NEWUSER},  [NS_TIME] = {"time", CLONE_NEWTIME_},
};

struct plan {
    const struct oci_config *config;
    const struct container_options *options;
    uint64_t flags;      /* of namespaces that are made by clone3 */
    int joins[NS_COUNT]; /* descriptors of those that are joined instead, or -1 */
    int cgroup;          /* descriptor of the group to be born in, or -1 */
    int sync;
};

static void close_joins(struct plan *plan) {
    for (int i = 0; i < NS_COUNT; i++) close_fd(&plan->joins[i]);
}

static int open_joins(struct plan *plan, struct runtime_error *err) {
    for (int i = 0; i < NS_COUNT; i++) {
        const struct oci_namespace_entry *entry = &plan->config->namespaces[i];
        /* A cgroup namespace has the group it is made in as its root: it is made in configure. */
        bool cloned = i != NS_CGROUP && i != NS_USER && i != NS_TIME;
        if (entry->present && !entry->path && cloned) plan->flags |= (uint64_t)namespace_kinds[i].flag;
        if (!entry->path) continue;
        plan->joins[i] = open(entry->path, O_RDONLY | O_CLOEXEC);
        if (plan->joins[i] < 0) return fail(err, "namespaces", errno, entry->path, "%s", strerror(errno));
    }
    if (plan->flags & CLONE_NEWNS) return 0;
    return fail(err, "namespaces", ENOTSUP, NULL, "a container needs a mount namespace of its own");
}

/* Joins what is to be joined but for the pid namespace, which is a process's at its birth, and the user namespace.
 * With `again` only those that were refused before, for want of privileges in their own user namespace. */
static int join(struct plan *plan, bool again, struct runtime_error *err) {
    bool has_user = plan->config->namespaces[NS_USER].present;
    for (int i = 0; i < NS_COUNT; i++) {
        if (i == NS_PID || i == NS_USER || plan->joins[i] < 0) continue;
        if (setns(plan->joins[i], namespace_kinds[i].flag) < 0) {
            if (errno == EPERM && has_user && !again) continue;
            return fail(err, "namespaces", errno, NULL, "joining the %s namespace: %s", namespace_kinds[i].file,
                        strerror(errno));
        }
        close(plan->joins[i]);
        plan->joins[i] = -1;
    }
    return 0;
}

static int make_time_namespace(const struct oci_config *config, struct runtime_error *err) {
    const struct oci_namespace_entry *entry = &config->namespaces[NS_TIME];
    if (!entry->present || entry->path) return 0;
    if (unshare(CLONE_NEWTIME_) < 0) {
        return fail(err, "namespaces", errno, NULL, "making a time namespace: %s", strerror(errno));
    }
    AUTO_FD file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    for (size_t i = 0; i < config->time_offset_count; i++) {
        const struct oci_time_offset *offset = &config->time_offsets[i];
        if (file >= 0 && dprintf(file, "%s %lld %u\n", offset->clock, (long long)offset->seconds, offset->nanoseconds) > 0) {
            continue;
        }
        return fail(err, "namespaces", errno, offset->clock, "time offset of %s: %s", offset->clock, strerror(errno));
    }
    return 0;
}

static _Noreturn void first_process(struct plan *plan) {
    struct runtime_error err;
    child_tie_to_parent(plan->options);
    if (join(plan, true, &err) < 0) child_fail(plan->sync, &err);
    init_main(plan->sync, plan->options);
}

/* What the forked process keeps of the caller's descriptors. */
static void begin(struct plan *plan) {
    int keep[NS_COUNT + 2];
    memcpy(keep, plan->joins, sizeof plan->joins);
    keep[NS_COUNT] = plan->sync;
    keep[NS_COUNT + 1] = plan->options->start_listener;
    child_begin(keep, NS_COUNT + 2, plan->options);
}

static int enter_user_namespace(struct plan *plan, struct runtime_error *err) {
    struct sync_message message;
    if (plan->joins[NS_USER] >= 0 && setns(plan->joins[NS_USER], CLONE_NEWUSER) < 0) {
        return fail(err, "namespaces", errno, NULL, "joining the user namespace: %s", strerror(errno));
    }
    if (plan->joins[NS_USER] < 0) {
        if (unshare(CLONE_NEWUSER) < 0) {
            return fail(err, "namespaces", errno, NULL, "making a user namespace: %s", strerror(errno));
        }
        if (sync_send(plan->sync, SYNC_MAP, NULL, 0, NULL, 0) < 0) _exit(1);
        if (sync_expect(plan->sync, SYNC_MAPPED, &message, "namespaces", err) < 0) return -1;
        sync_free(&message);
    }
    close_fd(&plan->joins[NS_USER]);
    plan->joins[NS_USER] = -1;
    return user_namespace_become_root(err);
}

/*
 * Between the caller and the first process where there is a user namespace: all other namespaces must be made inside
 * it, so that they belong to it, and those joined from outside must be joined before. The first process is the
 * caller's child all the same (CLONE_PARENT).
 */
static _Noreturn void between(struct plan *plan) {
    struct runtime_error err;
    int pidfd = -1;
    begin(plan);
    /* The time namespace while /proc/self still belongs to whom this process runs as. */
    if (join(plan, false, &err) < 0 || make_time_namespace(plan->config, &err) < 0 ||
        enter_user_namespace(plan, &err) < 0) {
        child_fail(plan->sync, &err);
    }
    struct clone_request request = {
        .flags = plan->flags | CLONE_PIDFD_ | CLONE_PARENT,
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
    };
    pid_t pid = sys_clone3(&request);
    if (pid == 0) {
        setsid();
        first_process(plan);
    }
    if (pid < 0) {
        fail(&err, "namespaces", errno, NULL, "clone3: %s", strerror(errno));
        child_fail(plan->sync, &err);
    }
    sync_send(plan->sync, SYNC_PROCESS, NULL, 0, &pidfd, 1);
    _exit(0);
}

/* The pid behind a pidfd, as this process's pid namespace numbers it. */
static pid_t pid_of(int pidfd) {
    char path[64], line[128];
    int pid = -1;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) sscanf(line, "Pid: %d", &pid);
    if (file) fclose(file);
    return pid;
}

static int follow_between(const struct plan *plan, pid_t pid, int sync, struct container *container,
                          struct runtime_error *err) {
    struct sync_message message;
    if (plan->joins[NS_USER] < 0) {
        if (sync_expect(sync, SYNC_MAP, &message, "namespaces", err) < 0) return -1;
        sync_free(&message);
        if (user_namespace_map(pid, &plan->config->mappings, err) < 0) return -1;
        sync_send(sync, SYNC_MAPPED, NULL, 0, NULL, 0);
    }
    if (sync_expect(sync, SYNC_PROCESS, &message, "namespaces", err) < 0) return -1;
    container->pidfd = message.fd_count > 0 ? message.fds[0] : -1;
    message.fd_count = 0;
    sync_free(&message);
    container->pid = pid_of(container->pidfd);
    return container->pid > 0 ? 0 : fail(err, "namespaces", EPROTO, NULL, "no pid of the container's process");
}

/* With a user namespace: by a process in between, which is gone again when this returns. */
static int prepare_by_another(struct plan *plan, int sync, struct container *container, struct runtime_error *err) {
    AUTO_FD pidfd = -1;
    pid_t pid = child_clone(0, plan->joins[NS_PID], plan->cgroup, &pidfd, err);
    if (pid == 0) between(plan);
    close(plan->sync);
    if (pid < 0) return -1;
    int result = follow_between(plan, pid, sync, container, err);
    if (result < 0) sys_pidfd_send_signal(pidfd, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    return result;
}

/* Children of the caller are to be in a new time namespace, the caller is not. */
static int prepare_directly(struct plan *plan, struct container *container, struct runtime_error *err) {
    const struct oci_namespace_entry *time = &plan->config->namespaces[NS_TIME];
    AUTO_FD own = time->present && !time->path ? open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC) : -1;
    pid_t pid = -1;
    if (make_time_namespace(plan->config, err) == 0) {
        pid = child_clone(plan->flags, plan->joins[NS_PID], plan->cgroup, &container->pidfd, err);
    }
    if (pid == 0) {
        begin(plan);
        first_process(plan);
    }
    if (own >= 0) setns(own, CLONE_NEWTIME_);
    close(plan->sync);
    container->pid = pid;
    return pid < 0 ? -1 : 0;
}

/* Moving a process later makes the kernel wait for all of its CPUs. */
static int enter_cgroup(struct plan *plan, struct container *container, struct runtime_error *err) {
    const char *path = plan->options->cgroup;
    if (!path || !*path) return 0;
    if (container_cgroup(container, plan->config, path, err) < 0) return -1;
    plan->cgroup = cgroup_open(path);
    return 0;
}

int container_prepare(const struct oci_config *config, const struct container_options *options,
                      struct container *container, struct runtime_error *err) {
    static const struct container_options plain;
    struct plan plan = {.config = config, .options = options ? options : &plain, .cgroup = -1};
    int pair[2];
    char path[64];
    for (int i = 0; i < NS_COUNT; i++) plan.joins[i] = -1;
    *container = (struct container){.pidfd = -1, .sync = -1, .mounts = -1, .id = plan.options->id, .sink = plan.options->sink};
    if (open_joins(&plan, err) < 0 || enter_cgroup(&plan, container, err) < 0 || sync_pair(pair) < 0) {
        close_joins(&plan);
        close_fd(&plan.cgroup);
        return -1;
    }
    plan.sync = pair[1];
    bool users = config->namespaces[NS_USER].present;
    int result = users ? prepare_by_another(&plan, pair[0], container, err) : prepare_directly(&plan, container, err);
    close_joins(&plan);
    close_fd(&plan.cgroup);
    if (result < 0) {
        close(pair[0]);
        return -1;
    }
    container->sync = pair[0];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", container->pid);
    container->mounts = open(path, O_RDONLY | O_CLOEXEC);
    return 0;
}
