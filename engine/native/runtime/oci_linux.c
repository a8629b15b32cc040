/* The `linux` object of config.json. */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "oci.h"

static const char *const namespace_names[NS_COUNT] = {
    [NS_PID] = "pid", [NS_NETWORK] = "network", [NS_MOUNT] = "mount",
    [NS_IPC] = "ipc", [NS_UTS] = "uts",         [NS_CGROUP] = "cgroup",
};

static void read_namespaces(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *array = oci_get(reader, linux_, "namespaces", JSON_ARRAY);
    for (const struct json_value *item = array ? array->first : NULL; item; item = item->next) {
        const char *type = oci_string(reader, item, "type");
        size_t i = 0;
        while (type && i < NS_COUNT && strcmp(type, namespace_names[i]) != 0) i++;
        if (!type || i == NS_COUNT) {
            oci_problem(reader, "linux.namespaces", "pid, network, mount, ipc, uts or cgroup");
            return;
        }
        config->namespaces[i].present = true;
        config->namespaces[i].path = oci_string(reader, item, "path");
        if (config->namespaces[i].path && !*config->namespaces[i].path) config->namespaces[i].path = NULL;
    }
}

static void read_devices(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *array = oci_get(reader, linux_, "devices", JSON_ARRAY);
    config->devices = oci_array(reader, array, sizeof *config->devices, &config->device_count);
    if (!config->devices) return;
    struct oci_device *device = config->devices;
    for (const struct json_value *item = array->first; item; item = item->next, device++) {
        struct optional_uint mode = oci_uint(reader, item, "fileMode");
        const char *type = oci_string(reader, item, "type");
        device->path = oci_string(reader, item, "path");
        device->type = type && strlen(type) == 1 && strchr("cubp", *type) ? *type : 0;
        device->major = (uint32_t)oci_uint(reader, item, "major").value;
        device->minor = (uint32_t)oci_uint(reader, item, "minor").value;
        device->mode = mode.present ? (uint32_t)mode.value & 07777 : 0666;
        device->uid = (uint32_t)oci_uint(reader, item, "uid").value;
        device->gid = (uint32_t)oci_uint(reader, item, "gid").value;
        if (!device->path || device->path[0] != '/' || !device->type) {
            oci_problem(reader, "linux.devices", "an absolute path and a type of c, u, b or p");
        }
    }
}

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

static void read_block_io(struct oci_reader *reader, const struct json_value *object,
                          struct oci_resources *resources) {
    static const char *const keys[THROTTLE_COUNT] = {
        [THROTTLE_READ_BPS] = "throttleReadBpsDevice",
        [THROTTLE_WRITE_BPS] = "throttleWriteBpsDevice",
        [THROTTLE_READ_IOPS] = "throttleReadIOPSDevice",
        [THROTTLE_WRITE_IOPS] = "throttleWriteIOPSDevice",
    };
    resources->block_weight = oci_uint(reader, object, "weight");
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

static void read_resources(struct oci_reader *reader, const struct json_value *object,
                           struct oci_resources *resources) {
    const struct json_value *memory = oci_get(reader, object, "memory", JSON_OBJECT);
    const struct json_value *cpu = oci_get(reader, object, "cpu", JSON_OBJECT);
    resources->memory_limit = oci_int(reader, memory, "limit");
    resources->memory_reservation = oci_int(reader, memory, "reservation");
    resources->memory_swap = oci_int(reader, memory, "swap");
    resources->memory_swappiness = oci_uint(reader, memory, "swappiness");
    resources->disable_oom_killer = oci_bool(reader, memory, "disableOOMKiller");
    resources->cpu_shares = oci_uint(reader, cpu, "shares");
    resources->cpu_quota = oci_int(reader, cpu, "quota");
    resources->cpu_period = oci_uint(reader, cpu, "period");
    resources->realtime_runtime = oci_int(reader, cpu, "realtimeRuntime");
    resources->realtime_period = oci_uint(reader, cpu, "realtimePeriod");
    resources->cpus = oci_string(reader, cpu, "cpus");
    resources->mems = oci_string(reader, cpu, "mems");
    resources->pids_limit = oci_int(reader, oci_get(reader, object, "pids", JSON_OBJECT), "limit");
    read_block_io(reader, oci_get(reader, object, "blockIO", JSON_OBJECT), resources);
    read_device_rules(reader, object, resources);
}

static void read_sysctl(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *object = oci_get(reader, linux_, "sysctl", JSON_OBJECT);
    config->sysctl = oci_array(reader, object, sizeof *config->sysctl, &config->sysctl_count);
    if (!config->sysctl) return;
    struct oci_pair *pair = config->sysctl;
    for (const struct json_value *item = object->first; item; item = item->next, pair++) {
        pair->key = item->key;
        pair->value = item->text;
        if (item->type != JSON_STRING) oci_problem(reader, "linux.sysctl", "strings as values");
    }
}

void oci_read_linux(struct oci_reader *reader, const struct json_value *object, struct oci_config *config) {
    read_namespaces(reader, object, config);
    read_devices(reader, object, config);
    read_resources(reader, oci_get(reader, object, "resources", JSON_OBJECT), &config->resources);
    read_sysctl(reader, object, config);
    config->masked_paths = oci_strings(reader, object, "maskedPaths");
    config->read_only_paths = oci_strings(reader, object, "readonlyPaths");
    config->rootfs_propagation = oci_string(reader, object, "rootfsPropagation");
    config->cgroups_path = oci_string(reader, object, "cgroupsPath");
    config->seccomp = oci_get(reader, object, "seccomp", JSON_OBJECT);
    const struct json_value *users = oci_get(reader, object, "uidMappings", JSON_ARRAY);
    if (users && users->length > 0) oci_problem(reader, "linux.uidMappings", "user namespaces are not supported");
}
