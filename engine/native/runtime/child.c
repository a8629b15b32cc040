#include "child.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "error.h"
#include "guards.h"
#include "sync.h"
#include "syscalls.h"

pid_t child_clone(uint64_t flags, int pid_namespace, int cgroup, int *pidfd, struct runtime_error *err) {
    AUTO_FD own = -1;
    int made = -1;
    if (pid_namespace >= 0) {
        /* Joining concerns children only; what was before is put back below. */
        own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        if (own < 0 || setns(pid_namespace, CLONE_NEWPID) < 0) {
            return fail(err, "namespaces", errno, NULL, "joining the pid namespace: %s", strerror(errno));
        }
    }
    struct clone_request request = {
        .flags = flags | CLONE_PIDFD_ | (cgroup >= 0 ? CLONE_INTO_CGROUP_ : 0),
        .pidfd = (uint64_t)(uintptr_t)&made,
        .exit_signal = SIGCHLD,
        .cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
    };
    pid_t pid = sys_clone3(&request);
    int number = errno;
    if (pid == 0) return 0;
    if (own >= 0) setns(own, CLONE_NEWPID);
    if (pid < 0) return fail(err, "namespaces", number, NULL, "clone3: %s", strerror(number));
    *pidfd = made;
    return pid;
}

static int by_number(const void *left, const void *right) {
    return *(const int *)left - *(const int *)right;
}

static void close_all_but(const int *keep, size_t count, unsigned first) {
    int sorted[16];
    if (count > sizeof sorted / sizeof *sorted) count = sizeof sorted / sizeof *sorted;
    memcpy(sorted, keep, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_number);
    for (size_t i = 0; i < count; i++) {
        if (sorted[i] < (int)first) continue;
        if ((unsigned)sorted[i] > first) sys_close_range(first, (unsigned)sorted[i] - 1, 0);
        first = (unsigned)sorted[i] + 1;
    }
    sys_close_range(first, ~0U, 0);
}

void child_begin(const int *keep, size_t keep_count, const struct container_options *options) {
    if (GUARD_DESCRIPTORS) close_all_but(keep, keep_count, 3 + options->preserve_fds);
    /* An ignored signal stays ignored over execve. */
    for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    child_tie_to_parent(options);
    if (GUARD_SESSION) setsid();
    /* A kernel without keys, or a quota that is used up, is no reason not to run. */
    if (GUARD_KEYRING && !options->keep_keyring) syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

void child_tie_to_parent(const struct container_options *options) {
    if (!options->detached) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

void child_fail(int sync, const struct runtime_error *err) {
    sync_send(sync, SYNC_ERROR, err, sizeof *err, NULL, 0);
    _exit(1);
}
