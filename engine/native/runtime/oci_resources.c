/* The `linux.resources` object of config.json, and of updates. */
#include <string.h>

#include "oci.h"

/*
 * Behind the rules of the config, as runc has it: the default devices and terminals can be used, and a node may be
 * made of any number (what it leads to stays closed).
 */
static const struct oci_device_rule default_rules[] = {
    {true, 'c', -1, -1, false, false, true}, {true, 'b', -1, -1, false, false, true},
    {true, 'c', 1, 3, true, true, true},     {true, 'c', 1, 5, true, true, true},
    {true, 'c', 1, 7, true, true, true},     {true, 'c', 1, 8, true, true, true},
    {true, 'c', 1, 9, true, true, true},     {true, 'c', 5, 0, true, true, true},
    {true, 'c', 5, 2, true, true, true},     {true, 'c', 136, -1, true, true, true},
};

enum { DEFAULT_RULES = sizeof default_rules / sizeof *default_rules };

static void read_device_rules(struct oci_reader *reader, const struct json_value *object,
                              struct oci_resources *resources) {
    const struct json_value *array = oci_get(reader, object, "devices", JSON_ARRAY);
    size_t count = array ? array->length : 0;
    if (count == 0 || reader->failed) return;
    resources->devices = arena_alloc(reader->arena, (count + DEFAULT_RULES) * sizeof *resources->devices);
    if (!resources->devices) {
        oci_problem(reader, "linux.resources.devices", "out of memory");
        return;
    }
    resources->device_count = count + DEFAULT_RULES;
    memcpy(resources->devices + count, default_rules, sizeof default_rules);
    struct oci_device_rule *rule = resources->devices;
    for (const struct json_value *item = array->first; item; item = item->next, rule++) {
        const char *type = oci_string(reader, item, "type"), *access = oci_string(reader, item, "access");
        struct optional_int major = oci_int(reader, item, "major"), minor = oci_int(reader, item, "minor");
        rule->allow = oci_bool(reader, item, "allow");
        rule->type = type && *type ? *type : 'a';
        rule->major = major.present ? major.value : -1;
        rule->minor = minor.present ? minor.value : -1;
        if (!access || !*access) access = "rwm";
        rule->read = strchr(access, 'r') != NULL;
        rule->write = strchr(access, 'w') != NULL;
        rule->make = strchr(access, 'm') != NULL;
        if (!strchr("acb", rule->type)) oci_problem(reader, "linux.resources.devices.type", "a, b or c");
    }
}

static void take_int(struct oci_reader *reader, const struct json_value *object, const char *key,
                     struct optional_int *value) {
    struct optional_int given = oci_int(reader, object, key);
    if (given.present) *value = given;
}

static void take_uint(struct oci_reader *reader, const struct json_value *object, const char *key,
                      struct optional_uint *value) {
    struct optional_uint given = oci_uint(reader, object, key);
    if (given.present) *value = given;
}

static void read_device_weights(struct oci_reader *reader, const struct json_value *object,
                                struct oci_resources *resources) {
    const struct json_value *array = oci_get(reader, object, "weightDevice", JSON_ARRAY);
    struct oci_device_weight *weight = oci_array(reader, array, sizeof *weight, &resources->device_weight_count);
    resources->device_weights = weight;
    for (const struct json_value *item = weight ? array->first : NULL; item; item = item->next, weight++) {
        weight->major = oci_uint(reader, item, "major").value;
        weight->minor = oci_uint(reader, item, "minor").value;
        weight->weight = oci_uint(reader, item, "weight");
        weight->leaf_weight = oci_uint(reader, item, "leafWeight");
    }
}

static void read_block_io(struct oci_reader *reader, const struct json_value *object,
                          struct oci_resources *resources) {
    static const char *const keys[THROTTLE_COUNT] = {
        [THROTTLE_READ_BPS] = "throttleReadBpsDevice",
        [THROTTLE_WRITE_BPS] = "throttleWriteBpsDevice",
        [THROTTLE_READ_IOPS] = "throttleReadIOPSDevice",
        [THROTTLE_WRITE_IOPS] = "throttleWriteIOPSDevice",
    };
    take_uint(reader, object, "weight", &resources->block_weight);
    take_uint(reader, object, "leafWeight", &resources->block_leaf_weight);
    read_device_weights(reader, object, resources);
    for (int kind = 0; kind < THROTTLE_COUNT; kind++) {
        const struct json_value *array = oci_get(reader, object, keys[kind], JSON_ARRAY);
        struct oci_throttle *throttle =
            oci_array(reader, array, sizeof *throttle, &resources->throttle_counts[kind]);
        resources->throttles[kind] = throttle;
        for (const struct json_value *item = throttle ? array->first : NULL; item; item = item->next, throttle++) {
            throttle->major = oci_uint(reader, item, "major").value;
            throttle->minor = oci_uint(reader, item, "minor").value;
            throttle->rate = oci_uint(reader, item, "rate").value;
        }
    }
}

static void read_memory(struct oci_reader *reader, const struct json_value *memory, struct oci_resources *resources) {
    take_int(reader, memory, "limit", &resources->memory_limit);
    take_int(reader, memory, "reservation", &resources->memory_reservation);
    take_int(reader, memory, "swap", &resources->memory_swap);
    take_uint(reader, memory, "swappiness", &resources->memory_swappiness);
    resources->check_before_update = oci_bool(reader, memory, "checkBeforeUpdate");
    if (oci_bool(reader, memory, "disableOOMKiller")) resources->disable_oom_killer = true;
}

static void read_cpu(struct oci_reader *reader, const struct json_value *cpu, struct oci_resources *resources) {
    const char *cpus = oci_string(reader, cpu, "cpus"), *mems = oci_string(reader, cpu, "mems");
    take_uint(reader, cpu, "shares", &resources->cpu_shares);
    take_int(reader, cpu, "quota", &resources->cpu_quota);
    take_uint(reader, cpu, "burst", &resources->cpu_burst);
    take_uint(reader, cpu, "period", &resources->cpu_period);
    take_int(reader, cpu, "realtimeRuntime", &resources->realtime_runtime);
    take_uint(reader, cpu, "realtimePeriod", &resources->realtime_period);
    take_int(reader, cpu, "idle", &resources->cpu_idle);
    if (cpus) resources->cpus = cpus;
    if (mems) resources->mems = mems;
}

static void read_hugepages(struct oci_reader *reader, const struct json_value *object,
                           struct oci_resources *resources) {
    const struct json_value *array = oci_get(reader, object, "hugepageLimits", JSON_ARRAY);
    struct oci_hugepage_limit *limit = oci_array(reader, array, sizeof *limit, &resources->hugepage_count);
    resources->hugepages = limit;
    for (const struct json_value *item = limit ? array->first : NULL; item; item = item->next, limit++) {
        limit->page_size = oci_string(reader, item, "pageSize");
        limit->limit = oci_uint(reader, item, "limit").value;
        bool plain = limit->page_size && limit->page_size[strspn(limit->page_size, "0123456789")] != 0 &&
                     !strchr(limit->page_size, '/') && limit->page_size[0] != 0;
        if (!plain) oci_problem(reader, "linux.resources.hugepageLimits.pageSize", "a size such as 2MB");
    }
}

static void read_network(struct oci_reader *reader, const struct json_value *object,
                         struct oci_resources *resources) {
    const struct json_value *array = oci_get(reader, object, "priorities", JSON_ARRAY);
    struct oci_interface_priority *entry = oci_array(reader, array, sizeof *entry, &resources->interface_priority_count);
    take_uint(reader, object, "classID", &resources->network_class);
    resources->interface_priorities = entry;
    for (const struct json_value *item = entry ? array->first : NULL; item; item = item->next, entry++) {
        entry->name = oci_string(reader, item, "name");
        entry->priority = (uint32_t)oci_uint(reader, item, "priority").value;
        if (!entry->name || strpbrk(entry->name, " \n")) {
            oci_problem(reader, "linux.resources.network.priorities.name", "the name of an interface");
        }
    }
}

static void read_rdma(struct oci_reader *reader, const struct json_value *object, struct oci_resources *resources) {
    const struct json_value *members = oci_get(reader, object, "rdma", JSON_OBJECT);
    struct oci_rdma_limit *limit = oci_array(reader, members, sizeof *limit, &resources->rdma_count);
    resources->rdma = limit;
    for (const struct json_value *item = limit ? members->first : NULL; item; item = item->next, limit++) {
        limit->device = item->key;
        limit->handles = oci_uint(reader, item, "hcaHandles");
        limit->objects = oci_uint(reader, item, "hcaObjects");
        if (strpbrk(item->key, " \n")) oci_problem(reader, "linux.resources.rdma", "the name of a device");
    }
}

/* File names of the group: nothing that leads elsewhere. */
static void read_unified(struct oci_reader *reader, const struct json_value *object, struct oci_resources *resources) {
    resources->unified = oci_pairs(reader, object, "unified", &resources->unified_count);
    for (size_t i = 0; i < resources->unified_count; i++) {
        const char *name = resources->unified[i].key;
        if (strchr(name, '/') || !strchr(name, '.') || name[0] == '.') {
            oci_problem(reader, "linux.resources.unified", "names of cgroup files");
        }
    }
}

void oci_read_resources(struct oci_reader *reader, const struct json_value *object, struct oci_resources *resources) {
    read_memory(reader, oci_get(reader, object, "memory", JSON_OBJECT), resources);
    read_cpu(reader, oci_get(reader, object, "cpu", JSON_OBJECT), resources);
    take_int(reader, oci_get(reader, object, "pids", JSON_OBJECT), "limit", &resources->pids_limit);
    if (json_member(object, "hugepageLimits")) read_hugepages(reader, object, resources);
    if (json_member(object, "network")) read_network(reader, oci_get(reader, object, "network", JSON_OBJECT), resources);
    if (json_member(object, "rdma")) read_rdma(reader, object, resources);
    if (json_member(object, "unified")) read_unified(reader, object, resources);
    read_block_io(reader, oci_get(reader, object, "blockIO", JSON_OBJECT), resources);
    read_device_rules(reader, object, resources);
}
