/* Making containers and ending them: what create, run, start and delete have in common. */
#ifndef BERTH_OCI_LAUNCH_H
#define BERTH_OCI_LAUNCH_H

#include "instance.h"

/* Options of create and run. */
struct launch {
    const char *bundle, *console_socket, *pid_file, *preserve_fds;
    bool detach, no_pivot, no_new_keyring, keep, no_subreaper, timings;
    bool start; /* run: the command begins at once */
};

/* Returns the program's exit status: the container's own where it ran in the foreground. */
int launch_container(const struct launch *launch, const char *id, const char *doing);

/* How many descriptors --preserve-fds names; all must be open. */
int preserved_fds(const char *option, unsigned *count, struct runtime_error *err);

/* The context of agent_take: seccomp listeners go to the agent that the config names. */
struct agent {
    const struct instance *instance;
    const struct oci_config *config;
};
int agent_take(void *context, pid_t pid, int listener, struct runtime_error *err);

/* Kills what is left, removes the cgroup, runs the poststop hooks and removes the state. */
int destroy_container(struct instance *instance, struct container *container, struct runtime_error *err);

#endif
