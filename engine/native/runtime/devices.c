/* Device nodes, the terminal, masked and read-only paths. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "error.h"
#include "guards.h"
#include "in_root.h"
#include "rootfs.h"
#include "syscalls.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static const struct oci_device default_devices[] = {
    {"/dev/null", 'c', 1, 3, 0666, 0, 0},    {"/dev/zero", 'c', 1, 5, 0666, 0, 0},
    {"/dev/full", 'c', 1, 7, 0666, 0, 0},    {"/dev/tty", 'c', 5, 0, 0666, 0, 0},
    {"/dev/random", 'c', 1, 8, 0666, 0, 0},  {"/dev/urandom", 'c', 1, 9, 0666, 0, 0},
};

static const struct oci_pair default_links[] = {
    {"/dev/ptmx", "pts/ptmx"},
    {"/dev/fd", "/proc/self/fd"},
    {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"},
    {"/dev/core", "/proc/kcore"},
};

static int make_device(int root, const struct oci_device *device, struct runtime_error *err) {
    char name[NAME_MAX + 1];
    struct stat info;
    mode_t type = device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
    dev_t number = device->type == 'p' ? 0 : makedev(device->major, device->minor);
    AUTO_FD parent = in_root_parent(root, device->path, name);
    if (parent < 0) return fail(err, "devices", errno, device->path, "directory of %s: %s", device->path, strerror(errno));
    if (mknodat(parent, name, type | device->mode, number) < 0) {
        bool same = errno == EEXIST && fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                    (info.st_mode & S_IFMT) == type && (type == S_IFIFO || info.st_rdev == number);
        if (!same) return fail(err, "devices", errno, device->path, "making %s: %s", device->path, strerror(errno));
    }
    /* mknod's mode passed the umask. */
    if (fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        fchmodat(parent, name, device->mode, 0) < 0) {
        return fail(err, "devices", errno, device->path, "owner of %s: %s", device->path, strerror(errno));
    }
    return 0;
}

/* In a user namespace no device can be made: the host's own node of that path is bound. */
static int bind_device(int root, const struct oci_device *device, struct runtime_error *err) {
    struct stat info;
    mode_t type = device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
    AUTO_FD source = sys_open_tree(AT_FDCWD, device->path, OPEN_TREE_CLONE_);
    if (source < 0 || fstat(source, &info) < 0) {
        return fail(err, "devices", errno, device->path, "device %s of the host: %s", device->path, strerror(errno));
    }
    if ((info.st_mode & S_IFMT) != type ||
        (type != S_IFIFO && info.st_rdev != makedev(device->major, device->minor))) {
        return fail(err, "devices", EINVAL, device->path, "%s of the host is another device", device->path);
    }
    AUTO_FD target = in_root_make(root, device->path, false);
    if (target >= 0 && sys_move_mount(source, target) == 0) return 0;
    return fail(err, "devices", errno, device->path, "binding %s: %s", device->path, strerror(errno));
}

static int add_device(const struct oci_config *config, int root, const struct oci_device *device,
                      struct runtime_error *err) {
    bool bind = config->namespaces[NS_USER].present && device->type != 'p';
    return bind ? bind_device(root, device, err) : make_device(root, device, err);
}

static bool dev_is_bound(const struct oci_config *config) {
    for (size_t i = 0; i < config->mount_count; i++) {
        const struct oci_mount *mount = &config->mounts[i];
        bool dev = strcmp(mount->destination, "/dev") == 0 || strcmp(mount->destination, "/dev/") == 0;
        for (size_t j = 0; dev && j < mount->options.count; j++) {
            if (strcmp(mount->options.items[j], "bind") == 0 || strcmp(mount->options.items[j], "rbind") == 0) {
                return true;
            }
        }
    }
    return false;
}

int rootfs_make_devices(const struct oci_config *config, int root, struct runtime_error *err) {
    /* The host's own /dev has all of it, and nothing may be made there. */
    if (dev_is_bound(config)) return 0;
    for (size_t i = 0; i < sizeof default_devices / sizeof *default_devices; i++) {
        if (add_device(config, root, &default_devices[i], err) < 0) return -1;
    }
    for (size_t i = 0; i < config->device_count; i++) {
        if (add_device(config, root, &config->devices[i], err) < 0) return -1;
    }
    AUTO_FD directory = in_root_make(root, "/dev", true);
    for (size_t i = 0; i < sizeof default_links / sizeof *default_links; i++) {
        const char *name = default_links[i].key + strlen("/dev/");
        if (symlinkat(default_links[i].value, directory, name) < 0 && errno != EEXIST) {
            return fail(err, "devices", errno, default_links[i].key, "linking %s: %s", name, strerror(errno));
        }
    }
    return 0;
}

/* What covers a masked file: a node that surely is the null device, whatever the image or a volume put at its place. */
static int open_null(int root, struct runtime_error *err) {
    struct stat info;
    int fd = in_root_open(root, "/dev/null");
    if (!GUARD_NULL_DEVICE) return fd;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) return fd;
    if (fd >= 0) close(fd);
    return fail(err, "mounts", ENODEV, "/dev/null", "/dev/null of the container is not the null device");
}

/* `empty` is a read-only tmpfs made once for all masked directories. */
static int mask(int root, const char *path, int null, int *empty, struct runtime_error *err) {
    static const char *sizes[] = {"size=0", "nr_inodes=1", NULL};
    static const struct string_list options = {.items = sizes, .count = 2};
    struct stat info;
    AUTO_FD target = in_root_open(root, path);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) return 0;
    if (target < 0 || fstat(target, &info) < 0) {
        return fail(err, "mounts", errno, path, "masked path %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode) && *empty < 0) {
        *empty = new_mount("tmpfs", "tmpfs", &options, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC, path, err);
        if (*empty < 0) return -1;
        if (sys_move_mount(*empty, target) == 0) return 0;
    } else {
        AUTO_FD cover = sys_open_tree(S_ISDIR(info.st_mode) ? *empty : null, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_);
        if (cover >= 0 && sys_move_mount(cover, target) == 0) return 0;
    }
    return fail(err, "mounts", errno, path, "masking %s: %s", path, strerror(errno));
}

static int make_read_only(int root, const char *path, struct runtime_error *err) {
    struct attributes attributes = {.attr_set = ATTR_RDONLY};
    if (!GUARD_READ_ONLY_PATHS) return 0;
    AUTO_FD target = in_root_open(root, path);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) return 0;
    AUTO_FD copy = target < 0 ? -1 : sys_open_tree(target, "", OPEN_TREE_CLONE_ | AT_RECURSIVE_ | AT_EMPTY_PATH_);
    if (copy < 0 || sys_mount_setattr(copy, AT_RECURSIVE_, &attributes) < 0 || sys_move_mount(copy, target) < 0) {
        return fail(err, "mounts", errno, path, "read-only path %s: %s", path, strerror(errno));
    }
    return 0;
}

int rootfs_protect(const struct oci_config *config, int root, struct runtime_error *err) {
    AUTO_FD null = -1;
    AUTO_FD empty = -1;
    struct attributes read_only = {.attr_set = ATTR_RDONLY};
    for (size_t i = 0; i < config->read_only_paths.count; i++) {
        if (make_read_only(root, config->read_only_paths.items[i], err) < 0) return -1;
    }
    if (config->masked_paths.count > 0 && (null = open_null(root, err)) < 0) return -1;
    for (size_t i = 0; i < config->masked_paths.count; i++) {
        if (mask(root, config->masked_paths.items[i], null, &empty, err) < 0) return -1;
    }
    if (config->root_read_only && sys_mount_setattr(root, 0, &read_only) < 0) {
        return fail(err, "rootfs", errno, "/", "making the root read-only: %s", strerror(errno));
    }
    return 0;
}

/* The slave comes from the master itself (TIOCGPTPEER), never by a path that the container could have prepared. */
static int open_pair(int root, int *master, int *slave, struct runtime_error *err) {
    struct statfs system;
    *master = sys_openat2(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0,
                          RESOLVE_IN_ROOT_ | RESOLVE_NO_SYMLINKS_ | RESOLVE_NO_MAGICLINKS_);
    if (*master < 0) return fail(err, "devices", errno, "/dev/pts/ptmx", "opening a terminal: %s", strerror(errno));
    if (fstatfs(*master, &system) < 0 || system.f_type != DEVPTS_MAGIC) {
        return fail(err, "devices", ENODEV, "/dev/pts", "/dev/pts of the container is no devpts");
    }
    int unlocked = 0;
    if (ioctl(*master, TIOCSPTLCK, &unlocked) < 0 ||
        (*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
        return fail(err, "devices", errno, "/dev/pts/ptmx", "opening a terminal: %s", strerror(errno));
    }
    return 0;
}

/* A link could put the terminal on what the runtime or the container's own guards write to. */
static int open_console(int root) {
    char name[NAME_MAX + 1];
    struct stat info;
    AUTO_FD directory = in_root_parent(root, "/dev/console", name);
    if (directory < 0 || (mknodat(directory, name, S_IFREG | 0600, 0) < 0 && errno != EEXIST)) return -1;
    int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISLNK(info.st_mode)) return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

static int bind_console(int root, int slave, struct runtime_error *err) {
    AUTO_FD target = GUARD_CONSOLE ? open_console(root) : in_root_make(root, "/dev/console", false);
    AUTO_FD source = target < 0 ? -1 : sys_open_tree(slave, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_);
    if (source < 0 || sys_move_mount(source, target) < 0) {
        return fail(err, "devices", errno, "/dev/console", "binding the console: %s", strerror(errno));
    }
    return 0;
}

int console_open(int root, bool bind, uint16_t rows, uint16_t columns, int *master, int *slave,
                 struct runtime_error *err) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    *master = *slave = -1;
    if (open_pair(root, master, slave, err) == 0 && (!bind || bind_console(root, *slave, err) == 0)) {
        if (rows > 0 && columns > 0) ioctl(*master, TIOCSWINSZ, &size);
        return 0;
    }
    close_fd(master);
    close_fd(slave);
    return -1;
}
