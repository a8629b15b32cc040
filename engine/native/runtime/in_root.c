#include "in_root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "guards.h"
#include "syscalls.h"
#include "text.h"

enum { MAX_LINKS = 40 };

int in_root_open(int root, const char *path) {
    int fd;
    if (!GUARD_IN_ROOT) return openat(root, path + strspn(path, "/"), O_PATH | O_CLOEXEC);
    /* EAGAIN: something was renamed while the kernel looked at a "..". */
    do fd = sys_openat2(root, *path ? path : ".", O_PATH, 0, RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGICLINKS_);
    while (fd < 0 && errno == EAGAIN);
    return fd;
}

static int make(int root, const char *path, bool directory, int links);

/* Makes what the symbolic link `name` in `parent` (whose path is `prefix`) points to. */
static int make_target(int root, int parent, const char *prefix, const char *name, bool directory, int links) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = 0;
    if (links >= MAX_LINKS) {
        errno = ELOOP;
        return -1;
    }
    if (target[0] == '/') return make(root, target, directory, links + 1);
    struct text joined = {0};
    text_add(&joined, "%s/%s", prefix, target);
    errno = ENOMEM;
    int fd = joined.failed ? -1 : make(root, joined.bytes, directory, links + 1);
    int saved = errno;
    text_free(&joined);
    errno = saved;
    return fd;
}

/* Opens `name` in `parent`, making it. */
static int make_entry(int root, int parent, const char *prefix, const char *name, const char *path, bool directory,
                      int links) {
    int made = directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
    if (made < 0 && errno != EEXIST) return -1;
    if (made < 0) return make_target(root, parent, prefix, name, directory, links);
    return in_root_open(root, path);
}

static int make(int root, const char *path, bool directory, int links) {
    int fd = in_root_open(root, path);
    if (fd >= 0 || errno != ENOENT) return fd;
    char *copy = strdup(path);
    if (!copy) return -1;
    /* `copy` is cut after each part in turn; what stands before the part is the prefix. */
    for (char *at = copy; fd < 0;) {
        at += strspn(at, "/");
        char *end = at + strcspn(at, "/");
        char cut = *end;
        bool last = end[strspn(end, "/")] == 0;
        *end = 0;
        fd = in_root_open(root, copy);
        if (fd < 0 && errno == ENOENT) {
            char before = 0, *slash = at > copy ? at - 1 : NULL;
            if (slash) before = *slash, *slash = 0;
            AUTO_FD parent = in_root_open(root, copy == at ? "." : copy);
            struct text prefix = {0};
            text_add(&prefix, "%s", copy == at ? "" : copy);
            if (slash) *slash = before;
            if (parent >= 0 && !prefix.failed) {
                fd = make_entry(root, parent, prefix.bytes, at, copy, directory || !last, links);
            }
            int saved = errno;
            text_free(&prefix);
            errno = saved;
        }
        if (fd < 0 || last) break;
        close(fd);
        fd = -1;
        *end = cut;
        at = end;
    }
    int saved = errno;
    free(copy);
    errno = saved;
    return fd;
}

int in_root_make(int root, const char *path, bool directory) {
    return make(root, path, directory, 0);
}

int in_root_parent(int root, const char *path, char *name) {
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') start--;
    if (length == start || length - start > NAME_MAX) {
        errno = length == start ? EINVAL : ENAMETOOLONG;
        return -1;
    }
    memcpy(name, path + start, length - start);
    name[length - start] = 0;
    char *prefix = strndup(path, start);
    if (!prefix) return -1;
    int fd = in_root_make(root, *prefix ? prefix : "/", true);
    int saved = errno;
    free(prefix);
    errno = saved;
    return fd;
}
