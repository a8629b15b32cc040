/* The mounts of config.json. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "error.h"
#include "features.h"
#include "in_root.h"
#include "rootfs.h"
#include "syscalls.h"

/* An option that is not for the file system itself: attributes of the mount, propagation, bind. */
struct option {
    const char *name;
    uint64_t set, clear;
    bool recursive;
    unsigned long propagation;
};

static const struct option option_table[] = {
    {"ro", ATTR_RDONLY, 0, false, 0},
    {"rw", 0, ATTR_RDONLY, false, 0},
    {"nosuid", ATTR_NOSUID, 0, false, 0},
    {"suid", 0, ATTR_NOSUID, false, 0},
    {"nodev", ATTR_NODEV, 0, false, 0},
    {"dev", 0, ATTR_NODEV, false, 0},
    {"noexec", ATTR_NOEXEC, 0, false, 0},
    {"exec", 0, ATTR_NOEXEC, false, 0},
    {"nosymfollow", ATTR_NOSYMFOLLOW, 0, false, 0},
    {"symfollow", 0, ATTR_NOSYMFOLLOW, false, 0},
    {"nodiratime", ATTR_NODIRATIME, 0, false, 0},
    {"diratime", 0, ATTR_NODIRATIME, false, 0},
    {"noatime", ATTR_NOATIME, ATTR_ATIME_MASK, false, 0},
    {"atime", 0, ATTR_ATIME_MASK, false, 0},
    {"relatime", 0, ATTR_ATIME_MASK, false, 0},
    {"norelatime", 0, ATTR_ATIME_MASK, false, 0},
    {"strictatime", ATTR_STRICTATIME, ATTR_ATIME_MASK, false, 0},
    {"nostrictatime", 0, ATTR_ATIME_MASK, false, 0},
    {"rro", ATTR_RDONLY, 0, true, 0},
    {"rrw", 0, ATTR_RDONLY, true, 0},
    {"rnosuid", ATTR_NOSUID, 0, true, 0},
    {"rnodev", ATTR_NODEV, 0, true, 0},
    {"rnoexec", ATTR_NOEXEC, 0, true, 0},
    {"private", 0, 0, false, MS_PRIVATE},
    {"rprivate", 0, 0, true, MS_PRIVATE},
    {"slave", 0, 0, false, MS_SLAVE},
    {"rslave", 0, 0, true, MS_SLAVE},
    {"shared", 0, 0, false, MS_SHARED},
    {"rshared", 0, 0, true, MS_SHARED},
    {"unbindable", 0, 0, false, MS_UNBINDABLE},
    {"runbindable", 0, 0, true, MS_UNBINDABLE},
};

struct planned_mount {
    bool bind, recursive_bind;
    struct attributes plain, recursive;
    unsigned long propagation;
    bool recursive_propagation;
    struct string_list data; /* what is left for the file system */
};

const char *feature_mount_option(size_t index) {
    static const char *const others[] = {"bind", "rbind", "defaults"};
    size_t count = sizeof option_table / sizeof *option_table;
    if (index < count) return option_table[index].name;
    return index - count < sizeof others / sizeof *others ? others[index - count] : NULL;
}

static void take_option(struct planned_mount *plan, const struct option *option) {
    if (option->propagation) {
        plan->propagation = option->propagation;
        plan->recursive_propagation = option->recursive;
        return;
    }
    struct attributes *target = option->recursive ? &plan->recursive : &plan->plain;
    target->attr_set = (target->attr_set & ~option->clear) | option->set;
    target->attr_clr = (target->attr_clr & ~(option->set & ~(uint64_t)ATTR_ATIME_MASK)) | option->clear;
}

static int plan_mount(const struct oci_mount *mount, struct planned_mount *plan, struct runtime_error *err) {
    *plan = (struct planned_mount){.bind = mount->type && strcmp(mount->type, "bind") == 0};
    plan->data.items = calloc(mount->options.count + 1, sizeof *plan->data.items);
    if (!plan->data.items) return fail(err, "mounts", ENOMEM, mount->destination, "out of memory");
    for (size_t i = 0; i < mount->options.count; i++) {
        const char *name = mount->options.items[i];
        size_t known = 0, count = sizeof option_table / sizeof *option_table;
        while (known < count && strcmp(name, option_table[known].name) != 0) known++;
        if (known < count) take_option(plan, &option_table[known]);
        else if (strcmp(name, "bind") == 0) plan->bind = true;
        else if (strcmp(name, "rbind") == 0) plan->bind = plan->recursive_bind = true;
        else if (*name && strcmp(name, "defaults") != 0) plan->data.items[plan->data.count++] = name;
    }
    return 0;
}

/*
 * A mount on top of procfs could fake what the runtime and others read there. Allowed are the files that lxcfs
 * provides, and a procfs at /proc itself.
 */
static int check_proc(const struct oci_mount *mount, int target, int source, struct runtime_error *err) {
    static const char *const allowed[] = {
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat",           "/proc/swaps",
        "/proc/uptime",  "/proc/loadavg",   "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/crypto/fips_enabled",
    };
    struct statfs on, from;
    if (fstatfs(target, &on) < 0) return fail(err, "mounts", errno, mount->destination, "%s", strerror(errno));
    if (on.f_type != PROC_MAGIC) return 0;
    if (strcmp(mount->destination, "/proc") == 0 && fstatfs(source, &from) == 0 && from.f_type == PROC_MAGIC) return 0;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(mount->destination, allowed[i]) == 0) return 0;
    }
    return fail(err, "mounts", EPERM, mount->destination, "%s lies inside procfs, where nothing may be mounted",
                mount->destination);
}

static int open_source(const struct oci_mount *mount, const struct planned_mount *plan, const char *bundle,
                       struct runtime_error *err) {
    char path[PATH_MAX];
    if (!plan->bind) {
        if (!mount->type) return fail(err, "mounts", EINVAL, mount->destination, "a mount without a type");
        return new_mount(mount->type, mount->source, &plan->data, (unsigned)plan->plain.attr_set, mount->destination,
                         err);
    }
    if (!mount->source) return fail(err, "mounts", EINVAL, mount->destination, "a bind mount without a source");
    snprintf(path, sizeof path, "%s%s%s", *mount->source == '/' ? "" : bundle, *mount->source == '/' ? "" : "/",
             mount->source);
    int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE_ | (plan->recursive_bind ? AT_RECURSIVE_ : 0));
    if (fd < 0) return fail(err, "mounts", errno, path, "bind source %s: %s", path, strerror(errno));
    return fd;
}

static int open_target(int root, const struct oci_mount *mount, const struct planned_mount *plan, int source,
                       struct runtime_error *err) {
    struct stat info = {.st_mode = S_IFDIR};
    const char *path = mount->destination;
    if (plan->bind && fstat(source, &info) < 0) return fail(err, "mounts", errno, path, "%s", strerror(errno));
    bool kernel_files = mount->type && !plan->bind && (strcmp(mount->type, "proc") == 0 ||
                                                       strcmp(mount->type, "sysfs") == 0);
    int fd = in_root_make(root, path, S_ISDIR(info.st_mode));
    if (fd < 0) return fail(err, "mounts", errno, path, "mount point %s: %s", path, strerror(errno));
    if (kernel_files) {
        /* A /proc that is a link could let the image choose what masks and checks are applied to. */
        int plain = sys_openat2(root, path + 1, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT_ | RESOLVE_NO_SYMLINKS_);
        close(fd);
        if (plain < 0) return fail(err, "mounts", errno, path, "%s must be a plain directory", path);
        fd = plain;
    }
    return fd;
}

static int set_attributes(int fd, const struct planned_mount *plan, const char *path, struct runtime_error *err) {
    struct attributes plain = plan->plain;
    /* fsmount took what a new file system is to have; a bind keeps its source's but for those named. */
    if (plan->bind && (plain.attr_set || plain.attr_clr) && sys_mount_setattr(fd, 0, &plain) < 0) {
        return fail(err, "mounts", errno, path, "attributes of the mount: %s", strerror(errno));
    }
    if ((plan->recursive.attr_set || plan->recursive.attr_clr) &&
        sys_mount_setattr(fd, AT_RECURSIVE_, &plan->recursive) < 0) {
        return fail(err, "mounts", errno, path, "recursive attributes of the mount: %s", strerror(errno));
    }
    return 0;
}

static int mount_one(const struct oci_mount *mount, const char *bundle, int root, struct runtime_error *err) {
    struct planned_mount plan;
    if (plan_mount(mount, &plan, err) < 0) return -1;
    if (!plan.bind && mount->type && strncmp(mount->type, "cgroup", 6) == 0) {
        free(plan.data.items);
        return rootfs_mount_cgroup(root, mount, (unsigned)plan.plain.attr_set, err);
    }
    AUTO_FD source = open_source(mount, &plan, bundle, err);
    free(plan.data.items);
    plan.data = (struct string_list){0};
    if (source < 0) return -1;
    AUTO_FD target = open_target(root, mount, &plan, source, err);
    if (target < 0 || check_proc(mount, target, source, err) < 0) return -1;
    if (set_attributes(source, &plan, mount->destination, err) < 0) return -1;
    if (sys_move_mount(source, target) < 0) {
        return fail(err, "mounts", errno, mount->destination, "mounting on %s: %s", mount->destination,
                    strerror(errno));
    }
    struct attributes propagation = {.propagation = plan.propagation};
    if (plan.propagation &&
        sys_mount_setattr(source, plan.recursive_propagation ? AT_RECURSIVE_ : 0, &propagation) < 0) {
        return fail(err, "mounts", errno, mount->destination, "mount propagation: %s", strerror(errno));
    }
    return 0;
}

int rootfs_mount_all(const struct oci_config *config, const char *bundle, int root, struct runtime_error *err) {
    for (size_t i = 0; i < config->mount_count; i++) {
        if (mount_one(&config->mounts[i], bundle, root, err) < 0) return -1;
    }
    return 0;
}
