/* The `linux` object of config.json. */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "features.h"
#include "oci.h"

static const char *const namespace_names[NS_COUNT] = {
    [NS_PID] = "pid", [NS_NETWORK] = "network", [NS_MOUNT] = "mount",
    [NS_IPC] = "ipc", [NS_UTS] = "uts",         [NS_CGROUP] = "cgroup",
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
    oci_read_resources(reader, oci_get(reader, object, "resources", JSON_OBJECT), &config->resources);
    read_sysctl(reader, object, config);
    config->masked_paths = oci_strings(reader, object, "maskedPaths");
    config->read_only_paths = oci_strings(reader, object, "readonlyPaths");
    config->rootfs_propagation = oci_string(reader, object, "rootfsPropagation");
    config->cgroups_path = oci_string(reader, object, "cgroupsPath");
    config->seccomp = oci_get(reader, object, "seccomp", JSON_OBJECT);
    const struct json_value *users = oci_get(reader, object, "uidMappings", JSON_ARRAY);
    if (users && users->length > 0) oci_problem(reader, "linux.uidMappings", "user namespaces are not supported");
}
