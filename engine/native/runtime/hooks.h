/* Programs of config.json's `hooks`, which are told the container's state on their standard input. */
#ifndef BERTH_HOOKS_H
#define BERTH_HOOKS_H

#include "oci.h"

/* Who the state is about. `id` may be NULL. */
struct hook_subject {
    const char *id, *bundle;
    pid_t pid; /* as the host numbers it, 0 once it is gone */
};

struct text;
/* The state as the runtime-spec writes it. */
void hooks_write_state(struct text *text, const struct oci_config *config, const struct hook_subject *subject,
                       const char *status);
/* Whether any hook of the kinds from `first` to `last` is there. */
bool hooks_present(const struct oci_config *config, enum oci_hook_kind first, enum oci_hook_kind last);
/*
 * Runs the hooks of one kind in order, where the caller stands. `status` is a word of the runtime-spec's state. The
 * first that fails, or runs longer than its timeout, ends it: `err` tells which, and what it said.
 */
int hooks_run(const struct oci_config *config, enum oci_hook_kind kind, const struct hook_subject *subject,
              const char *status, struct runtime_error *err);

#endif
