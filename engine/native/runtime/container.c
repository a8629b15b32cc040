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
#include "mount_plan.h"
#include "sync.h"
#include "syscalls.h"
#include "text.h"

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

int container_cgroup(struct container *container, const struct oci_config *config, const char *path,
                     struct runtime_error *err) {
    if (strlen(path) >= sizeof container->cgroup) return fail(err, "cgroup", ENAMETOOLONG, path, "too long");
    snprintf(container->cgroup, sizeof container->cgroup, "%s", path);
    return cgroup_create(path, &config->resources, err);
}

static int enter_cgroup(struct container *container, const struct oci_config *config, const char *path,
                        struct runtime_error *err) {
    int born_in = container->cgroup[0] ? cgroup_open(container->cgroup) : -1;
    if (born_in >= 0) {
        close(born_in);
        return 0;
    }
    if (!path) path = config->cgroups_path;
    if (!path || !*path) return 0;
    if (!container->cgroup[0] && container_cgroup(container, config, path, err) < 0) return -1;
    return cgroup_attach(path, container->pid, err);
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
    int result;
    if (message.failed) {
        result = fail(err, "bundle", ENOMEM, NULL, "out of memory");
    } else {
        struct sync_message configure = {
            .type = SYNC_CONFIGURE, .length = (uint32_t)message.length, .payload = message.bytes, .fd_count = count};
        memcpy(configure.fds, fds, sizeof fds);
        result = sync_tell(container->sync, &configure, "namespaces", err);
    }
    text_free(&message);
    return result;
}

static int run_hooks(const struct container *container, const struct oci_config *config, const char *bundle,
                     struct runtime_error *err) {
    const struct hook_subject subject = {.id = container->id, .bundle = bundle, .pid = container->pid};
    if (hooks_run(config, HOOK_PRESTART, &subject, "creating", err) < 0 ||
        hooks_run(config, HOOK_CREATE_RUNTIME, &subject, "creating", err) < 0) {
        return -1;
    }
    pid_t pid = container->pid;
    struct sync_message hooked = {.type = SYNC_HOOKED, .length = sizeof pid, .payload = (char *)&pid};
    return sync_tell(container->sync, &hooked, "hooks", err);
}

/* Opens the source of a mount for the child. */
static int open_source(const struct container *container, const struct oci_config *config, const char *bundle,
                       const struct sync_message *message, struct runtime_error *err) {
    uint32_t index;
    if (message->length != sizeof index) return fail(err, "mounts", EPROTO, NULL, "unexpected message");
    memcpy(&index, message->payload, sizeof index);
    if (index >= config->mount_count) return fail(err, "mounts", EPROTO, NULL, "unexpected message");
    AUTO_FD source = mount_open_for(config, index, bundle, container->pid, err);
    if (source < 0) return -1;
    struct sync_message opened = {.type = SYNC_OPENED, .fds = {source}, .fd_count = 1};
    return sync_tell(container->sync, &opened, "mounts", err);
}

/* Does what the child asks for until it is configured. */
static int serve(const struct container *container, const struct oci_config *config, const char *bundle, int *console,
                 struct runtime_error *err) {
    for (;;) {
        struct sync_message message;
        int result = 0;
        if (sync_next(container->sync, &message, "rootfs", err) < 0) return -1;
        bool done = message.type == SYNC_DONE;
        if (done && console) {
            *console = message.fd_count > 0 ? message.fds[0] : -1;
            if (message.fd_count > 0) message.fds[0] = -1;
        } else if (message.type == SYNC_HOOKS) {
            result = run_hooks(container, config, bundle, err);
        } else if (message.type == SYNC_SOURCE) {
            result = open_source(container, config, bundle, &message, err);
        } else if (!done) {
            result = fail(err, "rootfs", EPROTO, NULL, "unexpected message of the container's process");
        }
        sync_free(&message);
        if (done || result < 0) return result;
    }
}

/* By the caller: the process itself may be of users who may not write there. */
static int set_oom_score(pid_t pid, const struct oci_process *process, struct runtime_error *err) {
    char path[64];
    if (!process->oom_score_adj.present) return 0;
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
    AUTO_FD file = open(path, O_WRONLY | O_CLOEXEC);
    if (file >= 0 && dprintf(file, "%d", (int)process->oom_score_adj.value) > 0) return 0;
    return fail(err, "user", errno, NULL, "oom_score_adj = %d: %s", (int)process->oom_score_adj.value, strerror(errno));
}

int container_configure(struct container *container, const struct oci_config *config, const struct mount_plan *plan,
                        const char *bundle, const char *cgroup, const struct container_io *io, int *console,
                        struct runtime_error *err) {
    if (console) *console = -1;
    if (enter_cgroup(container, config, cgroup, err) < 0) return -1;
    if (config->has_process && set_oom_score(container->pid, &config->process, err) < 0) return -1;
    if (send_configure(container, config, plan, bundle, io, err) < 0) return -1;
    return serve(container, config, bundle, console, err);
}

int container_start(struct container *container, struct runtime_error *err) {
    const struct sync_message start = {.type = SYNC_START};
    if (sync_tell(container->sync, &start, "exec", err) < 0) return -1;
    int result = await_command(container->sync, container->pid, &container->sink, err);
    close_fd(&container->sync);
    container->sync = -1;
    return result;
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
