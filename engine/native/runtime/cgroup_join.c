/* Moving a process into a group below the container's, or to where its first process stands. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "error.h"

/* The kernel's own words, which libcs shorten. */
static const char *words_of(int number) {
    if (number == ENOENT) return "no such file or directory";
    if (number == EBUSY) return "device or resource busy";
    return strerror(number);
}

static int attach_one(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t pid,
                      struct runtime_error *err) {
    char number[16];
    snprintf(number, sizeof number, "%d", pid);
    if (cgroup_write(hierarchy->mount, path, "cgroup.procs", number) == 0) return 0;
    return fail(err, "cgroup", errno, path, "adding pid %d to cgroups: %s%s/cgroup.procs: %s", pid, hierarchy->mount,
                path, words_of(errno));
}

/* Whether the hierarchy has one of the comma-separated controllers. */
static bool has_controller(const struct cgroup_hierarchy *hierarchy, const char *names, size_t length) {
    const char *name = hierarchy->controllers;
    if (strncmp(name, "name=", 5) == 0) name += 5;
    for (const char *end = names + length; names < end;) {
        size_t part = strcspn(names, ",:");
        for (const char *own = name; *own; own += *own == ',') {
            size_t own_part = strcspn(own, ",");
            if (own_part == part && strncmp(own, names, part) == 0) return true;
            own += own_part;
        }
        names += part + 1;
    }
    return false;
}

static bool is_below(const char *path) {
    for (const char *at = path; *at;) {
        size_t part = strcspn(at, "/");
        if (part == 2 && strncmp(at, "..", 2) == 0) return false;
        at += part;
        at += strspn(at, "/");
    }
    return true;
}

/* The part of "[controllers:]path" that is meant for this hierarchy, or NULL. */
static const char *below_for(const struct cgroup_hierarchy *hierarchy, const char *subgroup) {
    const char *colon = strchr(subgroup, ':');
    if (!colon) return subgroup;
    return has_controller(hierarchy, subgroup, (size_t)(colon - subgroup)) ? colon + 1 : NULL;
}

static int check_subgroup(const struct cgroup_layout *layout, const char *subgroup, struct runtime_error *err) {
    const char *colon = strchr(subgroup, ':'), *below = colon ? colon + 1 : subgroup;
    bool known = !colon;
    if (!is_below(below)) return fail(err, "cgroup", EINVAL, below, "bad cgroup: %s is not a sub cgroup path", below);
    for (size_t i = 0; i < layout->count; i++) known = known || below_for(&layout->hierarchies[i], subgroup);
    if (known) return 0;
    return fail(err, "cgroup", EINVAL, subgroup, "unknown controller %.*s in the cgroup %s", (int)(colon - subgroup),
                subgroup, subgroup);
}

int cgroup_attach_below(const char *path, const char *const *subgroups, pid_t pid, struct runtime_error *err) {
    struct cgroup_layout layout;
    if (cgroup_detect(&layout, err) < 0) return -1;
    for (const char *const *at = subgroups; *at; at++) {
        if (check_subgroup(&layout, *at, err) < 0) return -1;
    }
    for (size_t i = 0; i < layout.count; i++) {
        char group[CGROUP_PATH_MAX];
        const char *below = "";
        for (const char *const *at = subgroups; *at; at++) {
            const char *meant = below_for(&layout.hierarchies[i], *at);
            if (meant) below = meant;
        }
        below += strspn(below, "/");
        if (snprintf(group, sizeof group, "%s%s%s", path, *below ? "/" : "", below) >= (int)sizeof group) {
            return fail(err, "cgroup", ENAMETOOLONG, below, "the path of the cgroup is too long");
        }
        if (attach_one(&layout.hierarchies[i], group, pid, err) < 0) return -1;
    }
    return 0;
}

int cgroup_attach_beside(pid_t first, const char *path, pid_t pid, struct runtime_error *err) {
    struct cgroup_layout layout;
    char name[64], line[CGROUP_PATH_MAX + 8];
    if (cgroup_detect(&layout, err) < 0) return -1;
    if (!layout.unified) return cgroup_attach(path, pid, err);
    snprintf(name, sizeof name, "/proc/%d/cgroup", first);
    FILE *file = fopen(name, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) found = strncmp(line, "0::", 3) == 0;
    if (file) fclose(file);
    line[strcspn(line, "\n")] = 0;
    size_t length = strlen(path);
    /* What the container did to its first process must not lead out of its own group. */
    if (!found || strncmp(line + 3, path, length) != 0 || (line[3 + length] && line[3 + length] != '/')) {
        return fail(err, "cgroup", EBUSY, path, "the container's first process has left its cgroup %s", path);
    }
    return attach_one(&layout.hierarchies[0], line + 3, pid, err);
}
