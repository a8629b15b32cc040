/* The `hooks` object of config.json. */
#include "oci.h"

const char *const oci_hook_names[HOOK_COUNT + 1] = {
    [HOOK_PRESTART] = "prestart",
    [HOOK_CREATE_RUNTIME] = "createRuntime",
    [HOOK_CREATE_CONTAINER] = "createContainer",
    [HOOK_START_CONTAINER] = "startContainer",
    [HOOK_POSTSTART] = "poststart",
    [HOOK_POSTSTOP] = "poststop",
};

static void read_hook(struct oci_reader *reader, const struct json_value *object, struct oci_hook *hook) {
    hook->path = oci_string(reader, object, "path");
    hook->args = oci_strings(reader, object, "args");
    hook->env = oci_strings(reader, object, "env");
    hook->timeout = oci_int(reader, object, "timeout");
    if (!hook->path || hook->path[0] != '/') oci_problem(reader, "hooks.path", "an absolute path");
    if (hook->timeout.present && hook->timeout.value <= 0) oci_problem(reader, "hooks.timeout", "more than 0 seconds");
}

void oci_read_hooks(struct oci_reader *reader, const struct json_value *object, struct oci_config *config) {
    for (int kind = 0; kind < HOOK_COUNT; kind++) {
        const struct json_value *array = oci_get(reader, object, oci_hook_names[kind], JSON_ARRAY);
        struct oci_hook *hook = oci_array(reader, array, sizeof *hook, &config->hook_counts[kind]);
        config->hooks[kind] = hook;
        for (const struct json_value *item = hook ? array->first : NULL; item; item = item->next) {
            read_hook(reader, item, hook++);
        }
    }
}
