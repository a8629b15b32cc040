/* The mounts of config.json. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "copy_up.h"
#include "error.h"
#include "guards.h"
#include "in_root.h"
#include "mount_plan.h"
#include "rootfs.h"
#include "sync.h"
#include "syscalls.h"

/* Where the mounts of one container are made. */
struct target {
    const struct oci_config *config;
    const char *bundle;
    int root, sync;
};

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
    if (!GUARD_PROC || on.f_type != PROC_MAGIC) return 0;
    if (strcmp(mount->destination, "/proc") == 0 && fstatfs(source, &from) == 0 && from.f_type == PROC_MAGIC) return 0;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(mount->destination, allowed[i]) == 0) return 0;
    }
    return fail(err, "mounts", EPERM, mount->destination, "%s lies inside procfs, where nothing may be mounted",
                mount->destination);
}

static int ask_caller(const struct target *target, const struct oci_mount *mount, struct runtime_error *err) {
    struct sync_message message;
    uint32_t index = (uint32_t)(mount - target->config->mounts);
    if (sync_send(target->sync, SYNC_SOURCE, &index, sizeof index, NULL, 0) < 0) _exit(1);
    if (sync_expect(target->sync, SYNC_OPENED, &message, "mounts", err) < 0) return -1;
    int source = message.fd_count > 0 ? message.fds[0] : -1;
    message.fd_count = 0;
    sync_free(&message);
    return source >= 0 ? source : fail(err, "mounts", EPROTO, mount->destination, "no source from the caller");
}

static bool is_kind(const struct oci_mount *mount, const char *type) {
    return mount->type && strcmp(mount->type, type) == 0;
}

/* A tmpfs is made read-only at the end only: more may be mounted, and devices be made, inside. */
static bool read_only_later(const struct oci_mount *mount, const struct planned_mount *plan) {
    return is_kind(mount, "tmpfs") && !plan->bind && (plan->plain.attr_set & ATTR_RDONLY);
}

static int open_new(const struct oci_config *config, const struct oci_mount *mount, const struct planned_mount *plan,
                    struct runtime_error *err) {
    char label[512];
    uint64_t attributes = plan->plain.attr_set;
    if (!mount->type) return fail(err, "mounts", EINVAL, mount->destination, "a mount without a type");
    if (read_only_later(mount, plan)) attributes &= ~(uint64_t)ATTR_RDONLY;
    /* Kernel interfaces have labels of their own. */
    bool labelled = config->mount_label && *config->mount_label && !is_kind(mount, "proc") && !is_kind(mount, "sysfs") &&
                    !is_kind(mount, "mqueue");
    struct string_list data = plan->data;
    if (labelled) {
        snprintf(label, sizeof label, "context=%s", config->mount_label);
        data.items[data.count++] = label; /* there is room: one more than options is allocated */
    }
    int fd = new_mount(mount->type, mount->source, &data, (unsigned)attributes, mount->destination, err);
    /* A network namespace of the host's under a user namespace of the container's: its sysfs cannot be mounted. */
    if (fd < 0 && is_kind(mount, "sysfs") && config->namespaces[NS_USER].present) {
        fd = sys_open_tree(AT_FDCWD, "/sys", OPEN_TREE_CLONE_ | AT_RECURSIVE_);
        struct attributes as_asked = {.attr_set = plan->plain.attr_set};
        if (fd >= 0 && sys_mount_setattr(fd, 0, &as_asked) < 0) {
            close_fd(&fd);
            fd = -1;
        }
    }
    return fd;
}

static int open_source(const struct target *target, const struct oci_mount *mount, const struct planned_mount *plan,
                       struct runtime_error *err) {
    if (mount_is_callers(plan)) return ask_caller(target, mount, err);
    if (plan->bind) return mount_open_bind(mount, plan, target->bundle, -1, err);
    AUTO_FD fd = open_new(target->config, mount, plan, err);
    if (fd < 0) return -1;
    if ((plan->recursive.attr_set || plan->recursive.attr_clr) &&
        sys_mount_setattr(fd, AT_RECURSIVE_, &plan->recursive) < 0) {
        return fail(err, "mounts", errno, mount->destination, "recursive attributes of the mount: %s", strerror(errno));
    }
    int opened = fd;
    fd = -1;
    return opened;
}

static int open_target(int root, const struct oci_mount *mount, const struct planned_mount *plan, int source,
                       struct runtime_error *err) {
    struct stat info = {.st_mode = S_IFDIR};
    const char *path = mount->destination;
    if (plan->bind && fstat(source, &info) < 0) return fail(err, "mounts", errno, path, "%s", strerror(errno));
    bool kernel_files = !plan->bind && (is_kind(mount, "proc") || is_kind(mount, "sysfs"));
    int fd = in_root_make(root, path, S_ISDIR(info.st_mode));
    if (fd < 0) return fail(err, "mounts", errno, path, "mount point %s: %s", path, strerror(errno));
    if (GUARD_PROC && kernel_files) {
        /* A /proc that is a link could let the image choose what masks and checks are applied to. */
        int plain = sys_openat2(root, path + 1, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT_ | RESOLVE_NO_SYMLINKS_);
        close(fd);
        if (plain < 0) {
            return fail(err, "mounts", errno, path, "filesystem \"%s\" must be mounted on ordinary directory", path);
        }
        fd = plain;
    }
    return fd;
}

static int set_propagation(int fd, const struct planned_mount *plan, const char *path, struct runtime_error *err) {
    struct attributes propagation = {.propagation = plan->propagation};
    if (!plan->propagation) return 0;
    if (sys_mount_setattr(fd, plan->recursive_propagation ? AT_RECURSIVE_ : 0, &propagation) == 0) return 0;
    return fail(err, "mounts", errno, path, "mount propagation: %s", strerror(errno));
}

/* Other attributes for what is mounted already. */
static int remount(const struct target *target, const struct oci_mount *mount, const struct planned_mount *plan,
                   struct runtime_error *err) {
    const char *path = mount->destination;
    AUTO_FD fd = in_root_open(target->root, path);
    if (fd < 0 || ((plan->plain.attr_set || plan->plain.attr_clr) && sys_mount_setattr(fd, 0, &plan->plain) < 0) ||
        ((plan->recursive.attr_set || plan->recursive.attr_clr) &&
         sys_mount_setattr(fd, AT_RECURSIVE_, &plan->recursive) < 0)) {
        return fail(err, "mounts", errno, path, "remounting %s: %s", path, strerror(errno));
    }
    return set_propagation(fd, plan, path, err);
}

static int attach(const struct target *target, const struct oci_mount *mount, const struct planned_mount *plan,
                  struct runtime_error *err) {
    const char *path = mount->destination;
    AUTO_FD source = open_source(target, mount, plan, err);
    if (source < 0) return -1;
    AUTO_FD place = open_target(target->root, mount, plan, source, err);
    if (place < 0 || check_proc(mount, place, source, err) < 0) return -1;
    if (plan->copy_up && copy_up(place, source, path, err) < 0) return -1;
    if (sys_move_mount(source, place) < 0) {
        return fail(err, "mounts", errno, path, "mounting on %s: %s", path, strerror(errno));
    }
    return set_propagation(source, plan, path, err);
}

static int mount_one(const struct target *target, const struct oci_mount *mount, struct runtime_error *err) {
    struct planned_mount plan;
    int result;
    if (plan_mount(mount, &plan, err) < 0) return -1;
    if (plan.remount) result = remount(target, mount, &plan, err);
    else if (!plan.bind && mount->type && strncmp(mount->type, "cgroup", 6) == 0) {
        result = rootfs_mount_cgroup(target->config, target->root, mount, (unsigned)plan.plain.attr_set, err);
    } else {
        result = attach(target, mount, &plan, err);
    }
    planned_mount_free(&plan);
    return result;
}

int rootfs_mount_all(const struct oci_config *config, const char *bundle, int root, int sync,
                     struct runtime_error *err) {
    const struct target target = {.config = config, .bundle = bundle, .root = root, .sync = sync};
    for (size_t i = 0; i < config->mount_count; i++) {
        if (mount_one(&target, &config->mounts[i], err) < 0) return -1;
    }
    return 0;
}

int rootfs_close_mounts(const struct oci_config *config, int root, struct runtime_error *err) {
    static const struct attributes read_only = {.attr_set = ATTR_RDONLY};
    for (size_t i = 0; i < config->mount_count; i++) {
        const struct oci_mount *mount = &config->mounts[i];
        struct planned_mount plan;
        if (plan_mount(mount, &plan, err) < 0) return -1;
        bool later = read_only_later(mount, &plan);
        planned_mount_free(&plan);
        if (!later) continue;
        AUTO_FD fd = in_root_open(root, mount->destination);
        if (fd < 0 || sys_mount_setattr(fd, 0, &read_only) < 0) {
            return fail(err, "mounts", errno, mount->destination, "making %s read-only: %s", mount->destination,
                        strerror(errno));
        }
    }
    return 0;
}
