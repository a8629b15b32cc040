#include "cgroup_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

void writer_put(struct cgroup_writer *writer, const char *file, const char *value) {
    if (writer->failed || cgroup_write(writer->mount, writer->path, file, value) == 0) return;
    writer->failed = true;
    fail(writer->err, "cgroup", errno, file, "%s = %s: %s", file, value, strerror(errno));
}

void writer_put_int(struct cgroup_writer *writer, const char *file, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    writer_put(writer, file, text);
}

void writer_put_max(struct cgroup_writer *writer, const char *file, int64_t value) {
    if (value < 0) writer_put(writer, file, "max");
    else writer_put_int(writer, file, value);
}

/* The hierarchy of a controller, or NULL: then asking for its limits is an error. */
const char *cgroup_controller_mount(const struct cgroup_layout *layout, const char *controller) {
    size_t length = strlen(controller);
    for (size_t i = 0; i < layout->count; i++) {
        for (const char *at = layout->hierarchies[i].controllers; *at; at += *at == ',') {
            size_t part = strcspn(at, ",");
            if (part == length && strncmp(at, controller, length) == 0) return layout->hierarchies[i].mount;
            at += part;
        }
    }
    return NULL;
}

bool writer_select(struct cgroup_writer *writer, const struct cgroup_layout *layout, const char *controller,
                   bool wanted) {
    if (writer->failed || !wanted) return false;
    writer->mount = cgroup_controller_mount(layout, controller);
    if (writer->mount) return true;
    writer->failed = true;
    fail(writer->err, "cgroup", ENOTSUP, controller, "this machine has no %s controller", controller);
    return false;
}
