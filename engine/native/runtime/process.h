/* The last steps of a process before its command: who it is, what it may, where it stands. */
#ifndef BERTH_PROCESS_H
#define BERTH_PROCESS_H

#include "oci.h"
#include "seccomp.h"

/* What a user string and the container's files say. */
struct identity {
    uint32_t uid, gid;
    uint32_t *groups;
    size_t group_count;
    const char *home; /* "/" when unknown */
};

/* Reads /etc/passwd and /etc/group below the current root. */
int identity_resolve(struct arena *arena, const struct oci_user *user, struct identity *identity,
                     struct runtime_error *err);

/*
 * A new terminal or pipes become descriptors 0 to 2. `slave` is the terminal or -1; of `fds` those that are -1 become
 * /dev/null of the current root.
 */
int process_stdio(int slave, const int fds[3], struct runtime_error *err);
/* Gives them to the user. */
int process_own_stdio(uint32_t uid, struct runtime_error *err);

/* Opened while /proc is the host's own: what is written to it later cannot be faked by the image. */
struct process_files {
    int label; /* where the label of AppArmor or SELinux is written; -1 when not asked for */
};
int process_open_files(const struct oci_process *process, struct process_files *files, struct runtime_error *err);

/* All that the last steps take. */
struct process_start {
    const struct oci_process *process;
    const struct identity *identity;
    const struct process_files *files;
    const struct seccomp_filter *filter;
    const struct container_options *options;
    struct optional_uint personality;
    int sync; /* where a seccomp listener goes */
    int (*last)(void *context, struct runtime_error *err); /* right before execve; NULL: nothing */
    void *context;
};

/* Never returns but with an error. */
int process_execute(const struct process_start *start, struct runtime_error *err);

/* scheduler and ioPriority; while still privileged. */
int process_set_scheduling(const struct oci_process *process, struct runtime_error *err);
/* `list` as "0-3,7". */
int process_set_affinity(const char *list, struct runtime_error *err);

int credentials_limits(const struct oci_process *process, struct runtime_error *err);
/* Bounding set first, then user and groups, then the sets that remain. */
int credentials_apply(const struct oci_process *process, const struct identity *identity, struct runtime_error *err);

#endif
