#include "init.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "error.h"
#include "hooks.h"
#include "in_root.h"
#include "process.h"
#include "rootfs.h"
#include "seccomp.h"
#include "syscalls.h"

struct init {
    const struct container_options *options;
    int sync, slave;
    int stdio[3];
    struct oci_config *config;
    struct mount_plan *plan;
    char *bundle;
    pid_t host_pid; /* known where there are hooks */
    struct process_files files;
};

static int set_names(const struct oci_config *config, struct runtime_error *err) {
    if (!config->namespaces[NS_UTS].present) return 0;
    if (config->hostname && *config->hostname && sethostname(config->hostname, strlen(config->hostname)) < 0) {
        return fail(err, "namespaces", errno, NULL, "setting the host name: %s", strerror(errno));
    }
    if (config->domainname && *config->domainname &&
        setdomainname(config->domainname, strlen(config->domainname)) < 0) {
        return fail(err, "namespaces", errno, NULL, "setting the domain name: %s", strerror(errno));
    }
    return 0;
}

static int set_namespaces(const struct oci_config *config, struct runtime_error *err) {
    const struct oci_namespace_entry *cgroup = &config->namespaces[NS_CGROUP];
    /* Only now: the group that the process stands in becomes the root of its cgroup namespace. */
    if (cgroup->present && !cgroup->path && unshare(CLONE_NEWCGROUP) < 0) {
        return fail(err, "namespaces", errno, NULL, "making a cgroup namespace: %s", strerror(errno));
    }
    return set_names(config, err);
}

/* Where a directory cannot be made, the chdir of the start says so. */
static int run_own_hooks(const struct init *init, enum oci_hook_kind kind, const char *status,
                         struct runtime_error *err) {
    const struct hook_subject subject = {.id = init->options->id, .bundle = init->bundle, .pid = init->host_pid};
    return hooks_run(init->config, kind, &subject, status, err);
}

/* The runtime's hooks first, then those that run here, with everything mounted and the old root still in sight. */
static int run_hooks(struct init *init, int root, struct runtime_error *err) {
    struct sync_message message;
    if (!hooks_present(init->config, HOOK_PRESTART, HOOK_START_CONTAINER)) return 0;
    if (sync_send(init->sync, SYNC_HOOKS, NULL, 0, NULL, 0) < 0) _exit(1);
    if (sync_expect(init->sync, SYNC_HOOKED, &message, "hooks", err) < 0) return -1;
    if (message.length == sizeof init->host_pid) memcpy(&init->host_pid, message.payload, sizeof init->host_pid);
    sync_free(&message);
    if (fchdir(root) < 0) return fail(err, "hooks", errno, "/", "%s", strerror(errno));
    return run_own_hooks(init, HOOK_CREATE_CONTAINER, "creating", err);
}

static void make_working_directory(int root, const char *cwd) {
    int fd = in_root_make(root, cwd, true);
    if (fd >= 0) close(fd);
}

static int make_root(struct init *init, const struct configure_header *header, int *master,
                     struct runtime_error *err) {
    AUTO_FD root = -1;
    const struct oci_config *config = init->config;
    if (rootfs_mount(config, init->plan, init->bundle, &root, err) < 0) return -1;
    if (rootfs_mount_all(config, init->bundle, root, init->sync, err) < 0) return -1;
    if (rootfs_make_devices(config, root, err) < 0) return -1;
    if (header->terminal &&
        console_open(root, true, header->rows, header->columns, master, &init->slave, err) < 0) {
        return -1;
    }
    make_working_directory(root, config->process.cwd);
    /* Before the root becomes read-only: hooks may add to it. */
    if (run_hooks(init, root, err) < 0 || rootfs_protect(config, root, err) < 0) return -1;
    if (rootfs_close_mounts(config, root, err) < 0) return -1;
    return init->options->no_pivot ? rootfs_chroot(root, err) : rootfs_pivot(config, root, err);
}

/* Takes the message apart; its descriptors now belong to `init`. */
static int take_message(struct init *init, struct sync_message *message, struct configure_header *header,
                        struct runtime_error *err) {
    if (message->length < sizeof *header) return fail(err, "bundle", EPROTO, NULL, "message too short");
    memcpy(header, message->payload, sizeof *header);
    const char *config = message->payload + sizeof *header, *plan = config + header->config_bytes;
    if (sizeof *header + (size_t)header->config_bytes + header->plan_bytes + header->bundle_bytes != message->length) {
        return fail(err, "bundle", EPROTO, NULL, "message too short");
    }
    for (int i = 0; i < 3; i++) {
        int index = header->fds[i];
        if (index < 0 || (size_t)index >= message->fd_count) continue;
        init->stdio[i] = fcntl(message->fds[index], F_DUPFD_CLOEXEC, 3);
    }
    init->bundle = strndup(plan + header->plan_bytes, header->bundle_bytes);
    if (!init->bundle) return fail(err, "bundle", ENOMEM, NULL, "out of memory");
    if (oci_config_parse(config, header->config_bytes, &init->config, err) < 0) return -1;
    if (!init->config->has_process) return fail(err, "bundle", EINVAL, NULL, "config.json has no process");
    return header->plan_bytes == 0 ? 0 : mount_plan_parse(plan, header->plan_bytes, &init->plan, err);
}

static int configure(struct init *init, struct sync_message *message, struct runtime_error *err) {
    struct configure_header header;
    AUTO_FD master = -1;
    if (take_message(init, message, &header, err) < 0) return -1;
    /* From here to pivot_root /proc is the host's: the image cannot have put anything at its place. */
    if (process_open_files(&init->config->process, &init->files, err) < 0) return -1;
    if (set_namespaces(init->config, err) < 0 || init_sysctl(init->config, err) < 0) return -1;
    if (make_root(init, &header, &master, err) < 0) return -1;
    /* What waits for its start holds none of the caller's own streams open. */
    if (process_stdio(init->slave, init->stdio, err) < 0) return -1;
    if (sync_send(init->sync, SYNC_DONE, NULL, 0, &master, master >= 0 ? 1 : 0) < 0) {
        return fail(err, "rootfs", errno, NULL, "%s", strerror(errno));
    }
    return 0;
}

static int run_start_hooks(void *context, struct runtime_error *err) {
    return run_own_hooks(context, HOOK_START_CONTAINER, "created", err);
}

static int start(struct init *init, struct runtime_error *err) {
    struct identity identity;
    struct seccomp_filter filter = {0};
    struct arena *arena = &init->config->arena;
    const struct oci_process *process = &init->config->process;
    if (identity_resolve(arena, &process->user, &identity, err) < 0) return -1;
    if (init->config->seccomp && seccomp_compile(arena, init->config->seccomp, &filter, err) < 0) return -1;
    if (process_own_stdio(identity.uid, err) < 0) return -1;
    const struct process_start start = {
        .process = process,
        .identity = &identity,
        .files = &init->files,
        .filter = &filter,
        .options = init->options,
        .personality = init->config->personality,
        .sync = init->sync,
        .last = run_start_hooks,
        .context = init,
    };
    return process_execute(&start, err);
}

/* Whoever starts the container is another process than the one that made it; one that went away is no loss. */
static void await_start(struct init *init) {
    struct runtime_error err;
    struct sync_message message;
    if (!init->options->start_listener) {
        if (sync_expect(init->sync, SYNC_START, &message, "exec", &err) < 0) _exit(1);
        return;
    }
    close(init->sync);
    for (;;) {
        init->sync = accept4(init->options->start_listener, NULL, NULL, SOCK_CLOEXEC);
        if (init->sync < 0 && errno != EINTR && errno != ECONNABORTED) _exit(1);
        if (init->sync < 0) continue;
        if (sync_expect(init->sync, SYNC_START, &message, "exec", &err) == 0) break;
        close(init->sync);
    }
    close(init->options->start_listener);
}

void init_main(int sync, const struct container_options *options) {
    struct init init = {.options = options, .sync = sync, .slave = -1, .stdio = {-1, -1, -1}};
    struct runtime_error err;
    struct sync_message message;
    /* The other end closed: the container is not wanted any more. */
    if (sync_expect(sync, SYNC_CONFIGURE, &message, "bundle", &err) < 0) _exit(1);
    if (configure(&init, &message, &err) < 0) child_fail(sync, &err);
    sync_free(&message);
    await_start(&init);
    start(&init, &err);
    child_fail(init.sync, &err);
}
