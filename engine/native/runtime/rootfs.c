#include "rootfs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "error.h"
#include "syscalls.h"
#include "text.h"

enum { FSCONFIG_MAX_STRING = 255 };

/* The kernel's last sentence about a file system context ("e overlay: …"), or nothing. */
static void context_message(int fs, char *text, size_t size) {
    ssize_t length = read(fs, text, size - 1);
    text[length > 0 ? length : 0] = 0;
    text[strcspn(text, "\n")] = 0;
}

static int context_fail(struct runtime_error *err, const char *stage, int fs, const char *path, const char *what) {
    char words[256];
    int number = errno;
    context_message(fs, words, sizeof words);
    return fail(err, stage, number, path, "%s: %s%s%s", what, strerror(number), *words ? ": " : "", words);
}

/* Paths beyond fsconfig's limit go by a descriptor's name, which stays open until the file system is made. */
static int set_directory(int fs, const char *key, const char *path, int *held) {
    if (strlen(path) <= FSCONFIG_MAX_STRING) return sys_fsconfig(fs, FSCONFIG_STRING, key, path);
    char name[32];
    *held = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*held < 0) return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", *held);
    return sys_fsconfig(fs, FSCONFIG_STRING, key, name);
}

/* "key/proc/self/fd/N", with the descriptor kept in *held until the mount is made. */
static int add_directory(struct text *options, const char *key, const char *path, int *held,
                         struct runtime_error *err) {
    *held = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*held < 0) return fail(err, "rootfs", errno, path, "opening a layer: %s", strerror(errno));
    text_add(options, "%s/proc/self/fd/%d", key, *held);
    return 0;
}

/* Kernels before 6.7 know no lowerdir+: all layers in one option page, by short names of descriptors. */
static int overlay_by_option_page(const struct mount_plan *plan, const char *target, struct runtime_error *err) {
    struct text options = {0};
    size_t opened = 0;
    int *held = calloc(plan->lower.count + 2, sizeof *held), result = 0;
    if (!held) return fail(err, "rootfs", ENOMEM, target, "out of memory");
    text_add(&options, "%s", plan->is_volatile ? "volatile" : "index=off");
    for (size_t i = 0; result == 0 && i < plan->lower.count; i++) {
        result = add_directory(&options, i == 0 ? ",lowerdir=" : ":", plan->lower.items[i], &held[opened++], err);
    }
    if (result == 0 && plan->upper) {
        result = add_directory(&options, ",upperdir=", plan->upper, &held[opened++], err);
        if (result == 0) result = add_directory(&options, ",workdir=", plan->work, &held[opened++], err);
    }
    if (result == 0 && (options.failed || mount("overlay", target, "overlay", 0, options.bytes) < 0)) {
        result = fail(err, "rootfs", errno, target, "mounting overlay: %s", strerror(errno));
    }
    text_free(&options);
    while (opened > 0) close_fd(&held[--opened]);
    free(held);
    return result;
}

static int overlay(const struct mount_plan *plan, struct runtime_error *err) {
    int held[2] = {-1, -1}, result = -1;
    AUTO_FD fs = sys_fsopen("overlay");
    if (fs < 0) return fail(err, "rootfs", errno, NULL, "fsopen overlay: %s", strerror(errno));
    /* What `diff` and `commit` read from the upper directory must be plain; a kernel without an option is plain. */
    sys_fsconfig(fs, FSCONFIG_STRING, "index", "off");
    sys_fsconfig(fs, FSCONFIG_STRING, "redirect_dir", "off");
    sys_fsconfig(fs, FSCONFIG_STRING, "metacopy", "off");
    for (size_t i = 0; i < plan->lower.count; i++) {
        AUTO_FD layer = -1;
        if (set_directory(fs, "lowerdir+", plan->lower.items[i], &layer) < 0) {
            if (errno == EINVAL && i == 0) return -2;
            return context_fail(err, "rootfs", fs, plan->lower.items[i], "adding a layer");
        }
    }
    if (plan->upper && (set_directory(fs, "upperdir", plan->upper, &held[0]) < 0 ||
                        set_directory(fs, "workdir", plan->work, &held[1]) < 0)) {
        context_fail(err, "rootfs", fs, plan->upper, "setting the writable layer");
    } else if (plan->is_volatile && sys_fsconfig(fs, FSCONFIG_FLAG, "volatile", NULL) < 0) {
        context_fail(err, "rootfs", fs, plan->upper, "volatile");
    } else if (sys_fsconfig(fs, FSCONFIG_CREATE, NULL, NULL) < 0) {
        context_fail(err, "rootfs", fs, plan->upper, "making the overlay");
    } else {
        result = sys_fsmount(fs, 0);
        if (result < 0) context_fail(err, "rootfs", fs, plan->upper, "mounting the overlay");
    }
    close_fd(&held[0]);
    close_fd(&held[1]);
    return result;
}

static int bind_directory(const char *path, struct runtime_error *err) {
    int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE_ | AT_RECURSIVE_);
    if (fd < 0) fail(err, "rootfs", errno, path, "opening the root file system: %s", strerror(errno));
    return fd;
}

/* The mount below `target` must not be shared, or pivot_root refuses and our mounts would show on the host. */
static int make_parent_private(const char *target, struct runtime_error *err) {
    AUTO_FD fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct attributes attributes = {.propagation = MS_PRIVATE};
    while (fd >= 0 && sys_mount_setattr(fd, 0, &attributes) < 0) {
        /* EINVAL: not the root of a mount, so further up. */
        if (errno != EINVAL) return fail(err, "rootfs", errno, target, "making a mount private: %s", strerror(errno));
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = up;
    }
    if (fd < 0) return fail(err, "rootfs", errno, target, "opening the parent of the root: %s", strerror(errno));
    return 0;
}

static int set_propagation(const struct oci_config *config, const char *target, struct runtime_error *err) {
    const char *wanted = config->rootfs_propagation;
    unsigned long flag = MS_SLAVE;
    if (wanted && strstr(wanted, "shared")) return make_parent_private(target, err);
    if (wanted && strstr(wanted, "private")) flag = MS_PRIVATE;
    if (mount(NULL, "/", NULL, MS_REC | flag, NULL) < 0) {
        return fail(err, "rootfs", errno, "/", "changing mount propagation: %s", strerror(errno));
    }
    return make_parent_private(target, err);
}

int rootfs_mount(const struct oci_config *config, const struct mount_plan *plan, const char *bundle, int *root,
                 struct runtime_error *err) {
    char target[PATH_MAX];
    const char *path = config->root_path ? config->root_path : "rootfs";
    /* A planned root covers the bundle itself: a directory that surely exists, in this mount namespace only. */
    if (plan) snprintf(target, sizeof target, "%s", bundle);
    else if (*path == '/') snprintf(target, sizeof target, "%s", path);
    else snprintf(target, sizeof target, "%s/%s", bundle, path);

    if (set_propagation(config, target, err) < 0) return -1;
    AUTO_FD tree = -1;
    if (plan && plan->overlay && (plan->lower.count > 1 || plan->upper)) {
        tree = overlay(plan, err);
        if (tree == -2) {
            if (overlay_by_option_page(plan, target, err) < 0) return -1;
            *root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
            return *root < 0 ? fail(err, "rootfs", errno, target, "%s", strerror(errno)) : 0;
        }
    } else {
        tree = bind_directory(plan ? plan->lower.items[0] : target, err);
    }
    if (tree < 0) return -1;
    AUTO_FD directory = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || sys_move_mount(tree, directory) < 0) {
        return fail(err, "rootfs", errno, target, "attaching the root file system: %s", strerror(errno));
    }
    *root = tree;
    tree = -1;
    return 0;
}

int rootfs_pivot(const struct oci_config *config, int root, struct runtime_error *err) {
    AUTO_FD old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* Stacking the new root on the old one needs no directory for the old one in the image. */
    if (old < 0 || fchdir(root) < 0 || sys_pivot_root(".", ".") < 0) {
        return fail(err, "rootfs", errno, NULL, "pivot_root: %s", strerror(errno));
    }
    /* The old root lies on top now; without MS_SLAVE its unmounting would spread to the host. To mount(2) "." is
     * still the new root, whose own mounts keep the propagation that they were given. */
    if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) {
        return fail(err, "rootfs", errno, NULL, "leaving the host's root: %s", strerror(errno));
    }
    const char *wanted = config->rootfs_propagation;
    if (wanted && strstr(wanted, "shared") && mount(NULL, "/", NULL, MS_SHARED, NULL) < 0) {
        return fail(err, "rootfs", errno, "/", "sharing the root mount: %s", strerror(errno));
    }
    return 0;
}

int new_mount(const char *type, const char *source, const struct string_list *options, unsigned attributes,
              const char *path, struct runtime_error *err) {
    AUTO_FD fs = sys_fsopen(type);
    if (fs < 0) return fail(err, "mounts", errno, path, "file system type %s: %s", type, strerror(errno));
    if (source && *source) sys_fsconfig(fs, FSCONFIG_STRING, "source", source);
    for (size_t i = 0; options && i < options->count; i++) {
        char key[64];
        const char *option = options->items[i], *equals = strchr(option, '=');
        snprintf(key, sizeof key, "%.*s", equals ? (int)(equals - option) : (int)strlen(option), option);
        if (sys_fsconfig(fs, equals ? FSCONFIG_STRING : FSCONFIG_FLAG, key, equals ? equals + 1 : NULL) < 0) {
            char what[128];
            snprintf(what, sizeof what, "option %s", option);
            return context_fail(err, "mounts", fs, path, what);
        }
    }
    if (sys_fsconfig(fs, FSCONFIG_CREATE, NULL, NULL) < 0) return context_fail(err, "mounts", fs, path, type);
    int mounted = sys_fsmount(fs, attributes);
    if (mounted < 0) return context_fail(err, "mounts", fs, path, type);
    return mounted;
}
