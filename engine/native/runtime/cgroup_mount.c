/* /sys/fs/cgroup inside a container. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "error.h"
#include "guards.h"
#include "in_root.h"
#include "rootfs.h"
#include "syscalls.h"

static int attach(int source, int directory, const char *path, struct runtime_error *err) {
    if (source >= 0 && directory >= 0 && sys_move_mount(source, directory) == 0) return 0;
    return fail(err, "mounts", errno, path, "mounting on %s: %s", path, strerror(errno));
}

/* What to mount, and how: `own_root` where the container's group is the root of its cgroup namespace. */
struct view {
    bool own_root;
    unsigned attributes;
};

/* The group this process is in, "" for the root of the hierarchy. */
static void own_group(const struct cgroup_hierarchy *hierarchy, char *path, size_t size) {
    char line[CGROUP_PATH_MAX + 128];
    FILE *file = fopen("/proc/self/cgroup", "re");
    *path = 0;
    while (file && fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        group[strcspn(group, "\n")] = 0;
        if (strcmp(controllers + 1, hierarchy->controllers) == 0) snprintf(path, size, "%s", group);
    }
    if (file) fclose(file);
}

/* Without a cgroup namespace of its own the container sees its group as a bind, not the whole machine's tree. */
static int open_bind(const struct cgroup_hierarchy *hierarchy, unsigned attributes, struct runtime_error *err) {
    char group[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX + 160];
    const struct attributes wanted = {.attr_set = attributes};
    own_group(hierarchy, group, sizeof group);
    snprintf(path, sizeof path, "%s%s", hierarchy->mount, group);
    int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE_);
    if (fd >= 0 && sys_mount_setattr(fd, 0, &wanted) == 0) return fd;
    fail(err, "mounts", errno, path, "%s: %s", path, strerror(errno));
    close_fd(&fd);
    return -1;
}

static int open_hierarchy(const struct cgroup_hierarchy *hierarchy, const struct view *view, struct runtime_error *err) {
    char option[80];
    bool unified = !hierarchy->controllers[0];
    /* A named hierarchy has no controller, and the kernel wants to be told so. */
    const char *items[3] = {option, strncmp(hierarchy->controllers, "name=", 5) == 0 ? "none" : NULL, NULL};
    snprintf(option, sizeof option, "%s", hierarchy->controllers);
    const struct string_list options = {.items = items, .count = unified ? 0 : items[1] ? 2 : 1};
    if (!view->own_root) return open_bind(hierarchy, view->attributes, err);
    return new_mount(unified ? "cgroup2" : "cgroup", "cgroup", &options, view->attributes, hierarchy->mount, err);
}

/* One directory a hierarchy of version 1, on a tmpfs. */
static int mount_hierarchy(int root, const struct cgroup_hierarchy *hierarchy, const struct view *view,
                           struct runtime_error *err) {
    const char *name = strrchr(hierarchy->mount, '/') + 1;
    AUTO_FD source = open_hierarchy(hierarchy, view, err);
    if (source < 0) return -1;
    if (mkdirat(root, name, 0755) < 0 && errno != EEXIST) {
        return fail(err, "mounts", errno, hierarchy->mount, "%s", strerror(errno));
    }
    AUTO_FD directory = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return attach(source, directory, hierarchy->mount, err);
}

/* "cpu" beside "cpu,cpuacct", as the host has them. */
static void link_controllers(int root, const struct cgroup_hierarchy *hierarchy) {
    const char *directory = strrchr(hierarchy->mount, '/') + 1;
    char names[64];
    snprintf(names, sizeof names, "%s", hierarchy->controllers);
    if (!strchr(names, ',')) return;
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        int ignored = symlinkat(directory, root, name);
        (void)ignored;
    }
}

int rootfs_mount_cgroup(const struct oci_config *config, int root, const struct oci_mount *mount, unsigned attributes,
                        struct runtime_error *err) {
    static const char *mode[] = {"mode=755", NULL};
    static const struct string_list tmpfs_options = {.items = mode, .count = 1};
    if (!GUARD_CGROUP_READ_ONLY) attributes &= ~(unsigned)ATTR_RDONLY;
    const struct view view = {.own_root = config->namespaces[NS_CGROUP].present, .attributes = attributes};
    const struct attributes read_only = {.attr_set = ATTR_RDONLY};
    struct cgroup_layout layout;
    const char *path = mount->destination;
    AUTO_FD target = in_root_make(root, path, true);
    if (target < 0) return fail(err, "mounts", errno, path, "mount point %s: %s", path, strerror(errno));
    if (cgroup_detect(&layout, err) < 0) return -1;
    if (layout.unified) {
        AUTO_FD source = open_hierarchy(&layout.hierarchies[0], &view, err);
        return source < 0 ? -1 : attach(source, target, path, err);
    }
    if (strcmp(mount->type, "cgroup2") == 0) {
        AUTO_FD source = new_mount("cgroup2", "cgroup", NULL, attributes, path, err);
        return source < 0 ? -1 : attach(source, target, path, err);
    }
    AUTO_FD tmpfs = new_mount("tmpfs", "tmpfs", &tmpfs_options, attributes & ~(unsigned)ATTR_RDONLY, path, err);
    if (tmpfs < 0 || attach(tmpfs, target, path, err) < 0) return -1;
    for (size_t i = 0; i < layout.count; i++) {
        if (mount_hierarchy(tmpfs, &layout.hierarchies[i], &view, err) < 0) return -1;
        link_controllers(tmpfs, &layout.hierarchies[i]);
    }
    if ((attributes & ATTR_RDONLY) && sys_mount_setattr(tmpfs, 0, &read_only) < 0) {
        return fail(err, "mounts", errno, path, "making %s read-only: %s", path, strerror(errno));
    }
    return 0;
}
