/* Typed access to JSON with one sticky error, and the parts of config.json that stand at its top. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "oci.h"

void oci_problem(struct oci_reader *reader, const char *where, const char *what) {
    if (reader->failed) return;
    reader->failed = true;
    fail(reader->err, "bundle", EINVAL, where, "%s: %s", where, what);
}

const struct json_value *oci_get(struct oci_reader *reader, const struct json_value *object, const char *key,
                                 enum json_type type) {
    static const char *const wanted[] = {"null", "false", "true", "a number", "a string", "an array", "an object"};
    const struct json_value *value = reader->failed ? NULL : json_member(object, key);
    if (!value || value->type == type) return value;
    oci_problem(reader, key, wanted[type]);
    return NULL;
}

const char *oci_string(struct oci_reader *reader, const struct json_value *object, const char *key) {
    const struct json_value *value = oci_get(reader, object, key, JSON_STRING);
    return value ? value->text : NULL;
}

bool oci_bool(struct oci_reader *reader, const struct json_value *object, const char *key) {
    const struct json_value *value = reader->failed ? NULL : json_member(object, key);
    if (!value || value->type == JSON_FALSE) return false;
    if (value->type != JSON_TRUE) oci_problem(reader, key, "true or false");
    return value->type == JSON_TRUE;
}

struct optional_int oci_int(struct oci_reader *reader, const struct json_value *object, const char *key) {
    const struct json_value *value = oci_get(reader, object, key, JSON_NUMBER);
    struct optional_int result = {0};
    if (!value) return result;
    result.present = json_int64(value, &result.value);
    if (!result.present) oci_problem(reader, key, "an integer");
    return result;
}

struct optional_uint oci_uint(struct oci_reader *reader, const struct json_value *object, const char *key) {
    const struct json_value *value = oci_get(reader, object, key, JSON_NUMBER);
    struct optional_uint result = {0};
    if (!value) return result;
    result.present = json_uint64(value, &result.value);
    if (!result.present) oci_problem(reader, key, "an integer that is not negative");
    return result;
}

void *oci_array(struct oci_reader *reader, const struct json_value *array, size_t size, size_t *count) {
    *count = 0;
    if (!array || array->length == 0 || reader->failed) return NULL;
    void *items = arena_alloc(reader->arena, size * array->length);
    if (items) *count = array->length;
    else oci_problem(reader, "config", "out of memory");
    return items;
}

struct string_list oci_strings(struct oci_reader *reader, const struct json_value *object, const char *key) {
    static const char *nothing[] = {NULL};
    struct string_list list = {.items = nothing};
    const struct json_value *array = oci_get(reader, object, key, JSON_ARRAY);
    if (!array) return list;
    const char **items = arena_alloc(reader->arena, sizeof *items * (array->length + 1));
    if (!items) {
        oci_problem(reader, key, "out of memory");
        return list;
    }
    for (const struct json_value *item = array->first; item; item = item->next) {
        if (item->type != JSON_STRING) {
            oci_problem(reader, key, "an array of strings");
            return list;
        }
        items[list.count++] = item->text;
    }
    list.items = items;
    return list;
}

static void read_mounts(struct oci_reader *reader, const struct json_value *root, struct oci_config *config) {
    const struct json_value *array = oci_get(reader, root, "mounts", JSON_ARRAY);
    config->mounts = oci_array(reader, array, sizeof *config->mounts, &config->mount_count);
    if (!config->mounts) return;
    struct oci_mount *mount = config->mounts;
    for (const struct json_value *item = array->first; item; item = item->next, mount++) {
        mount->destination = oci_string(reader, item, "destination");
        mount->type = oci_string(reader, item, "type");
        mount->source = oci_string(reader, item, "source");
        mount->options = oci_strings(reader, item, "options");
        oci_read_mappings(reader, item, &mount->mappings);
        if (!mount->destination || mount->destination[0] != '/') {
            oci_problem(reader, "mounts.destination", "an absolute path");
        }
    }
}

static void read_config(struct oci_reader *reader, const struct json_value *root, struct oci_config *config) {
    const struct json_value *process = oci_get(reader, root, "process", JSON_OBJECT);
    const struct json_value *file_system = oci_get(reader, root, "root", JSON_OBJECT);
    config->has_process = process != NULL;
    if (process) oci_read_process(reader, process, &config->process);
    config->root_path = oci_string(reader, file_system, "path");
    config->root_read_only = oci_bool(reader, file_system, "readonly");
    config->hostname = oci_string(reader, root, "hostname");
    config->domainname = oci_string(reader, root, "domainname");
    read_mounts(reader, root, config);
    config->annotations = oci_get(reader, root, "annotations", JSON_OBJECT);
    oci_read_hooks(reader, oci_get(reader, root, "hooks", JSON_OBJECT), config);
    oci_read_linux(reader, oci_get(reader, root, "linux", JSON_OBJECT), config);
}

/* The parsed object, kept with its text in `arena`; NULL with `err` told. */
static const struct json_value *parse_object(struct arena *arena, const char *text, size_t length, const char *name,
                                             struct runtime_error *err) {
    char problem[128] = "not an object";
    const struct json_value *value = json_parse(arena, text, length, problem, sizeof problem);
    if (value && value->type == JSON_OBJECT) return value;
    fail(err, "bundle", EINVAL, name, "%s: %s", name, problem);
    return NULL;
}

int oci_config_parse(const char *text, size_t length, struct oci_config **config, struct runtime_error *err) {
    struct oci_config *made = calloc(1, sizeof *made);
    if (!made) return fail(err, "bundle", ENOMEM, NULL, "out of memory");
    struct oci_reader reader = {.arena = &made->arena, .err = err};
    made->text = arena_copy(&made->arena, text, length);
    made->length = length;
    const struct json_value *root = made->text ? parse_object(&made->arena, text, length, "config.json", err) : NULL;
    if (root) read_config(&reader, root, made);
    if (!made->text) fail(err, "bundle", ENOMEM, NULL, "out of memory");
    if (!root || reader.failed) {
        oci_config_free(made);
        return -1;
    }
    *config = made;
    return 0;
}

void oci_config_free(struct oci_config *config) {
    if (!config) return;
    struct arena arena = config->arena;
    free(config);
    arena_free(&arena);
}

int mount_plan_parse(const char *text, size_t length, struct mount_plan **plan, struct runtime_error *err) {
    struct mount_plan *made = calloc(1, sizeof *made);
    if (!made) return fail(err, "bundle", ENOMEM, NULL, "out of memory");
    struct oci_reader reader = {.arena = &made->arena, .err = err};
    made->text = arena_copy(&made->arena, text, length);
    made->length = length;
    const struct json_value *root = made->text ? parse_object(&made->arena, text, length, "rootfs.json", err) : NULL;
    if (root) {
        const char *type = oci_string(&reader, root, "type");
        made->overlay = type && strcmp(type, "overlay") == 0;
        made->lower = oci_strings(&reader, root, "lower");
        made->upper = oci_string(&reader, root, "upper");
        made->work = oci_string(&reader, root, "work");
        made->read_only = oci_bool(&reader, root, "readOnly");
        made->is_volatile = oci_bool(&reader, root, "volatile");
        if (!made->overlay && (!type || strcmp(type, "bind") != 0)) oci_problem(&reader, "type", "overlay or bind");
        if (made->lower.count == 0) oci_problem(&reader, "lower", "at least one directory");
        if (!made->overlay && made->lower.count > 1) oci_problem(&reader, "lower", "one directory for a bind");
        if (!made->upper != !made->work) oci_problem(&reader, "upper", "upper and work belong together");
    }
    if (!made->text) fail(err, "bundle", ENOMEM, NULL, "out of memory");
    if (!root || reader.failed) {
        mount_plan_free(made);
        return -1;
    }
    *plan = made;
    return 0;
}

void mount_plan_free(struct mount_plan *plan) {
    if (!plan) return;
    struct arena arena = plan->arena;
    free(plan);
    arena_free(&arena);
}
