/* Mounts of another container: /dev/shm that is shared by --ipc container:. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "rootfs.h"
#include "syscalls.h"

bool foreign_path(const char *source, int *pid, const char **path) {
    int length = 0;
    if (sscanf(source, "/proc/%d/root%n", pid, &length) != 1 || length == 0 || source[length] != '/') return false;
    *path = source + length;
    return true;
}

static int clone_here(const char *path, bool recursive) {
    /* In the other container's tree: a link there must lead nowhere. */
    AUTO_FD place = sys_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_SYMLINKS_ | RESOLVE_NO_MAGICLINKS_);
    if (place < 0) return -1;
    return sys_open_tree(place, "", OPEN_TREE_CLONE_ | AT_EMPTY_PATH_ | (recursive ? AT_RECURSIVE_ : 0));
}

/*
 * A mount can be cloned only inside its own mount namespace; the clone belongs to none and may be attached anywhere. So
 * the process, which has one thread and is not the container's yet, goes there and back.
 */
int foreign_tree(int pid, const char *path, bool recursive, struct runtime_error *err) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/ns/mnt", pid);
    AUTO_FD other = open(name, O_RDONLY | O_CLOEXEC);
    AUTO_FD own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (other < 0 || own < 0) return fail(err, "mounts", errno, name, "%s: %s", name, strerror(errno));
    if (setns(other, CLONE_NEWNS) < 0) {
        return fail(err, "mounts", errno, name, "entering %s: %s", name, strerror(errno));
    }
    int tree = clone_here(path, recursive), saved = errno;
    if (setns(own, CLONE_NEWNS) < 0) {
        if (tree >= 0) close(tree);
        return fail(err, "mounts", errno, name, "leaving %s: %s", name, strerror(errno));
    }
    if (tree < 0) return fail(err, "mounts", saved, path, "%s of the other container: %s", path, strerror(saved));
    return tree;
}
