/* Stopping and going on with all processes of a group. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"

enum { LOOK_AGAIN_MS = 10, LOOKS = 1000 };

/* The hierarchy that freezes, or NULL; `*file` is what is written and read there. */
static const char *freezer(const struct cgroup_layout *layout, const char **file) {
    *file = layout->unified ? "cgroup.freeze" : "freezer.state";
    if (layout->unified) return layout->hierarchies[0].mount;
    for (size_t i = 0; i < layout->count; i++) {
        if (strcmp(layout->hierarchies[i].controllers, "freezer") == 0) return layout->hierarchies[i].mount;
    }
    return NULL;
}

static bool read_text(const char *mount, const char *path, const char *file, char *text, size_t size) {
    char name[CGROUP_PATH_MAX + 256];
    snprintf(name, sizeof name, "%s%s/%s", mount, path, file);
    AUTO_FD fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

/* What the kernel says has become of it, not what was asked for. */
static bool is_frozen(const char *mount, const char *path, bool unified) {
    char text[256];
    if (!read_text(mount, path, unified ? "cgroup.events" : "freezer.state", text, sizeof text)) return false;
    return unified ? strstr(text, "frozen 1") != NULL : strncmp(text, "FROZEN", 6) == 0;
}

bool cgroup_frozen(const char *path) {
    struct cgroup_layout layout;
    struct runtime_error ignored;
    const char *file, *mount = cgroup_detect(&layout, &ignored) < 0 ? NULL : freezer(&layout, &file);
    return mount && is_frozen(mount, path, layout.unified);
}

int cgroup_freeze(const char *path, bool frozen, struct runtime_error *err) {
    struct cgroup_layout layout;
    const char *file, *mount;
    if (cgroup_detect(&layout, err) < 0) return -1;
    mount = freezer(&layout, &file);
    if (!mount) return fail(err, "cgroup", ENOTSUP, "freezer", "this machine has no freezer controller");
    const char *value = layout.unified ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
    for (int i = 0; i < LOOKS; i++) {
        /* Version 1 may give up on a process that was just being made, until it is told again. */
        if ((i == 0 || !layout.unified) && cgroup_write(mount, path, file, value) < 0) {
            return fail(err, "cgroup", errno, file, "%s = %s: %s", file, value, strerror(errno));
        }
        if (is_frozen(mount, path, layout.unified) == frozen) return 0;
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
    if (frozen) cgroup_write(mount, path, file, layout.unified ? "0" : "THAWED");
    return fail(err, "cgroup", EBUSY, file, "the processes of %s did not stop", path);
}
