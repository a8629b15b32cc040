/* The rarer limits: disks, huge pages, network classes, RDMA, and files of version 2 by their own names. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_writer.h"
#include "error.h"

/* The file of the scheduler that is in use; BFQ has names of its own. */
static const char *first_of(const struct cgroup_writer *writer, const char *file, const char *other) {
    char name[CGROUP_PATH_MAX + 256];
    snprintf(name, sizeof name, "%s%s/%s", writer->mount, writer->path, file);
    return access(name, F_OK) == 0 ? file : other;
}

static void put_weights_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    const char *weight = first_of(writer, "blkio.weight", "blkio.bfq.weight");
    const char *weight_device = first_of(writer, "blkio.weight_device", "blkio.bfq.weight_device");
    char text[96];
    if (resources->block_weight.value) writer_put_int(writer, weight, (int64_t)resources->block_weight.value);
    if (resources->block_leaf_weight.value) {
        writer_put_int(writer, "blkio.leaf_weight", (int64_t)resources->block_leaf_weight.value);
    }
    for (size_t i = 0; i < resources->device_weight_count; i++) {
        const struct oci_device_weight *device = &resources->device_weights[i];
        if (device->weight.value) {
            snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 " %" PRIu64, device->major, device->minor,
                     device->weight.value);
            writer_put(writer, weight_device, text);
        }
        if (device->leaf_weight.value) {
            snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 " %" PRIu64, device->major, device->minor,
                     device->leaf_weight.value);
            writer_put(writer, "blkio.leaf_weight_device", text);
        }
    }
}

static void block_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    static const char *const files[THROTTLE_COUNT] = {
        [THROTTLE_READ_BPS] = "blkio.throttle.read_bps_device",
        [THROTTLE_WRITE_BPS] = "blkio.throttle.write_bps_device",
        [THROTTLE_READ_IOPS] = "blkio.throttle.read_iops_device",
        [THROTTLE_WRITE_IOPS] = "blkio.throttle.write_iops_device",
    };
    put_weights_v1(writer, resources);
    for (int kind = 0; kind < THROTTLE_COUNT; kind++) {
        for (size_t i = 0; i < resources->throttle_counts[kind]; i++) {
            const struct oci_throttle *throttle = &resources->throttles[kind][i];
            char text[96];
            snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 " %" PRIu64, throttle->major, throttle->minor,
                     throttle->rate);
            writer_put(writer, files[kind], text);
        }
    }
}

static void hugepages_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->hugepage_count; i++) {
        char file[64], text[32];
        snprintf(text, sizeof text, "%" PRIu64, resources->hugepages[i].limit);
        snprintf(file, sizeof file, "hugetlb.%.16s.rsvd.limit_in_bytes", resources->hugepages[i].page_size);
        /* Newer kernels count what is reserved too. */
        cgroup_write(writer->mount, writer->path, file, text);
        snprintf(file, sizeof file, "hugetlb.%.16s.limit_in_bytes", resources->hugepages[i].page_size);
        writer_put(writer, file, text);
    }
}

static void rdma(struct cgroup_writer *writer, const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->rdma_count; i++) {
        const struct oci_rdma_limit *limit = &resources->rdma[i];
        char text[256], handles[48] = "", objects[48] = "";
        if (limit->handles.present) snprintf(handles, sizeof handles, " hca_handle=%" PRIu64, limit->handles.value);
        if (limit->objects.present) snprintf(objects, sizeof objects, " hca_object=%" PRIu64, limit->objects.value);
        snprintf(text, sizeof text, "%.128s%s%s", limit->device, handles, objects);
        writer_put(writer, "rdma.max", text);
    }
}

static void interface_priorities(struct cgroup_writer *writer, const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->interface_priority_count; i++) {
        char text[96];
        snprintf(text, sizeof text, "%.64s %u", resources->interface_priorities[i].name,
                 resources->interface_priorities[i].priority);
        writer_put(writer, "net_prio.ifpriomap", text);
    }
}

static bool block_wanted(const struct oci_resources *resources) {
    bool wanted = resources->block_weight.value > 0 || resources->block_leaf_weight.value > 0 ||
                  resources->device_weight_count > 0;
    for (int kind = 0; kind < THROTTLE_COUNT; kind++) wanted = wanted || resources->throttle_counts[kind] > 0;
    return wanted;
}

void cgroup_apply_others_v1(struct cgroup_writer *writer, const struct cgroup_layout *layout,
                            const struct oci_resources *resources) {
    if (resources->unified_count > 0 && !writer->failed) {
        writer->failed = true;
        fail(writer->err, "bundle", EINVAL, "unified", "linux.resources.unified is for cgroup version 2, which this "
                                                       "machine does not use");
    }
    if (writer_select(writer, layout, "blkio", block_wanted(resources))) block_v1(writer, resources);
    if (writer_select(writer, layout, "hugetlb", resources->hugepage_count > 0)) hugepages_v1(writer, resources);
    if (writer_select(writer, layout, "rdma", resources->rdma_count > 0)) rdma(writer, resources);
    if (writer_select(writer, layout, "net_cls", resources->network_class.value > 0)) {
        writer_put_int(writer, "net_cls.classid", (int64_t)resources->network_class.value);
    }
    if (writer_select(writer, layout, "net_prio", resources->interface_priority_count > 0)) {
        interface_priorities(writer, resources);
    }
}

/* 10 to 1000 of version 1 on 1 to 10,000. */
static uint64_t io_weight(uint64_t weight) {
    return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

static bool has_leaf_weight(const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->device_weight_count; i++) {
        if (resources->device_weights[i].leaf_weight.value) return true;
    }
    return resources->block_leaf_weight.value > 0;
}

static void put_weights_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    const char *file = first_of(writer, "io.bfq.weight", "io.weight");
    bool bfq = strcmp(file, "io.bfq.weight") == 0;
    uint64_t weight = resources->block_weight.value;
    if (weight) writer_put_int(writer, file, (int64_t)(bfq ? weight : io_weight(weight)));
    for (size_t i = 0; i < resources->device_weight_count; i++) {
        const struct oci_device_weight *device = &resources->device_weights[i];
        char text[96];
        if (!device->weight.value) continue;
        snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 " %" PRIu64, device->major, device->minor,
                 bfq ? device->weight.value : io_weight(device->weight.value));
        writer_put(writer, file, text);
    }
}

static void block_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    static const char *const keys[THROTTLE_COUNT] = {
        [THROTTLE_READ_BPS] = "rbps",
        [THROTTLE_WRITE_BPS] = "wbps",
        [THROTTLE_READ_IOPS] = "riops",
        [THROTTLE_WRITE_IOPS] = "wiops",
    };
    if (has_leaf_weight(resources) && !writer->failed) {
        writer->failed = true;
        fail(writer->err, "cgroup", ENOTSUP, "leafWeight", "blockIO.leafWeight: cgroup version 2 has no such weights");
    }
    put_weights_v2(writer, resources);
    for (int kind = 0; kind < THROTTLE_COUNT; kind++) {
        for (size_t i = 0; i < resources->throttle_counts[kind]; i++) {
            const struct oci_throttle *throttle = &resources->throttles[kind][i];
            char text[96], rate[24] = "max";
            if (throttle->rate) snprintf(rate, sizeof rate, "%" PRIu64, throttle->rate);
            snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 " %s=%s", throttle->major, throttle->minor, keys[kind],
                     rate);
            writer_put(writer, "io.max", text);
        }
    }
}

static void hugepages_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->hugepage_count; i++) {
        char file[64], text[32];
        snprintf(text, sizeof text, "%" PRIu64, resources->hugepages[i].limit);
        snprintf(file, sizeof file, "hugetlb.%.16s.rsvd.max", resources->hugepages[i].page_size);
        cgroup_write(writer->mount, writer->path, file, text);
        snprintf(file, sizeof file, "hugetlb.%.16s.max", resources->hugepages[i].page_size);
        writer_put(writer, file, text);
    }
}

void cgroup_apply_others_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    block_v2(writer, resources);
    hugepages_v2(writer, resources);
    rdma(writer, resources);
    if ((resources->network_class.value || resources->interface_priority_count > 0) && !writer->failed) {
        writer->failed = true;
        fail(writer->err, "cgroup", ENOTSUP, "network",
             "linux.resources.network: cgroup version 2 has no classes or priorities of networks");
    }
    for (size_t i = 0; i < resources->unified_count; i++) {
        writer_put(writer, resources->unified[i].key, resources->unified[i].value);
    }
}
