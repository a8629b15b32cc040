/* Limits of linux.resources, written in the words of cgroup version 1 and of version 2. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup_writer.h"
#include "error.h"

/* A kernel without swap accounting has no such file; the limit of memory alone then holds, as in Docker. */
static void put_swap_v1(struct cgroup_writer *writer, int64_t value) {
    char text[32];
    if (writer->failed) return;
    snprintf(text, sizeof text, "%" PRId64, value);
    if (cgroup_write(writer->mount, writer->path, "memory.memsw.limit_in_bytes", text) < 0 && errno != ENOENT) {
        writer_put(writer, "memory.memsw.limit_in_bytes", text);
    }
}

/* Memory must never be above memory and swap together, not even between two writes. */
/* Memory must never be above memory and swap together, not even between two writes. */
static void memory_limits_v1(struct cgroup_writer *writer, struct optional_int memory, struct optional_int swap) {
    if (memory.value == -1 && !swap.value) swap = memory;
    bool has_memory = memory.value != 0, has_swap = swap.value != 0;
    uint64_t before = cgroup_read_number(writer->mount, writer->path, "memory.limit_in_bytes");
    bool swap_first = has_swap && (swap.value == -1 || before < (uint64_t)swap.value);
    if (swap_first) put_swap_v1(writer, swap.value);
    if (has_memory) writer_put_int(writer, "memory.limit_in_bytes", memory.value);
    if (has_swap && !swap_first) put_swap_v1(writer, swap.value);
}

/* A limit below what is in use would be reached for by killing. */
static void check_usage(struct cgroup_writer *writer, const struct oci_resources *resources, const char *file) {
    uint64_t usage = cgroup_read_number(writer->mount, writer->path, file);
    int64_t limit = resources->memory_limit.value;
    if (writer->failed || !resources->check_before_update || limit <= 0 || usage <= (uint64_t)limit) return;
    writer->failed = true;
    fail(writer->err, "cgroup", EBUSY, file, "a memory limit of %" PRId64 " bytes: %" PRIu64 " are in use", limit, usage);
}

static void memory_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    check_usage(writer, resources, "memory.usage_in_bytes");
    if (writer->failed) return;
    memory_limits_v1(writer, resources->memory_limit, resources->memory_swap);
    if (resources->memory_reservation.value) {
        writer_put_int(writer, "memory.soft_limit_in_bytes", resources->memory_reservation.value);
    }
    if (resources->memory_swappiness.present) {
        writer_put_int(writer, "memory.swappiness", (int64_t)resources->memory_swappiness.value);
    }
    if (resources->disable_oom_killer) writer_put(writer, "memory.oom_control", "1");
}

/* A shorter period with the old quota may be more than the parent has; with the new quota it is tried again. */
static void cpu_quota_v1(struct cgroup_writer *writer, uint64_t period, int64_t quota) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, period);
    bool again = period && cgroup_write(writer->mount, writer->path, "cpu.cfs_period_us", text) < 0;
    if (again && (errno != EINVAL || !quota)) writer_put_int(writer, "cpu.cfs_period_us", (int64_t)period);
    if (quota) writer_put_int(writer, "cpu.cfs_quota_us", quota);
    if (again) writer_put_int(writer, "cpu.cfs_period_us", (int64_t)period);
}

static void cpu_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    if (resources->cpu_shares.value) writer_put_int(writer, "cpu.shares", (int64_t)resources->cpu_shares.value);
    if (resources->cpu_burst.value) writer_put_int(writer, "cpu.cfs_burst_us", 0);
    cpu_quota_v1(writer, resources->cpu_period.value, resources->cpu_quota.value);
    if (resources->cpu_burst.value) writer_put_int(writer, "cpu.cfs_burst_us", (int64_t)resources->cpu_burst.value);
    if (resources->realtime_period.value) {
        writer_put_int(writer, "cpu.rt_period_us", (int64_t)resources->realtime_period.value);
    }
    if (resources->realtime_runtime.value) writer_put_int(writer, "cpu.rt_runtime_us", resources->realtime_runtime.value);
    if (resources->cpu_idle.present) writer_put_int(writer, "cpu.idle", resources->cpu_idle.value);
}

static void devices_v1(struct cgroup_writer *writer, const struct oci_resources *resources) {
    for (size_t i = 0; i < resources->device_count; i++) {
        const struct oci_device_rule *rule = &resources->devices[i];
        char major[24] = "*", minor[24] = "*", text[96];
        if (rule->major >= 0) snprintf(major, sizeof major, "%" PRId64, rule->major);
        if (rule->minor >= 0) snprintf(minor, sizeof minor, "%" PRId64, rule->minor);
        snprintf(text, sizeof text, "%c %s:%s %s%s%s", rule->type, major, minor, rule->read ? "r" : "",
                 rule->write ? "w" : "", rule->make ? "m" : "");
        writer_put(writer, rule->allow ? "devices.allow" : "devices.deny", rule->type == 'a' ? "a" : text);
    }
}

int cgroup_apply_v1(const struct cgroup_layout *layout, const char *path, const struct oci_resources *resources,
                    struct runtime_error *err) {
    struct cgroup_writer writer = {.path = path, .err = err};
    bool memory = resources->memory_limit.value || resources->memory_swap.value ||
                  resources->memory_reservation.value || resources->memory_swappiness.present ||
                  resources->disable_oom_killer;
    bool cpu = resources->cpu_shares.value || resources->cpu_period.value || resources->cpu_quota.value ||
               resources->realtime_period.value || resources->realtime_runtime.value || resources->cpu_burst.value ||
               resources->cpu_idle.present;
    bool cpus = resources->cpus && *resources->cpus, mems = resources->mems && *resources->mems;
    if (writer_select(&writer, layout, "memory", memory)) memory_v1(&writer, resources);
    if (writer_select(&writer, layout, "cpu", cpu)) cpu_v1(&writer, resources);
    if (writer_select(&writer, layout, "cpuset", cpus)) writer_put(&writer, "cpuset.cpus", resources->cpus);
    if (writer_select(&writer, layout, "cpuset", mems)) writer_put(&writer, "cpuset.mems", resources->mems);
    if (writer_select(&writer, layout, "pids", resources->pids_limit.value != 0)) {
        writer_put_max(&writer, "pids.max", resources->pids_limit.value);
    }
    cgroup_apply_others_v1(&writer, layout, resources);
    if (writer_select(&writer, layout, "devices", resources->device_count > 0)) devices_v1(&writer, resources);
    return writer.failed ? -1 : 0;
}

/* Version 1 counts memory and swap together, version 2 swap alone. */
static void swap_v2(struct cgroup_writer *writer, int64_t memory, int64_t both) {
    char text[32] = "max";
    if (writer->failed || (both == 0 && memory != -1)) return;
    if (both > 0 && (memory <= 0 || both < memory)) {
        writer->failed = true;
        fail(writer->err, "cgroup", EINVAL, "memory.swap.max",
             memory <= 0 ? "unable to set swap limit without memory limit" : "memory+swap limit should be >= memory limit");
        return;
    }
    if (both > 0) snprintf(text, sizeof text, "%" PRId64, both - memory);
    /* A kernel without swap has no such file, and nothing to limit. */
    if (cgroup_write(writer->mount, writer->path, "memory.swap.max", text) < 0 && errno != ENOENT) {
        writer_put(writer, "memory.swap.max", text);
    }
}

static void memory_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    check_usage(writer, resources, "memory.current");
    swap_v2(writer, resources->memory_limit.value, resources->memory_swap.value);
    if (resources->memory_limit.value) writer_put_max(writer, "memory.max", resources->memory_limit.value);
    if (resources->memory_reservation.value) writer_put_max(writer, "memory.low", resources->memory_reservation.value);
}

static void cpu_v2(struct cgroup_writer *writer, const struct oci_resources *resources) {
    if (resources->cpu_shares.value) {
        uint64_t shares = resources->cpu_shares.value;
        /* Shares 2 to 262,144 on weight 1 to 10,000, as runc and crun map them. */
        if (shares < 2) shares = 2;
        if (shares > 262144) shares = 262144;
        writer_put_int(writer, "cpu.weight", (int64_t)(1 + (shares - 2) * 9999 / 262142));
    }
    if (resources->cpu_burst.value) writer_put_int(writer, "cpu.max.burst", 0);
    if (resources->cpu_quota.value || resources->cpu_period.value) {
        char text[64];
        uint64_t period = resources->cpu_period.value ? resources->cpu_period.value : 100000;
        if (resources->cpu_quota.value > 0) {
            snprintf(text, sizeof text, "%" PRId64 " %" PRIu64, resources->cpu_quota.value, period);
        } else {
            snprintf(text, sizeof text, "max %" PRIu64, period);
        }
        writer_put(writer, "cpu.max", text);
    }
    if (resources->cpu_burst.value) writer_put_int(writer, "cpu.max.burst", (int64_t)resources->cpu_burst.value);
    if (resources->cpu_idle.present) writer_put_int(writer, "cpu.idle", resources->cpu_idle.value);
    if (resources->cpus && *resources->cpus) writer_put(writer, "cpuset.cpus", resources->cpus);
    if (resources->mems && *resources->mems) writer_put(writer, "cpuset.mems", resources->mems);
}

int cgroup_apply_v2(const char *mount, const char *path, const struct oci_resources *resources,
                    struct runtime_error *err) {
    struct cgroup_writer writer = {.mount = mount, .path = path, .err = err};
    memory_v2(&writer, resources);
    cpu_v2(&writer, resources);
    if (resources->pids_limit.value != 0) writer_put_max(&writer, "pids.max", resources->pids_limit.value);
    cgroup_apply_others_v2(&writer, resources);
    if (writer.failed) return -1;
    if (resources->device_count == 0) return 0;
    return cgroup_apply_devices_v2(mount, path, resources->devices, resources->device_count, err);
}
