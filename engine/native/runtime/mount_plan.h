/* One mount of config.json, understood: what is a new file system, what a bind, which attributes, who opens it. */
#ifndef BERTH_MOUNT_PLAN_H
#define BERTH_MOUNT_PLAN_H

#include "oci.h"
#include "syscalls.h"

enum mount_idmap { IDMAP_NONE, IDMAP_MOUNT, IDMAP_TREE };

struct planned_mount {
    bool bind, recursive_bind, remount, copy_up;
    enum mount_idmap idmap;
    struct attributes plain, recursive;
    unsigned long propagation;
    bool recursive_propagation;
    struct string_list data; /* what is left for the file system; its items are allocated */
};

int plan_mount(const struct oci_mount *mount, struct planned_mount *plan, struct runtime_error *err);
void planned_mount_free(struct planned_mount *plan);

/*
 * Whether the source is opened by the caller of the library: its path may lie behind directories closed to the
 * container's users, owners are shifted only by the host's root, and a process that waited in a pool has the host's
 * mounts as they were at its birth.
 */
bool mount_is_callers(const struct planned_mount *plan);

/* The bind source as a detached mount with all its attributes; `users` is a user namespace's descriptor for idmaps. */
int mount_open_bind(const struct oci_mount *mount, const struct planned_mount *plan, const char *bundle, int users,
                    struct runtime_error *err);
/* The same, in the caller, for the mount of that index, with the maps that the config asks for. `pid` is the
 * container's first process. */
int mount_open_for(const struct oci_config *config, size_t index, const char *bundle, pid_t pid,
                   struct runtime_error *err);

#endif
