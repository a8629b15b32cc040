/* What the container's first process does between clone and its command. */
#ifndef BERTH_INIT_H
#define BERTH_INIT_H

#include "oci.h"
#include "sync.h"

struct configure_header {
    uint32_t config_bytes, plan_bytes, bundle_bytes; /* in this order behind the header */
    uint16_t rows, columns;
    uint8_t terminal;
    int8_t fds[3]; /* which of the message's descriptors are 0 to 2; -1: /dev/null */
};

/* Waits for SYNC_CONFIGURE on `sync`, and for SYNC_START there or at the options' listener. */
_Noreturn void init_main(int sync, const struct container_options *options);

/* Makes the container's group, with its limits. */
int container_cgroup(struct container *container, const struct oci_config *config, const char *path,
                     struct runtime_error *err);

/* Writes namespaced kernel settings; others are refused. */
int init_sysctl(const struct oci_config *config, struct runtime_error *err);

#endif
