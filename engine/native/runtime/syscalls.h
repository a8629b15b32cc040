/*
 * System calls and constants that musl 1.2.3 does not declare, under names of our own, so that no libc's or kernel
 * header's version can clash. Values are kernel ABI.
 */
#ifndef BERTH_SYSCALLS_H
#define BERTH_SYSCALLS_H

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The numbers from 424 on are the same on every architecture. */
enum {
    NR_PIDFD_SEND_SIGNAL = 424,
    NR_OPEN_TREE = 428,
    NR_MOVE_MOUNT = 429,
    NR_FSOPEN = 430,
    NR_FSCONFIG = 431,
    NR_FSMOUNT = 432,
    NR_PIDFD_OPEN = 434,
    NR_CLONE3 = 435,
    NR_CLOSE_RANGE = 436,
    NR_OPENAT2 = 437,
    NR_MOUNT_SETATTR = 442,
};

enum {
    RESOLVE_NO_XDEV_ = 0x01,
    RESOLVE_NO_MAGICLINKS_ = 0x02,
    RESOLVE_NO_SYMLINKS_ = 0x04,
    RESOLVE_IN_ROOT_ = 0x10,

    OPEN_TREE_CLONE_ = 1,
    OPEN_TREE_CLOEXEC_ = O_CLOEXEC,
    AT_RECURSIVE_ = 0x8000,
    AT_EMPTY_PATH_ = 0x1000,

    MOVE_F_EMPTY_PATH = 0x04,
    MOVE_T_EMPTY_PATH = 0x40,

    FSOPEN_CLOEXEC_ = 1,
    FSMOUNT_CLOEXEC_ = 1,
    FSCONFIG_FLAG = 0,
    FSCONFIG_STRING = 1,
    FSCONFIG_CREATE = 6,

    ATTR_RDONLY = 0x01,
    ATTR_NOSUID = 0x02,
    ATTR_NODEV = 0x04,
    ATTR_NOEXEC = 0x08,
    ATTR_ATIME_MASK = 0x70,
    ATTR_NOATIME = 0x10,
    ATTR_STRICTATIME = 0x20,
    ATTR_NODIRATIME = 0x80,
    ATTR_NOSYMFOLLOW = 0x200000,

    CLOSE_RANGE_CLOEXEC_ = 4,

    CLONE_NEWTIME_ = 0x80,
    CLONE_PIDFD_ = 0x1000,
    ATTR_IDMAP = 0x100000,
};

#define PROC_MAGIC 0x9fa0
#define DEVPTS_MAGIC 0x1cd1
#define CGROUP2_MAGIC 0x63677270
#define TMPFS_MAGIC_ 0x01021994
#define SELINUX_MAGIC_ 0xf97cff8c

#define CLONE_INTO_CGROUP_ UINT64_C(0x200000000)

struct how {
    uint64_t flags, mode, resolve;
};

struct attributes {
    uint64_t attr_set, attr_clr, propagation, userns_fd;
};

struct clone_request {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static inline int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return (int)syscall(NR_OPENAT2, dir, path, &how, sizeof how);
}

static inline int sys_open_tree(int dir, const char *path, unsigned flags) {
    return (int)syscall(NR_OPEN_TREE, dir, path, flags | OPEN_TREE_CLOEXEC_);
}

/* Attaches the detached mount `from` at what `to` refers to. */
static inline int sys_move_mount(int from, int to) {
    return (int)syscall(NR_MOVE_MOUNT, from, "", to, "", MOVE_F_EMPTY_PATH | MOVE_T_EMPTY_PATH);
}

static inline int sys_fsopen(const char *type) {
    return (int)syscall(NR_FSOPEN, type, FSOPEN_CLOEXEC_);
}

static inline int sys_fsconfig(int fs, unsigned command, const char *key, const char *value) {
    return (int)syscall(NR_FSCONFIG, fs, command, key, value, 0);
}

static inline int sys_fsmount(int fs, unsigned attributes) {
    return (int)syscall(NR_FSMOUNT, fs, FSMOUNT_CLOEXEC_, attributes);
}

static inline int sys_mount_setattr(int fd, unsigned flags, const struct attributes *attributes) {
    return (int)syscall(NR_MOUNT_SETATTR, fd, "", AT_EMPTY_PATH_ | flags, attributes, sizeof *attributes);
}

static inline int sys_pidfd_open(pid_t pid) {
    return (int)syscall(NR_PIDFD_OPEN, pid, 0);
}

static inline int sys_pidfd_send_signal(int pidfd, int number) {
    return (int)syscall(NR_PIDFD_SEND_SIGNAL, pidfd, number, NULL, 0);
}

static inline pid_t sys_clone3(struct clone_request *request) {
    return (pid_t)syscall(NR_CLONE3, request, sizeof *request);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(NR_CLOSE_RANGE, first, last, flags);
}

static inline int sys_pivot_root(const char *root, const char *put_old) {
    return (int)syscall(SYS_pivot_root, root, put_old);
}

#endif
