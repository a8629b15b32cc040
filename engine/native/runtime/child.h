/* A cloned process that is to become a container's: its first steps and the way its errors travel. */
#ifndef BERTH_CHILD_H
#define BERTH_CHILD_H

#include <stdint.h>

#include "runtime.h"

/*
 * clone3 into new namespaces (`flags`), with the pid namespace `pid_namespace` (it may be a pidfd) and into the cgroup
 * of version 2 `cgroup` where those are not -1. Returns 0 in the child. The caller must have one thread.
 */
pid_t child_clone(uint64_t flags, int pid_namespace, int cgroup, int *pidfd, struct runtime_error *err);

/*
 * Forgets what the parent had: descriptors but 0 to 2, those to keep (any may be -1) and those that the options
 * preserve; signal handlers, session, session keyring. Not dumpable from here to execve, so that nothing of the
 * container can look into it.
 */
void child_begin(const int *keep, size_t keep_count, const struct container_options *options);

/* A container whose monitor is gone has nobody to collect its exit code or its output. Cleared by every setuid. */
void child_tie_to_parent(const struct container_options *options);

/* Sends the error and ends. */
_Noreturn void child_fail(int sync, const struct runtime_error *err);

#endif
