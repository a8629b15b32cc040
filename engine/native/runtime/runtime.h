/*
 * The container runtime as a library: prepare, configure, start. Two programs use it: berth-shim (the engine's
 * monitor, one for each container) and berth-runtime (runc's command line). Linux only, static, no library but libc.
 *
 * prepare    clones the container's first process into its namespaces and leaves it waiting on a socket pair; the
 *            parent may now wire its network namespace.
 * configure  cgroup, root file system, mounts, devices, hostname, sysctls, pivot_root: everything up to exec.
 * start      user, capabilities, seccomp, execve. Returns when execve has succeeded or failed.
 *
 * The caller runs in one thread and has its binary protected (sealed_binary) before it prepares anything.
 *
 * Errors: every function returns 0 or -1; on -1 `err` tells stage, errno and a sentence. The child's errors are sent
 * over the socket pair and re-created in the parent, so that callers see one kind only.
 */
#ifndef BERTH_RUNTIME_H
#define BERTH_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct runtime_error {
    char stage[16];    /* a word of docs/shim-protocol.md */
    int number;        /* errno, 0 where none applies */
    char message[512]; /* English, without a final full stop */
    char path[256];    /* what it is about, or empty */
};

/* Parsed config.json (OCI runtime-spec 1.2). Owned by one arena; freed by oci_config_free. */
struct oci_config;
int oci_config_load(const char *path, struct oci_config **config, struct runtime_error *err);
void oci_config_free(struct oci_config *config);

/* rootfs.json; NULL when config's root.path is a plain directory (berth-runtime). */
struct mount_plan;
int mount_plan_load(const char *path, struct mount_plan **plan, struct runtime_error *err);
void mount_plan_free(struct mount_plan *plan);

/*
 * Who gets the listener of a seccomp filter that notifies, as soon as the filter holds: already the command's execve
 * may wait for an answer. Without `take` such a filter is an error.
 */
struct listener_sink {
    int (*take)(void *context, pid_t pid, int listener, struct runtime_error *err);
    void *context;
};

struct container {
    pid_t pid;        /* of the container's first process, in the caller's pid namespace */
    int pidfd;        /* close-on-exec */
    int sync;         /* socket pair to the waiting child; -1 once it has executed */
    int mounts;       /* its mount namespace: holding it keeps the unmounting off the exit's path */
    const char *id;   /* the options', for hooks */
    struct listener_sink sink;
    char cgroup[256]; /* path below the cgroup root, "" when none */
};

/*
 * Descriptors the process gets; -1 gives it the container's own /dev/null. For a terminal `terminal` is true, the
 * three are ignored and *console receives the master.
 */
struct container_io {
    int stdin_fd, stdout_fd, stderr_fd;
    bool terminal;
    uint16_t rows, columns;
};

/*
 * Makes the caller run from a sealed copy of its binary in memory, by executing it again with the same arguments the
 * first time: what a container can reach by /proc/PID/exe is then no file of the host (CVE-2019-5736).
 */
int sealed_binary(char *const argv[], struct runtime_error *err);

/* How a container's processes stand to the caller. NULL for a function that takes it: all of it zero. */
struct container_options {
    bool detached;         /* they outlive the caller; else the kernel kills them when it ends */
    bool no_pivot;         /* chroot instead of pivot_root, where the host's root is an initramfs */
    bool keep_keyring;     /* the caller's session keyring instead of a new one */
    unsigned preserve_fds; /* so many of the caller's descriptors from 3 on are the process's too; all must be open */
    int start_listener;    /* listening socket whose next connection is `sync` of container_start; 0: none */
    const char *cgroup;    /* the path that configure will be told, where it is known already: the process is born in it */
    const char *id;        /* told to hooks; NULL as "" */
    struct listener_sink sink;
    const char *const *subgroups; /* container_exec: "[controllers:]path" each, below the container's cgroup */
};

int container_prepare(const struct oci_config *config, const struct container_options *options,
                      struct container *container, struct runtime_error *err);
/* `cgroup` is a path below the cgroup root, NULL for config's cgroupsPath. */
int container_configure(struct container *container, const struct oci_config *config, const struct mount_plan *plan,
                        const char *bundle, const char *cgroup, const struct container_io *io, int *console,
                        struct runtime_error *err);
int container_start(struct container *container, struct runtime_error *err);

/*
 * Joins the namespaces and cgroup of a running container and executes an OCI process object there, with config's
 * seccomp filter. Returns when execve has succeeded; *pid and *pidfd are a child of the caller.
 */
struct oci_process;
void oci_process_free(struct oci_process *process);
int container_exec(const struct container *container, const struct oci_config *config,
                   const struct oci_process *process, const struct container_options *options,
                   const struct container_io *io, int *console, pid_t *pid, int *pidfd, struct runtime_error *err);

/* Sends a signal to every process of the cgroup. */
int container_signal_all(const struct container *container, int number, struct runtime_error *err);
/* How many processes of the cgroup the kernel has killed for want of memory. */
uint64_t container_oom_kills(const struct container *container);

/* What its cgroup counted so far; 0 for what this kernel does not count. */
struct container_usage {
    uint64_t oom_kills;
    uint64_t memory_peak; /* bytes */
    uint64_t refused_forks;
};
void container_usage(const struct container *container, struct container_usage *usage);

/*
 * Kills what is left and removes the cgroup; the caller has reaped the first process. Fails with EBUSY while killed
 * processes are still leaving: to be called again. Closes the descriptors when it is done.
 */
int container_delete(struct container *container, struct runtime_error *err);

#endif
