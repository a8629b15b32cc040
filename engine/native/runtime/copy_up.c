#include "copy_up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "syscalls.h"

enum { MAX_DEPTH = 256 };

static int copy_directory(int from, int to, int depth);

/* errno is told where it is -1. */
static int copy_file(int from, int to, const char *name, const struct stat *info) {
    AUTO_FD input = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    AUTO_FD output = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (input < 0 || output < 0) return -1;
    ssize_t sent;
    while ((sent = sendfile(output, input, NULL, INT_MAX)) > 0) continue;
    if (sent < 0 || fchown(output, info->st_uid, info->st_gid) < 0) return -1;
    return fchmod(output, info->st_mode & 07777);
}

static int copy_link(int from, int to, const char *name, const struct stat *info) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(from, name, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = 0;
    if (symlinkat(target, to, name) < 0) return -1;
    return fchownat(to, name, info->st_uid, info->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_below(int from, int to, const char *name, const struct stat *info, int depth) {
    AUTO_FD input = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (input < 0 || mkdirat(to, name, 0700) < 0) return -1;
    AUTO_FD output = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (output < 0 || copy_directory(input, output, depth) < 0) return -1;
    if (fchown(output, info->st_uid, info->st_gid) < 0) return -1;
    return fchmod(output, info->st_mode & 07777);
}

static int copy_entry(int from, int to, const char *name, dev_t device, int depth) {
    struct stat info;
    int result = 0;
    if (fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) < 0) return -1;
    if (info.st_dev != device) return 0;
    if (S_ISREG(info.st_mode)) result = copy_file(from, to, name, &info);
    else if (S_ISLNK(info.st_mode)) result = copy_link(from, to, name, &info);
    else if (S_ISDIR(info.st_mode)) result = copy_below(from, to, name, &info, depth + 1);
    else return 0;
    const struct timespec times[2] = {info.st_atim, info.st_mtim};
    return result < 0 ? -1 : utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_directory(int from, int to, int depth) {
    struct stat own;
    int copy = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
    DIR *entries = copy < 0 || fstat(copy, &own) < 0 ? NULL : fdopendir(copy);
    if (!entries) return -1;
    if (depth > MAX_DEPTH) errno = ELOOP, result = -1;
    for (struct dirent *entry; result == 0 && (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        result = copy_entry(from, to, entry->d_name, own.st_dev, depth);
    }
    int saved = errno;
    closedir(entries);
    errno = saved;
    return result;
}

int copy_up(int from, int to, const char *path, struct runtime_error *err) {
    struct stat info;
    AUTO_FD input = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD output = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (input >= 0 && output >= 0 && fstat(input, &info) == 0 && copy_directory(input, output, 0) == 0 &&
        fchown(output, info.st_uid, info.st_gid) == 0 && fchmod(output, info.st_mode & 07777) == 0) {
        return 0;
    }
    return fail(err, "mounts", errno, path, "copying what %s covers: %s", path, strerror(errno));
}
