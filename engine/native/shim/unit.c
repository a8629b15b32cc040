/*
 * A shim of the pool: started, and with a process in namespaces of its own, before its container is known. CREATE then
 * brings the unit that it becomes. The same calls as without the pool, done earlier: what does not fit is thrown away
 * and made anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "../runtime/syscalls.h"
#include "shim.h"

/* Docker's default shape; a cgroup namespace is made later, where the process stands in its own cgroup. */
static const char default_shape[] =
    "{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
    "{\"type\":\"mount\"}]}}";

int unit_prepare(struct shim *shim, struct runtime_error *err) {
    struct oci_config *config = NULL;
    if (oci_config_parse(default_shape, strlen(default_shape), &config, err) < 0) return -1;
    shim->prepared = container_prepare(config, NULL, &shim->container, err) == 0;
    oci_config_free(config);
    return shim->prepared ? 0 : -1;
}

static bool fits(const struct oci_config *config) {
    for (int i = 0; i < NS_COUNT; i++) {
        const struct oci_namespace_entry *entry = &config->namespaces[i];
        bool wanted = i == NS_PID || i == NS_NETWORK || i == NS_IPC || i == NS_UTS || i == NS_MOUNT;
        if (entry->path || (i != NS_CGROUP && entry->present != wanted)) return false;
    }
    return true;
}

void unit_drop(struct shim *shim) {
    struct runtime_error ignored;
    if (!shim->prepared) return;
    shim->prepared = false;
    sys_pidfd_send_signal(shim->container.pidfd, SIGKILL);
    container_delete(&shim->container, &ignored);
}

bool unit_take(struct shim *shim, const struct oci_config *config) {
    if (shim->prepared && !fits(config)) unit_drop(shim);
    bool taken = shim->prepared;
    shim->prepared = false;
    return taken;
}

static const char *copy_of(struct oci_reader *reader, const struct json_value *unit, const char *key) {
    const char *text = oci_string(reader, unit, key);
    char *copy = text ? strdup(text) : NULL;
    if (!copy) oci_problem(reader, key, "a string");
    return copy;
}

/* So that who looks at the processes sees whose monitor this is: the arguments' place is as long as an id. */
static void show_id(const char *place, const char *id) {
    size_t length = strlen(place);
    if (strlen(id) == length) memcpy((char *)(uintptr_t)place, id, length);
}

static void write_errors_to(const char *directory) {
    struct text path = {0};
    text_add(&path, "%s/shim.log", directory);
    AUTO_FD file = path.failed ? -1 : open(path.bytes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0) dup2(file, 2);
    text_free(&path);
}

int unit_become(struct shim *shim, struct oci_reader *reader, const struct json_value *unit,
                struct runtime_error *err) {
    struct shim_options earlier = shim->options, next = earlier;
    next.id = copy_of(reader, unit, "id");
    next.bundle = copy_of(reader, unit, "bundle");
    next.dir = copy_of(reader, unit, "dir");
    next.run = copy_of(reader, unit, "run");
    next.cgroup = copy_of(reader, unit, "cgroup");
    if (reader->failed) return -1;
    record_forget(shim);
    watch_close(shim, &shim->listener);
    rmdir(earlier.run);
    show_id(earlier.id, next.id);
    shim->options = next;
    write_errors_to(next.dir);
    if (client_listen(shim, err) < 0) return -1;
    return record_state(shim, err);
}
