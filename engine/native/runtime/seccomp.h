/*
 * OCI linux.seccomp, compiled to a filter: for each machine a tree over ranges of system call numbers with the same
 * answer, so that it is short to load and the kernel's own cache of constant answers sees through it.
 */
#ifndef BERTH_SECCOMP_H
#define BERTH_SECCOMP_H

#include <linux/filter.h>

#include "oci.h"

struct seccomp_filter {
    struct sock_fprog program; /* in the arena; len 0: everything is allowed */
    unsigned flags;            /* SECCOMP_FILTER_FLAG_… */
};

int seccomp_compile(struct arena *arena, const struct json_value *profile, struct seccomp_filter *filter,
                    struct runtime_error *err);
/* *listener becomes the descriptor of a filter that notifies, else it is left alone. */
int seccomp_load(const struct seccomp_filter *filter, int *listener, struct runtime_error *err);

#endif
