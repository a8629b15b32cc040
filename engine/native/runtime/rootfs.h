/*
 * The container's file system, made by its first process inside its own mount namespace, before pivot_root. `root`
 * is the descriptor of the new root's mount; paths of the image are resolved by in_root.h only.
 */
#ifndef BERTH_ROOTFS_H
#define BERTH_ROOTFS_H

#include "oci.h"

/* Mounts the root file system (plan, or config's root.path) and returns its descriptor. */
int rootfs_mount(const struct oci_config *config, const struct mount_plan *plan, const char *bundle, int *root,
                 struct runtime_error *err);
/* `sync` is where the caller opens what this process cannot (SYNC_SOURCE). */
int rootfs_mount_all(const struct oci_config *config, const char *bundle, int root, int sync,
                     struct runtime_error *err);
/* Makes those mounts read-only that had to be written to until now. */
int rootfs_close_mounts(const struct oci_config *config, int root, struct runtime_error *err);
int rootfs_make_devices(const struct oci_config *config, int root, struct runtime_error *err);
/* Masked and read-only paths, and the root itself where it is read-only. */
int rootfs_protect(const struct oci_config *config, int root, struct runtime_error *err);
/* Makes the container's root the process's root; nothing of the host stays mounted. */
int rootfs_pivot(const struct oci_config *config, int root, struct runtime_error *err);
/* The same where pivot_root cannot work: the root is moved over the old one, after what a container that may mount
 * could find below it (procfs, sysfs) has been taken away. */
int rootfs_chroot(int root, struct runtime_error *err);

/* A terminal of the devpts below `root` (AT_FDCWD-like descriptor of a directory); `bind` puts it on /dev/console. */
int console_open(int root, bool bind, uint16_t rows, uint16_t columns, int *master, int *slave,
                 struct runtime_error *err);

/* Mounts of type cgroup, for hosts with version 1, 2 or both. */
int rootfs_mount_cgroup(const struct oci_config *config, int root, const struct oci_mount *mount,
                        unsigned attributes, struct runtime_error *err);

/* True for /proc/PID/root/PATH: a mount of another container, whose pid and path it gives. */
bool foreign_path(const char *source, int *pid, const char **path);
/* A detached clone of what is mounted there. */
int foreign_tree(int pid, const char *path, bool recursive, struct runtime_error *err);

/* A new file system instance: `options` are key=value or flags. Returns the detached mount. */
int new_mount(const char *type, const char *source, const struct string_list *options, unsigned attributes,
              const char *path, struct runtime_error *err);

#endif
