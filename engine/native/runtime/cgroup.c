#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "syscalls.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

int cgroup_write(const char *mount, const char *path, const char *file, const char *value) {
    char name[CGROUP_PATH_MAX + 256];
    snprintf(name, sizeof name, "%s%s/%s", mount, path, file);
    AUTO_FD fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    return write(fd, value, strlen(value)) < 0 ? -1 : 0;
}

/* One line of /proc/self/cgroup: "n:controllers:path". */
static void add_hierarchy(struct cgroup_layout *layout, char *line) {
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
    struct statfs info;
    if (!path || layout->count == CGROUP_MAX_HIERARCHIES) return;
    controllers++;
    *path = 0;
    struct cgroup_hierarchy *hierarchy = &layout->hierarchies[layout->count];
    snprintf(hierarchy->controllers, sizeof hierarchy->controllers, "%s", controllers);
    const char *name = strncmp(controllers, "name=", 5) == 0 ? controllers + 5 : controllers;
    snprintf(hierarchy->mount, sizeof hierarchy->mount, CGROUP_ROOT "/%s", *name ? name : "unified");
    /* A hierarchy that nobody mounted cannot be used. */
    if (statfs(hierarchy->mount, &info) == 0 && info.f_type != TMPFS_MAGIC_) layout->count++;
}

int cgroup_detect(struct cgroup_layout *layout, struct runtime_error *err) {
    struct statfs info;
    char line[512];
    *layout = (struct cgroup_layout){0};
    if (statfs(CGROUP_ROOT, &info) < 0) return fail(err, "cgroup", errno, CGROUP_ROOT, "%s", strerror(errno));
    if (info.f_type == CGROUP2_MAGIC) {
        layout->unified = true;
        layout->count = 1;
        snprintf(layout->hierarchies[0].mount, sizeof layout->hierarchies[0].mount, CGROUP_ROOT);
        return 0;
    }
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return fail(err, "cgroup", errno, "/proc/self/cgroup", "%s", strerror(errno));
    while (fgets(line, sizeof line, file)) add_hierarchy(layout, line);
    fclose(file);
    return 0;
}

/* A cpuset of version 1 begins empty, and an empty one takes no process. */
static void inherit_cpuset(const char *directory) {
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < 2; i++) {
        char name[CGROUP_PATH_MAX + 256], value[1024];
        snprintf(name, sizeof name, "%s/%s", directory, files[i]);
        AUTO_FD own = open(name, O_RDONLY | O_CLOEXEC);
        if (own >= 0 && read(own, value, sizeof value) > 1) continue;
        snprintf(name, sizeof name, "%s/../%s", directory, files[i]);
        AUTO_FD parent = open(name, O_RDONLY | O_CLOEXEC);
        ssize_t length = parent < 0 ? -1 : read(parent, value, sizeof value - 1);
        if (length <= 0) continue;
        value[length] = 0;
        cgroup_write(directory, "", files[i], value);
    }
}

/* Children of version 2 have the controllers that their parent hands down. */
static void hand_down_controllers(const char *directory) {
    static const char *const controllers[] = {"+cpuset", "+cpu", "+io", "+memory", "+pids", "+hugetlb", "+rdma"};
    for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
        cgroup_write(directory, "", "cgroup.subtree_control", controllers[i]);
    }
}

static int make_group(const struct cgroup_layout *layout, const struct cgroup_hierarchy *hierarchy, const char *path,
                      struct runtime_error *err) {
    char name[CGROUP_PATH_MAX + 128];
    size_t start = strlen(hierarchy->mount);
    snprintf(name, sizeof name, "%s%s", hierarchy->mount, path);
    bool cpuset = strstr(hierarchy->controllers, "cpuset") != NULL;
    for (char *at = name + start; *at;) {
        char *end = at + 1 + strcspn(at + 1, "/"), cut = *end;
        if (layout->unified) {
            *at = 0;
            hand_down_controllers(name);
            *at = '/';
        }
        *end = 0;
        bool made = mkdir(name, 0755) == 0;
        if (!made && errno != EEXIST) return fail(err, "cgroup", errno, name, "making %s: %s", name, strerror(errno));
        if (cpuset) inherit_cpuset(name);
        *end = cut;
        at = end;
    }
    return 0;
}

int cgroup_create(const char *path, const struct oci_resources *resources, struct runtime_error *err) {
    struct cgroup_layout layout;
    if (path[0] != '/' || strstr(path, "..") || strlen(path) >= CGROUP_PATH_MAX) {
        return fail(err, "cgroup", EINVAL, path, "not a cgroup path");
    }
    if (cgroup_detect(&layout, err) < 0) return -1;
    for (size_t i = 0; i < layout.count; i++) {
        if (make_group(&layout, &layout.hierarchies[i], path, err) < 0) return -1;
    }
    if (!resources) return 0;
    if (layout.unified) return cgroup_apply_v2(layout.hierarchies[0].mount, path, resources, err);
    return cgroup_apply_v1(&layout, path, resources, err);
}

int cgroup_update(const char *path, const struct oci_resources *resources, struct runtime_error *err) {
    struct cgroup_layout layout;
    struct oci_resources limits = *resources;
    limits.device_count = 0;
    if (cgroup_detect(&layout, err) < 0) return -1;
    if (layout.unified) return cgroup_apply_v2(layout.hierarchies[0].mount, path, &limits, err);
    return cgroup_apply_v1(&layout, path, &limits, err);
}

int cgroup_open(const char *path) {
    struct cgroup_layout layout;
    struct runtime_error ignored;
    char name[CGROUP_PATH_MAX + 128];
    if (cgroup_detect(&layout, &ignored) < 0 || !layout.unified) return -1;
    snprintf(name, sizeof name, "%s%s", layout.hierarchies[0].mount, path);
    return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cgroup_attach(const char *path, pid_t pid, struct runtime_error *err) {
    struct cgroup_layout layout;
    char number[16];
    if (cgroup_detect(&layout, err) < 0) return -1;
    snprintf(number, sizeof number, "%d", pid);
    for (size_t i = 0; i < layout.count; i++) {
        if (cgroup_write(layout.hierarchies[i].mount, path, "cgroup.procs", number) < 0) {
            return fail(err, "cgroup", errno, layout.hierarchies[i].mount, "moving a process into %s: %s", path,
                        strerror(errno));
        }
    }
    return 0;
}

typedef int each_group(const char *directory, void *context);

/* Calls for the group and all below it, the deepest first. */
static int walk(const char *directory, each_group *each, void *context) {
    int result = 0;
    DIR *opened = opendir(directory);
    if (!opened) return errno == ENOENT ? 0 : -1;
    for (struct dirent *entry; (entry = readdir(opened));) {
        char name[CGROUP_PATH_MAX + 512];
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s/%s", directory, entry->d_name) >= (int)sizeof name) continue;
        if (walk(name, each, context) < 0) result = -1;
    }
    closedir(opened);
    return each(directory, context) < 0 ? -1 : result;
}

struct process_visit {
    void (*each)(pid_t pid, void *context);
    void *context;
};

static int visit_group(const char *directory, void *context) {
    const struct process_visit *visit = context;
    char name[CGROUP_PATH_MAX + 512], line[32];
    snprintf(name, sizeof name, "%s/cgroup.procs", directory);
    FILE *file = fopen(name, "re");
    if (!file) return errno == ENOENT ? 0 : -1;
    while (fgets(line, sizeof line, file)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (pid > 0) visit->each(pid, visit->context);
    }
    fclose(file);
    return 0;
}

/* The hierarchy that is asked for processes: the bare version 2 of a hybrid host has cgroup.kill too. */
static const char *process_mount(const struct cgroup_layout *layout) {
    for (size_t i = 0; i < layout->count; i++) {
        if (!layout->hierarchies[i].controllers[0]) return layout->hierarchies[i].mount;
    }
    return layout->hierarchies[layout->count - 1].mount;
}

int cgroup_each_process(const char *path, void (*each)(pid_t pid, void *context), void *context,
                        struct runtime_error *err) {
    struct cgroup_layout layout;
    struct process_visit visit = {each, context};
    char directory[CGROUP_PATH_MAX + 128];
    if (cgroup_detect(&layout, err) < 0) return -1;
    snprintf(directory, sizeof directory, "%s%s", process_mount(&layout), path);
    if (walk(directory, visit_group, &visit) == 0) return 0;
    return fail(err, "cgroup", errno, directory, "reading the processes of %s: %s", directory, strerror(errno));
}

static void send_signal(pid_t pid, void *number) {
    kill(pid, *(int *)number);
}

int cgroup_signal(const char *path, int number, struct runtime_error *err) {
    struct cgroup_layout layout;
    if (cgroup_detect(&layout, err) < 0) return -1;
    /* No fork can outrun it. */
    if (number == SIGKILL && cgroup_write(process_mount(&layout), path, "cgroup.kill", "1") == 0) return 0;
    return cgroup_each_process(path, send_signal, &number, err);
}

static int remove_group(const char *directory, void *context) {
    (void)context;
    return rmdir(directory) < 0 && errno != ENOENT ? -1 : 0;
}

int cgroup_remove(const char *path, struct runtime_error *err) {
    struct cgroup_layout layout;
    int result = 0;
    if (cgroup_detect(&layout, err) < 0) return -1;
    for (size_t i = 0; i < layout.count; i++) {
        char directory[CGROUP_PATH_MAX + 128];
        snprintf(directory, sizeof directory, "%s%s", layout.hierarchies[i].mount, path);
        if (walk(directory, remove_group, NULL) < 0) {
            result = fail(err, "cgroup", errno, directory, "removing %s: %s", directory, strerror(errno));
        }
    }
    return result;
}

uint64_t cgroup_read_number(const char *mount, const char *path, const char *file) {
    char name[CGROUP_PATH_MAX + 256], text[64];
    snprintf(name, sizeof name, "%s%s/%s", mount, path, file);
    AUTO_FD fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = 0;
    return strtoull(text, NULL, 10);
}

uint64_t cgroup_read_counter(const char *mount, const char *path, const char *file, const char *key) {
    char name[CGROUP_PATH_MAX + 256], line[128];
    uint64_t value = 0;
    snprintf(name, sizeof name, "%s%s/%s", mount, path, file);
    FILE *opened = fopen(name, "re");
    if (!opened) return 0;
    while (fgets(line, sizeof line, opened)) {
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && line[length] == ' ') value = strtoull(line + length + 1, NULL, 10);
    }
    fclose(opened);
    return value;
}

uint64_t cgroup_oom_kills(const char *path) {
    struct cgroup_layout layout;
    struct runtime_error ignored;
    if (cgroup_detect(&layout, &ignored) < 0) return 0;
    if (layout.unified) return cgroup_read_counter(layout.hierarchies[0].mount, path, "memory.events", "oom_kill");
    for (size_t i = 0; i < layout.count; i++) {
        if (strcmp(layout.hierarchies[i].controllers, "memory") == 0) {
            return cgroup_read_counter(layout.hierarchies[i].mount, path, "memory.oom_control", "oom_kill");
        }
    }
    return 0;
}
