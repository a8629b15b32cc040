#include "instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "command.h"

enum { FORMAT = 1, MAX_ID = 1024 };

static int check_id(const char *id, struct runtime_error *err) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    size_t length = strlen(id);
    if (length == 0) return fail(err, "state", EINVAL, id, "container id cannot be empty");
    if (length <= MAX_ID && strspn(id, allowed) == length && strcmp(id, ".") != 0 && strcmp(id, "..") != 0) return 0;
    return fail(err, "state", EINVAL, id, "invalid container ID format: %s", id);
}

static int open_root(bool make, struct runtime_error *err) {
    const char *path = globals.root;
    if (make) {
        char *copy = strdup(path);
        for (char *at = copy ? copy + 1 : NULL; at; at = at ? at + 1 : NULL) {
            at = strchr(at, '/');
            if (at) *at = 0;
            mkdir(copy, 0711);
            if (at) *at = '/';
        }
        free(copy);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail(err, "state", errno, path, "%s: %s", path, strerror(errno));
    return fd;
}

/* All of the directory; the program keeps no directory inside. */
static int remove_directory(int root, const char *id, int directory) {
    AUTO_FD copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    if (!entries) return -1;
    copy = -1;
    for (struct dirent *entry; (entry = readdir(entries));) unlinkat(directory, entry->d_name, 0);
    closedir(entries);
    return unlinkat(root, id, AT_REMOVEDIR);
}

/* Whether the directory was left by a program that was ended: nobody holds it, and nothing was recorded. */
static bool is_abandoned(int directory) {
    return faccessat(directory, "state.json", F_OK, 0) < 0 && errno == ENOENT && flock(directory, LOCK_EX | LOCK_NB) == 0;
}

int instance_reserve(const char *id, struct instance *instance, struct runtime_error *err) {
    *instance = (struct instance){.directory = -1};
    if (check_id(id, err) < 0) return -1;
    AUTO_FD root = open_root(true, err);
    if (root < 0) return -1;
    for (int attempt = 0; attempt < 2; attempt++) {
        bool made = mkdirat(root, id, 0711) == 0;
        if (!made && errno != EEXIST) return fail(err, "state", errno, id, "making its directory: %s", strerror(errno));
        AUTO_FD directory = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory < 0) return fail(err, "state", errno, id, "%s", strerror(errno));
        if (made && flock(directory, LOCK_EX | LOCK_NB) == 0) {
            instance->id = arena_copy(&instance->arena, id, strlen(id));
            instance->directory = directory;
            directory = -1;
            return instance->id ? 0 : fail(err, "state", ENOMEM, id, "out of memory");
        }
        if (!is_abandoned(directory)) break;
        remove_directory(root, id, directory);
    }
    return fail(err, "state", EEXIST, id, "container with id exists: %s", id);
}

static int read_file(int directory, const char *name, struct text *text) {
    char buffer[8192];
    AUTO_FD fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text_bytes(text, buffer, (size_t)got);
    return text->failed || !text->bytes ? -1 : 0;
}

static int read_state(struct instance *instance, struct runtime_error *err) {
    char problem[128] = "not an object";
    struct text text = {0};
    struct oci_reader reader = {.arena = &instance->arena, .err = err};
    const struct json_value *state = NULL;
    if (read_file(instance->directory, "state.json", &text) == 0) {
        state = json_parse(&instance->arena, text.bytes, text.length, problem, sizeof problem);
    } else {
        snprintf(problem, sizeof problem, "%s", strerror(errno));
    }
    text_free(&text);
    if (!state) return fail(err, "state", EINVAL, instance->id, "its state.json: %s", problem);
    if (oci_uint(&reader, state, "format").value != FORMAT) {
        return fail(err, "state", EINVAL, instance->id, "its state was written by a newer %s", globals.program);
    }
    instance->pid = (pid_t)oci_uint(&reader, state, "pid").value;
    instance->started = oci_uint(&reader, state, "started").value;
    instance->bundle = oci_string(&reader, state, "bundle");
    instance->rootfs = oci_string(&reader, state, "rootfs");
    instance->created = oci_string(&reader, state, "created");
    instance->cgroup = oci_string(&reader, state, "cgroup");
    instance->owner = (uid_t)oci_uint(&reader, state, "owner").value;
    instance->resources = oci_get(&reader, state, "resources", JSON_OBJECT);
    instance->annotations = oci_get(&reader, state, "annotations", JSON_OBJECT);
    return reader.failed ? -1 : 0;
}

int instance_load(const char *id, bool lock, struct instance *instance, struct runtime_error *err) {
    struct runtime_error ignored;
    *instance = (struct instance){.directory = -1};
    if (check_id(id, err) < 0) return -1;
    AUTO_FD root = open_root(false, &ignored);
    instance->directory = root < 0 ? -1 : openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (instance->directory < 0) return fail(err, "state", ENOENT, id, "container does not exist");
    instance->id = arena_copy(&instance->arena, id, strlen(id));
    if (lock) flock(instance->directory, LOCK_EX);
    if (faccessat(instance->directory, "state.json", F_OK, 0) < 0) {
        fail(err, "state", ENOENT, id, "container does not exist");
    } else if (read_state(instance, err) == 0) {
        return 0;
    }
    instance_free(instance);
    return -1;
}

void instance_free(struct instance *instance) {
    close_fd(&instance->directory);
    instance->directory = -1;
    arena_free(&instance->arena);
}

static int write_file(const struct instance *instance, const char *name, const char *bytes, size_t length,
                      struct runtime_error *err) {
    char temporary[32];
    snprintf(temporary, sizeof temporary, "%s.new", name);
    AUTO_FD fd = openat(instance->directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, bytes, length) == (ssize_t)length &&
        renameat(instance->directory, temporary, instance->directory, name) == 0) {
        return 0;
    }
    return fail(err, "state", errno, name, "writing %s of %s: %s", name, instance->id, strerror(errno));
}

static void put_string(struct text *text, const char *key, const char *value) {
    text_add(text, ",\"%s\":", key);
    text_json(text, value ? value : "");
}

int instance_save(const struct instance *instance, struct runtime_error *err) {
    struct text text = {0};
    text_add(&text, "{\"format\":%d,\"id\":", FORMAT);
    text_json(&text, instance->id);
    text_add(&text, ",\"pid\":%d,\"started\":%llu,\"owner\":%u", instance->pid, (unsigned long long)instance->started,
             instance->owner);
    put_string(&text, "bundle", instance->bundle);
    put_string(&text, "rootfs", instance->rootfs);
    put_string(&text, "created", instance->created);
    put_string(&text, "cgroup", instance->cgroup);
    text_add(&text, ",\"resources\":");
    text_json_value(&text, instance->resources);
    text_add(&text, ",\"annotations\":");
    text_json_value(&text, instance->annotations);
    text_add(&text, "}\n");
    int result = text.failed ? fail(err, "state", ENOMEM, NULL, "out of memory")
                             : write_file(instance, "state.json", text.bytes, text.length, err);
    text_free(&text);
    return result;
}

int instance_save_config(const struct instance *instance, const struct oci_config *config, struct runtime_error *err) {
    return write_file(instance, "config.json", config->text, config->length, err);
}

int instance_load_config(const struct instance *instance, struct oci_config **config, struct runtime_error *err) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d/config.json", instance->directory);
    return oci_config_load(path, config, err);
}

int instance_remove(const struct instance *instance, struct runtime_error *err) {
    AUTO_FD root = open_root(false, err);
    if (root < 0) return -1;
    if (remove_directory(root, instance->id, instance->directory) == 0 || errno == ENOENT) return 0;
    return fail(err, "state", errno, instance->id, "removing the state of %s: %s", instance->id, strerror(errno));
}

static int by_name(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

int instance_each(void (*each)(const struct instance *instance, void *context), void *context,
                  struct runtime_error *err) {
    char **names = NULL;
    size_t count = 0;
    DIR *root = opendir(globals.root);
    if (!root) return errno == ENOENT ? 0 : fail(err, "state", errno, globals.root, "%s", strerror(errno));
    for (struct dirent *entry; (entry = readdir(root));) {
        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
        char **more = realloc(names, (count + 1) * sizeof *names);
        if (!more) break;
        names = more;
        names[count++] = strdup(entry->d_name);
    }
    closedir(root);
    if (count) qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        struct instance instance;
        struct runtime_error problem;
        if (instance_load(names[i], false, &instance, &problem) == 0) {
            each(&instance, context);
            instance_free(&instance);
        } else if (problem.number != ENOENT) {
            log_warning("container %s: %s", names[i], problem.message);
        }
        free(names[i]);
    }
    free(names);
    return 0;
}
