/* Limits of one group, written file by file; after the first that fails nothing more is written. */
#ifndef BERTH_CGROUP_WRITER_H
#define BERTH_CGROUP_WRITER_H

#include "cgroup.h"

struct cgroup_writer {
    const char *mount, *path;
    struct runtime_error *err;
    bool failed;
};

void writer_put(struct cgroup_writer *writer, const char *file, const char *value);
void writer_put_int(struct cgroup_writer *writer, const char *file, int64_t value);
/* Below 0: "max". */
void writer_put_max(struct cgroup_writer *writer, const char *file, int64_t value);
/* Goes to the hierarchy of a controller of version 1. False when its limits are not `wanted`, or are but cannot be. */
bool writer_select(struct cgroup_writer *writer, const struct cgroup_layout *layout, const char *controller,
                   bool wanted);

/* blockIO, hugepageLimits, network, rdma, unified. */
void cgroup_apply_others_v1(struct cgroup_writer *writer, const struct cgroup_layout *layout,
                            const struct oci_resources *resources);
void cgroup_apply_others_v2(struct cgroup_writer *writer, const struct oci_resources *resources);

#endif
