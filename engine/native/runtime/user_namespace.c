#include "user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "syscalls.h"
#include "text.h"

/* One write for the whole map: the kernel takes no second one. */
static int write_map(pid_t pid, const char *name, const struct oci_id_mapping *mappings, size_t count,
                     struct runtime_error *err) {
    char path[64];
    struct text map = {0};
    if (count == 0) return fail(err, "namespaces", EINVAL, name, "a user namespace without a mapping in %s", name);
    for (size_t i = 0; i < count; i++) {
        text_add(&map, "%u %u %u\n", mappings[i].inside, mappings[i].outside, mappings[i].size);
    }
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    AUTO_FD file = open(path, O_WRONLY | O_CLOEXEC);
    int result = 0;
    if (file < 0 || map.failed || write(file, map.bytes, map.length) < 0) {
        result = fail(err, "namespaces", errno, name, "writing %s: %s", name, strerror(errno));
    }
    text_free(&map);
    return result;
}

int user_namespace_map(pid_t pid, const struct oci_mappings *mappings, struct runtime_error *err) {
    if (write_map(pid, "uid_map", mappings->uids, mappings->uid_count, err) < 0) return -1;
    return write_map(pid, "gid_map", mappings->gids, mappings->gid_count, err);
}

int user_namespace_become_root(struct runtime_error *err) {
    if (setgroups(0, NULL) < 0 && errno != EPERM) {
        return fail(err, "namespaces", errno, NULL, "leaving the caller's groups: %s", strerror(errno));
    }
    if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0) {
        return fail(err, "namespaces", errno, NULL, "becoming root of the user namespace: %s", strerror(errno));
    }
    return 0;
}

int user_namespace_make(const struct oci_mappings *mappings, struct runtime_error *err) {
    int ready[2], file = -1, result = -1;
    char byte = 0, path[64];
    if (pipe2(ready, O_CLOEXEC) < 0) return fail(err, "namespaces", errno, NULL, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        close(ready[0]);
        byte = unshare(CLONE_NEWUSER) == 0;
        if (write(ready[1], &byte, 1) == 1) pause();
        _exit(0);
    }
    close(ready[1]);
    if (pid < 0 || read(ready[0], &byte, 1) != 1 || !byte) {
        fail(err, "namespaces", errno ? errno : EPERM, NULL, "making a user namespace for a mount failed");
    } else {
        result = user_namespace_map(pid, mappings, err);
    }
    if (result == 0) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
        file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) fail(err, "namespaces", errno, path, "%s", strerror(errno));
    }
    close(ready[0]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    }
    return file;
}
