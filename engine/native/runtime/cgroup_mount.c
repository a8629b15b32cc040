/* /sys/fs/cgroup inside a container. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "error.h"
#include "in_root.h"
#include "rootfs.h"
#include "syscalls.h"

static int attach(int source, int directory, const char *path, struct runtime_error *err) {
    if (source >= 0 && directory >= 0 && sys_move_mount(source, directory) == 0) return 0;
    return fail(err, "mounts", errno, path, "mounting on %s: %s", path, strerror(errno));
}

/* One directory a hierarchy of version 1, on a tmpfs; each shows the container's group as its root. */
static int mount_hierarchy(int root, const struct cgroup_hierarchy *hierarchy, unsigned attributes,
                           struct runtime_error *err) {
    char option[80];
    const char *name = strrchr(hierarchy->mount, '/') + 1;
    bool unified = !hierarchy->controllers[0];
    /* A named hierarchy has no controller, and the kernel wants to be told so. */
    const char *items[3] = {option, strncmp(hierarchy->controllers, "name=", 5) == 0 ? "none" : NULL, NULL};
    snprintf(option, sizeof option, "%s", hierarchy->controllers);
    const struct string_list options = {.items = items, .count = unified ? 0 : items[1] ? 2 : 1};
    AUTO_FD source = new_mount(unified ? "cgroup2" : "cgroup", "cgroup", &options, attributes, hierarchy->mount, err);
    if (source < 0) return -1;
    if (mkdirat(root, name, 0755) < 0 && errno != EEXIST) {
        return fail(err, "mounts", errno, hierarchy->mount, "%s", strerror(errno));
    }
    AUTO_FD directory = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return attach(source, directory, hierarchy->mount, err);
}

int rootfs_mount_cgroup(int root, const struct oci_mount *mount, unsigned attributes, struct runtime_error *err) {
    static const char *mode[] = {"mode=755", NULL};
    static const struct string_list tmpfs_options = {.items = mode, .count = 1};
    struct cgroup_layout layout;
    struct attributes read_only = {.attr_set = ATTR_RDONLY};
    const char *path = mount->destination;
    AUTO_FD target = in_root_make(root, path, true);
    if (target < 0) return fail(err, "mounts", errno, path, "mount point %s: %s", path, strerror(errno));
    if (cgroup_detect(&layout, err) < 0) return -1;
    if (layout.unified || strcmp(mount->type, "cgroup2") == 0) {
        AUTO_FD source = new_mount("cgroup2", "cgroup", NULL, attributes, path, err);
        return source < 0 ? -1 : attach(source, target, path, err);
    }
    AUTO_FD tmpfs = new_mount("tmpfs", "tmpfs", &tmpfs_options, attributes & ~(unsigned)ATTR_RDONLY, path, err);
    if (tmpfs < 0 || attach(tmpfs, target, path, err) < 0) return -1;
    for (size_t i = 0; i < layout.count; i++) {
        if (mount_hierarchy(tmpfs, &layout.hierarchies[i], attributes, err) < 0) return -1;
    }
    if ((attributes & ATTR_RDONLY) && sys_mount_setattr(tmpfs, 0, &read_only) < 0) {
        return fail(err, "mounts", errno, path, "making %s read-only: %s", path, strerror(errno));
    }
    return 0;
}
