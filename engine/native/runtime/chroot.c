/* A container's root without pivot_root. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "error.h"
#include "rootfs.h"

/* Undoes the octal escapes of mountinfo in place. */
static void unescape(char *path) {
    char *out = path;
    while (*path) {
        if (path[0] == '\\' && path[1] && path[2] && path[3]) {
            *out++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
            path += 4;
        } else {
            *out++ = *path++;
        }
    }
    *out = 0;
}

/* Takes one mount of the host away from this namespace, or covers it where it cannot be unmounted. */
static int hide(const char *path, struct runtime_error *err) {
    if (mount(NULL, path, NULL, MS_SLAVE | MS_REC, NULL) == 0 && umount2(path, MNT_DETACH) == 0) return 0;
    if (errno == ENOENT || errno == EINVAL) return 0;
    if (errno == EPERM && mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0,nr_inodes=1") == 0) return 0;
    return fail(err, "rootfs", errno, path, "hiding %s from the container: %s", path, strerror(errno));
}

static int hide_kernel_files(const char *root, struct runtime_error *err) {
    char *line = NULL;
    size_t size = 0, length = strlen(root);
    int result = 0;
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file) return fail(err, "rootfs", errno, "/proc/self/mountinfo", "%s", strerror(errno));
    while (result == 0 && getline(&line, &size, file) > 0) {
        char path[PATH_MAX], *type = strstr(line, " - ");
        if (!type || sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1) continue;
        if (strncmp(type + 3, "proc ", 5) != 0 && strncmp(type + 3, "sysfs ", 6) != 0) continue;
        unescape(path);
        if (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0)) continue;
        result = hide(path, err);
    }
    free(line);
    fclose(file);
    return result;
}

int rootfs_chroot(int root, struct runtime_error *err) {
    char where[PATH_MAX];
    if (fchdir(root) < 0 || !getcwd(where, sizeof where)) {
        return fail(err, "rootfs", errno, NULL, "entering the root: %s", strerror(errno));
    }
    if (hide_kernel_files(where, err) < 0) return -1;
    if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) {
        return fail(err, "rootfs", errno, NULL, "moving the root: %s", strerror(errno));
    }
    return 0;
}
