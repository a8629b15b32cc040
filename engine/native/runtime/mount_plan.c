#include "mount_plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "error.h"
#include "features.h"
#include "rootfs.h"
#include "user_namespace.h"

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
    {"rsuid", 0, ATTR_NOSUID, true, 0},
    {"rnodev", ATTR_NODEV, 0, true, 0},
    {"rdev", 0, ATTR_NODEV, true, 0},
    {"rnoexec", ATTR_NOEXEC, 0, true, 0},
    {"rexec", 0, ATTR_NOEXEC, true, 0},
    {"rnodiratime", ATTR_NODIRATIME, 0, true, 0},
    {"rdiratime", 0, ATTR_NODIRATIME, true, 0},
    {"rnoatime", ATTR_NOATIME, ATTR_ATIME_MASK, true, 0},
    {"ratime", 0, ATTR_ATIME_MASK, true, 0},
    {"rrelatime", 0, ATTR_ATIME_MASK, true, 0},
    {"rnorelatime", 0, ATTR_ATIME_MASK, true, 0},
    {"rstrictatime", ATTR_STRICTATIME, ATTR_ATIME_MASK, true, 0},
    {"rnostrictatime", 0, ATTR_ATIME_MASK, true, 0},
    {"rnosymfollow", ATTR_NOSYMFOLLOW, 0, true, 0},
    {"rsymfollow", 0, ATTR_NOSYMFOLLOW, true, 0},
    {"private", 0, 0, false, MS_PRIVATE},
    {"rprivate", 0, 0, true, MS_PRIVATE},
    {"slave", 0, 0, false, MS_SLAVE},
    {"rslave", 0, 0, true, MS_SLAVE},
    {"shared", 0, 0, false, MS_SHARED},
    {"rshared", 0, 0, true, MS_SHARED},
    {"unbindable", 0, 0, false, MS_UNBINDABLE},
    {"runbindable", 0, 0, true, MS_UNBINDABLE},
};

/* Those with a meaning of their own; the kernel has no words for the last ones any more, or never had. */
static const char *const other_options[] = {"bind",    "rbind", "remount", "idmap",    "ridmap",     "tmpcopyup",
                                            "defaults", "loud",  "silent",  "iversion", "noiversion", NULL};

const char *feature_mount_option(size_t index) {
    size_t count = sizeof option_table / sizeof *option_table;
    if (index < count) return option_table[index].name;
    index -= count;
    return index < sizeof other_options / sizeof *other_options ? other_options[index] : NULL;
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

/* False when the option is the file system's. */
static bool take_other(struct planned_mount *plan, const char *name) {
    if (strcmp(name, "bind") == 0) plan->bind = true;
    else if (strcmp(name, "rbind") == 0) plan->bind = plan->recursive_bind = true;
    else if (strcmp(name, "remount") == 0) plan->remount = true;
    else if (strcmp(name, "idmap") == 0) plan->idmap = IDMAP_MOUNT;
    else if (strcmp(name, "ridmap") == 0) plan->idmap = IDMAP_TREE;
    else if (strcmp(name, "tmpcopyup") == 0) plan->copy_up = true;
    for (size_t i = 0; other_options[i]; i++) {
        if (strcmp(name, other_options[i]) == 0) return true;
    }
    return *name == 0;
}

int plan_mount(const struct oci_mount *mount, struct planned_mount *plan, struct runtime_error *err) {
    *plan = (struct planned_mount){.bind = mount->type && strcmp(mount->type, "bind") == 0};
    plan->data.items = calloc(mount->options.count + 1, sizeof *plan->data.items);
    if (!plan->data.items) return fail(err, "mounts", ENOMEM, mount->destination, "out of memory");
    for (size_t i = 0; i < mount->options.count; i++) {
        const char *name = mount->options.items[i];
        size_t known = 0, count = sizeof option_table / sizeof *option_table;
        while (known < count && strcmp(name, option_table[known].name) != 0) known++;
        if (known < count) take_option(plan, &option_table[known]);
        else if (!take_other(plan, name)) plan->data.items[plan->data.count++] = name;
    }
    if (plan->idmap == IDMAP_NONE && mount->mappings.uid_count > 0) plan->idmap = IDMAP_MOUNT;
    const char *problem = NULL;
    if (plan->idmap && !plan->bind) problem = "only a bind mount can have its owners mapped";
    if (!mount->mappings.uid_count != !mount->mappings.gid_count) problem = "mappings of users and groups go together";
    if (plan->copy_up && (!mount->type || strcmp(mount->type, "tmpfs") != 0)) problem = "tmpcopyup is for tmpfs";
    if (!problem) return 0;
    planned_mount_free(plan);
    return fail(err, "bundle", EINVAL, mount->destination, "mount %s: %s", mount->destination, problem);
}

void planned_mount_free(struct planned_mount *plan) {
    free(plan->data.items);
    plan->data = (struct string_list){0};
}

bool mount_is_callers(const struct planned_mount *plan) {
    return plan->bind && !plan->remount;
}

static int set_attributes(int fd, const struct planned_mount *plan, const char *path, struct runtime_error *err) {
    if ((plan->plain.attr_set || plan->plain.attr_clr) && sys_mount_setattr(fd, 0, &plan->plain) < 0) {
        return fail(err, "mounts", errno, path, "attributes of the mount: %s", strerror(errno));
    }
    if ((plan->recursive.attr_set || plan->recursive.attr_clr) &&
        sys_mount_setattr(fd, AT_RECURSIVE_, &plan->recursive) < 0) {
        return fail(err, "mounts", errno, path, "recursive attributes of the mount: %s", strerror(errno));
    }
    return 0;
}

static int open_tree_at(const char *path, bool recursive, struct runtime_error *err) {
    const char *inside;
    int pid;
    if (foreign_path(path, &pid, &inside)) return foreign_tree(pid, inside, recursive, err);
    int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE_ | (recursive ? AT_RECURSIVE_ : 0));
    return fd < 0 ? fail(err, "mounts", errno, path, "bind source %s: %s", path, strerror(errno)) : fd;
}

int mount_open_bind(const struct oci_mount *mount, const struct planned_mount *plan, const char *bundle, int users,
                    struct runtime_error *err) {
    char path[PATH_MAX];
    if (!mount->source) return fail(err, "mounts", EINVAL, mount->destination, "a bind mount without a source");
    snprintf(path, sizeof path, "%s%s%s", *mount->source == '/' ? "" : bundle, *mount->source == '/' ? "" : "/",
             mount->source);
    AUTO_FD fd = open_tree_at(path, plan->recursive_bind, err);
    if (fd < 0) return -1;
    if (users >= 0) {
        const struct attributes shifted = {.attr_set = ATTR_IDMAP, .userns_fd = (uint64_t)users};
        if (sys_mount_setattr(fd, plan->idmap == IDMAP_TREE ? AT_RECURSIVE_ : 0, &shifted) < 0) {
            return fail(err, "mounts", errno, path, "mapping the owners of %s: %s", path, strerror(errno));
        }
    }
    if (set_attributes(fd, plan, mount->destination, err) < 0) return -1;
    int opened = fd;
    fd = -1;
    return opened;
}

int mount_open_for(const struct oci_config *config, size_t index, const char *bundle, pid_t pid,
                   struct runtime_error *err) {
    struct planned_mount plan;
    char path[64];
    const struct oci_mount *mount = &config->mounts[index];
    AUTO_FD users = -1;
    if (plan_mount(mount, &plan, err) < 0) return -1;
    if (plan.idmap && mount->mappings.uid_count > 0) {
        users = user_namespace_make(&mount->mappings, err);
    } else if (plan.idmap && config->namespaces[NS_USER].present) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
        users = open(path, O_RDONLY | O_CLOEXEC);
        if (users < 0) fail(err, "mounts", errno, path, "%s", strerror(errno));
    } else if (plan.idmap) {
        fail(err, "mounts", EINVAL, mount->destination, "mount %s: an idmap without mappings", mount->destination);
    }
    int opened = plan.idmap && users < 0 ? -1 : mount_open_bind(mount, &plan, bundle, users, err);
    planned_mount_free(&plan);
    return opened;
}
