/* Handing a seccomp listener to the agent that answers for it. */
#ifndef BERTH_SECCOMP_AGENT_H
#define BERTH_SECCOMP_AGENT_H

#include "hooks.h"

/* Sends the listener, with the state of container and process, to linux.seccomp.listenerPath of the config. */
int seccomp_agent_send(const struct oci_config *config, const struct hook_subject *subject, pid_t pid, int listener,
                       struct runtime_error *err);

#endif
