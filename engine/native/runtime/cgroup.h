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
/* Other limits for a group that is there; device rules stay what they are. */
int cgroup_update(const char *path, const struct oci_resources *resources, struct runtime_error *err);
/* Descriptor of the group where version 2 is all there is, for clone3; else -1. */
int cgroup_open(const char *path);
int cgroup_attach(const char *path, pid_t pid, struct runtime_error *err);
/* "[controllers:]path" each, below the group; what none of them names is the group itself. */
int cgroup_attach_below(const char *path, const char *const *subgroups, pid_t pid, struct runtime_error *err);
/* Version 2: into the group below `path` in which the process `first` is. */
int cgroup_attach_beside(pid_t first, const char *path, pid_t pid, struct runtime_error *err);
/* Returns once all processes have stopped, or go on. */
int cgroup_freeze(const char *path, bool frozen, struct runtime_error *err);
bool cgroup_frozen(const char *path);
/* Calls for every process of the group and of those below it. */
int cgroup_each_process(const char *path, void (*each)(pid_t pid, void *context), void *context,
                        struct runtime_error *err);
int cgroup_signal(const char *path, int number, struct runtime_error *err);
/* EBUSY while processes are in it. */
int cgroup_remove(const char *path, struct runtime_error *err);
uint64_t cgroup_oom_kills(const char *path);

/* The first number of a file, 0 when it cannot be read. */
uint64_t cgroup_read_number(const char *mount, const char *path, const char *file);
/* The number behind a word in a file of lines "word number", 0 when absent. */
uint64_t cgroup_read_counter(const char *mount, const char *path, const char *file, const char *key);
/* Where a controller of version 1 is mounted, or NULL. */
const char *cgroup_controller_mount(const struct cgroup_layout *layout, const char *controller);
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
