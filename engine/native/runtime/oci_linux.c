/* The `linux` object of config.json. */
#include <errno.h>
#include <string.h>
#include <sys/personality.h>

#include "error.h"
#include "features.h"
#include "oci.h"

static const char *const namespace_names[NS_COUNT] = {
    [NS_PID] = "pid", [NS_NETWORK] = "network", [NS_MOUNT] = "mount",
    [NS_IPC] = "ipc", [NS_UTS] = "uts",         [NS_CGROUP] = "cgroup", [NS_USER] = "user", [NS_TIME] = "time",
};

const char *feature_namespace(size_t index) {
    return index < NS_COUNT ? namespace_names[index] : NULL;
}

static void read_namespaces(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *array = oci_get(reader, linux_, "namespaces", JSON_ARRAY);
    for (const struct json_value *item = array ? array->first : NULL; item; item = item->next) {
        const char *type = oci_string(reader, item, "type");
        size_t i = 0;
        while (type && i < NS_COUNT && strcmp(type, namespace_names[i]) != 0) i++;
        if (!type || i == NS_COUNT) {
            oci_problem(reader, "linux.namespaces", "pid, network, mount, ipc, uts, cgroup, user or time");
            return;
        }
        if (config->namespaces[i].present) oci_problem(reader, "linux.namespaces", "each type once");
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

struct oci_pair *oci_pairs(struct oci_reader *reader, const struct json_value *object, const char *key, size_t *count) {
    const struct json_value *members = oci_get(reader, object, key, JSON_OBJECT);
    struct oci_pair *pairs = oci_array(reader, members, sizeof *pairs, count), *pair = pairs;
    for (const struct json_value *item = pairs ? members->first : NULL; item; item = item->next, pair++) {
        *pair = (struct oci_pair){item->key, item->text};
        if (item->type != JSON_STRING) oci_problem(reader, key, "strings as values");
    }
    return pairs;
}

static struct oci_id_mapping *read_map(struct oci_reader *reader, const struct json_value *object, const char *key,
                                       size_t *count) {
    const struct json_value *array = oci_get(reader, object, key, JSON_ARRAY);
    struct oci_id_mapping *map = oci_array(reader, array, sizeof *map, count), *at = map;
    for (const struct json_value *item = map ? array->first : NULL; item; item = item->next, at++) {
        uint64_t inside = oci_uint(reader, item, "containerID").value, outside = oci_uint(reader, item, "hostID").value;
        uint64_t size = oci_uint(reader, item, "size").value;
        if (inside + size > UINT32_MAX || outside + size > UINT32_MAX || size == 0) {
            oci_problem(reader, key, "ids below 4294967295, and a size above 0");
        }
        *at = (struct oci_id_mapping){(uint32_t)inside, (uint32_t)outside, (uint32_t)size};
    }
    return map;
}

void oci_read_mappings(struct oci_reader *reader, const struct json_value *object, struct oci_mappings *mappings) {
    mappings->uids = read_map(reader, object, "uidMappings", &mappings->uid_count);
    mappings->gids = read_map(reader, object, "gidMappings", &mappings->gid_count);
}

static void read_user_namespace(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct oci_namespace_entry *user = &config->namespaces[NS_USER];
    oci_read_mappings(reader, linux_, &config->mappings);
    bool mapped = config->mappings.uid_count > 0 && config->mappings.gid_count > 0;
    if (user->present && !user->path && !mapped) {
        oci_problem(reader, "linux.uidMappings", "mappings of users and groups for the user namespace");
    }
    if (!user->present && (config->mappings.uid_count > 0 || config->mappings.gid_count > 0)) {
        oci_problem(reader, "linux.uidMappings", "a user namespace for the mappings");
    }
}

static void read_time_offsets(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *object = oci_get(reader, linux_, "timeOffsets", JSON_OBJECT);
    const struct oci_namespace_entry *time = &config->namespaces[NS_TIME];
    struct oci_time_offset *offset =
        oci_array(reader, object, sizeof *offset, &config->time_offset_count);
    config->time_offsets = offset;
    for (const struct json_value *item = offset ? object->first : NULL; item; item = item->next, offset++) {
        *offset = (struct oci_time_offset){
            .clock = item->key,
            .seconds = oci_int(reader, item, "secs").value,
            .nanoseconds = (uint32_t)oci_uint(reader, item, "nanosecs").value,
        };
        if (strcmp(item->key, "monotonic") != 0 && strcmp(item->key, "boottime") != 0) {
            oci_problem(reader, "linux.timeOffsets", "monotonic or boottime");
        }
    }
    if (config->time_offset_count > 0 && (!time->present || time->path)) {
        oci_problem(reader, "linux.timeOffsets", "a new time namespace");
    }
}

static void read_personality(struct oci_reader *reader, const struct json_value *linux_, struct oci_config *config) {
    const struct json_value *object = oci_get(reader, linux_, "personality", JSON_OBJECT);
    const char *domain = oci_string(reader, object, "domain");
    if (!object) return;
    config->personality = (struct optional_uint){true, domain && strcmp(domain, "LINUX32") == 0 ? PER_LINUX32 : 0};
    if (!domain || (strcmp(domain, "LINUX32") != 0 && strcmp(domain, "LINUX") != 0)) {
        oci_problem(reader, "linux.personality.domain", "LINUX or LINUX32");
    }
    if (oci_strings(reader, object, "flags").count > 0) {
        oci_problem(reader, "linux.personality.flags", "no flags: the runtime-spec defines none");
    }
}

/* What this runtime does not do is refused by name, never left out in silence. */
static void refuse(struct oci_reader *reader, const struct json_value *object, const char *key, const char *name) {
    if (!reader->failed && json_member(object, key)) oci_problem(reader, name, "not supported by this runtime");
}

void oci_read_linux(struct oci_reader *reader, const struct json_value *object, struct oci_config *config) {
    read_namespaces(reader, object, config);
    read_devices(reader, object, config);
    oci_read_resources(reader, oci_get(reader, object, "resources", JSON_OBJECT), &config->resources);
    config->sysctl = oci_pairs(reader, object, "sysctl", &config->sysctl_count);
    read_user_namespace(reader, object, config);
    read_time_offsets(reader, object, config);
    read_personality(reader, object, config);
    config->mount_label = oci_string(reader, object, "mountLabel");
    refuse(reader, object, "intelRdt", "linux.intelRdt");
    refuse(reader, object, "memoryPolicy", "linux.memoryPolicy");
    refuse(reader, object, "netDevices", "linux.netDevices");
    config->masked_paths = oci_strings(reader, object, "maskedPaths");
    config->read_only_paths = oci_strings(reader, object, "readonlyPaths");
    config->rootfs_propagation = oci_string(reader, object, "rootfsPropagation");
    config->cgroups_path = oci_string(reader, object, "cgroupsPath");
    config->seccomp = oci_get(reader, object, "seccomp", JSON_OBJECT);
}
