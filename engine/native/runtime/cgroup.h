/*
 * Control groups, version 2 or 1 (and 1 beside a bare 2, "hybrid"); found out by the file system at /sys/fs/cgroup.
 * Paths are below the root of each hierarchy and begin with a slash.
 */
#ifndef BERTH_CGROUP_H
#define BERTH_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "oci.h"

enum { CGROUP_MAX_HIERARCHIES = 16, CGROUP_PATH_MAX = 512 };

struct cgroup_hierarchy {
    char controllers[64]; /* "cpu,cpuacct"; "name=systemd"; "" for version 2 */
    char mount[128];
};

struct cgroup_layout {
    bool unified; /* version 2 alone */
    struct cgroup_hierarchy hierarchies[CGROUP_MAX_HIERARCHIES];
    size_t count;
};

int cgroup_detect(struct cgroup_layout *layout, struct runtime_error *err);
/* Makes the group in every hierarchy; `resources` may be NULL. */
int cgroup_create(const char *path, const struct oci_resources *resources, struct runtime_error *err);
int cgroup_attach(const char *path, pid_t pid, struct runtime_error *err);
int cgroup_signal(const char *path, int number, struct runtime_error *err);
/* EBUSY while processes are in it. */
int cgroup_remove(const char *path, struct runtime_error *err);
uint64_t cgroup_oom_kills(const char *path);

/* Writes `value` to a file of the group `path` below `mount`. -1 with errno. */
int cgroup_write(const char *mount, const char *path, const char *file, const char *value);
/* Applies limits; what the kernel or this host does not offer, and was asked for, is an error that names the file. */
int cgroup_apply_v1(const struct cgroup_layout *layout, const char *path, const struct oci_resources *resources,
                    struct runtime_error *err);
int cgroup_apply_v2(const char *mount, const char *path, const struct oci_resources *resources,
                    struct runtime_error *err);
/* Attaches a program that allows what the rules allow, the last that matches counting; the default is to deny. */
int cgroup_apply_devices_v2(const char *mount, const char *path, const struct oci_device_rule *rules, size_t count,
                            struct runtime_error *err);

#endif
