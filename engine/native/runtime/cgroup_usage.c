/* What a group has used up to now, as far as it tells why a container ended. */
#include "cgroup.h"
#include "runtime.h"

/* The number of a file of a version 1 controller's group, 0 without the controller. */
static uint64_t number_v1(const struct cgroup_layout *layout, const char *controller, const char *path,
                          const char *file) {
    const char *mount = cgroup_controller_mount(layout, controller);
    return mount ? cgroup_read_number(mount, path, file) : 0;
}

static uint64_t counter_v1(const struct cgroup_layout *layout, const char *controller, const char *path,
                           const char *file, const char *key) {
    const char *mount = cgroup_controller_mount(layout, controller);
    return mount ? cgroup_read_counter(mount, path, file, key) : 0;
}

void container_usage(const struct container *container, struct container_usage *usage) {
    struct cgroup_layout layout;
    struct runtime_error ignored;
    const char *path = container->cgroup;
    *usage = (struct container_usage){0};
    if (!path[0] || cgroup_detect(&layout, &ignored) < 0) return;
    if (layout.unified) {
        const char *mount = layout.hierarchies[0].mount;
        usage->oom_kills = cgroup_read_counter(mount, path, "memory.events", "oom_kill");
        usage->memory_peak = cgroup_read_number(mount, path, "memory.peak");
        usage->refused_forks = cgroup_read_counter(mount, path, "pids.events", "max");
        return;
    }
    usage->oom_kills = counter_v1(&layout, "memory", path, "memory.oom_control", "oom_kill");
    usage->memory_peak = number_v1(&layout, "memory", path, "memory.max_usage_in_bytes");
    usage->refused_forks = counter_v1(&layout, "pids", path, "pids.events", "max");
}
