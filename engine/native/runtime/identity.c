/* Docker's user strings, resolved by the container's own /etc/passwd and /etc/group. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "process.h"

enum { MAX_LINE = 16 * 1024, MAX_GROUPS = 65536, MAX_FILE = 64 * 1024 * 1024 };

/* An image may put anything at the place of these files: a pipe nobody writes to, a device or a file without end. */
static FILE *open_names(const char *path) {
    struct stat info;
    AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size > MAX_FILE) return NULL;
    FILE *file = fdopen(fd, "r");
    if (file) fd = -1;
    return file;
}

/* A number as Docker takes one: decimal, at most 2^31 - 1. */
static bool parse_id(const char *text, uint32_t *id) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || errno || value > INT32_MAX) return false;
    *id = (uint32_t)value;
    return true;
}

/* Splits "a:b:c" in place; missing fields are empty. */
static void split_fields(char *line, char **fields, size_t count) {
    line[strcspn(line, "\n")] = 0;
    for (size_t i = 0; i < count; i++) {
        char *colon = strchr(line, ':');
        fields[i] = line;
        if (colon) *colon = 0;
        line = colon ? colon + 1 : line + strlen(line);
    }
}

struct passwd_entry {
    bool found;
    char *name, *home;
    uint32_t uid, gid;
};

/* The entry of `name`, or of the number `uid` when name is NULL. */
static struct passwd_entry find_user(struct arena *arena, const char *name, uint32_t uid) {
    struct passwd_entry entry = {0};
    char line[MAX_LINE], *fields[6];
    FILE *file = open_names("/etc/passwd");
    while (file && !entry.found && fgets(line, sizeof line, file)) {
        uint32_t entry_uid, entry_gid;
        split_fields(line, fields, 6);
        if (!parse_id(fields[2], &entry_uid) || !parse_id(fields[3], &entry_gid)) continue;
        if (name ? strcmp(fields[0], name) != 0 : entry_uid != uid) continue;
        entry = (struct passwd_entry){true, arena_copy(arena, fields[0], strlen(fields[0])),
                                      arena_copy(arena, fields[5], strlen(fields[5])), entry_uid, entry_gid};
    }
    if (file) fclose(file);
    return entry;
}

static bool lists_member(char *members, const char *name) {
    for (char *member = strtok(members, ","); member; member = strtok(NULL, ",")) {
        if (strcmp(member, name) == 0) return true;
    }
    return false;
}

static bool find_group(const char *name, uint32_t *gid) {
    char line[MAX_LINE], *fields[4];
    bool found = false;
    FILE *file = open_names("/etc/group");
    while (file && !found && fgets(line, sizeof line, file)) {
        split_fields(line, fields, 4);
        found = strcmp(fields[0], name) == 0 && parse_id(fields[2], gid);
    }
    if (file) fclose(file);
    return found;
}

static int resolve_group(const char *name, uint32_t *gid, struct runtime_error *err) {
    if (find_group(name, gid) || parse_id(name, gid)) return 0;
    return fail(err, "user", ENOENT, name, "unable to find group %s: no matching entries in group file", name);
}

static int add_group(struct arena *arena, struct identity *identity, uint32_t gid, struct runtime_error *err) {
    for (size_t i = 0; i < identity->group_count; i++) {
        if (identity->groups[i] == gid) return 0;
    }
    /* Grown at powers of two; an arena frees all of it at once. */
    if ((identity->group_count & (identity->group_count - 1)) == 0) {
        size_t size = identity->group_count ? identity->group_count * 2 : 1;
        uint32_t *groups = arena_alloc(arena, size * sizeof *groups);
        if (!groups || size > MAX_GROUPS) return fail(err, "user", E2BIG, NULL, "too many groups");
        if (identity->group_count) memcpy(groups, identity->groups, identity->group_count * sizeof *groups);
        identity->groups = groups;
    }
    identity->groups[identity->group_count++] = gid;
    return 0;
}

static int add_groups_of(struct arena *arena, struct identity *identity, const char *name,
                         struct runtime_error *err) {
    char line[MAX_LINE], *fields[4];
    int result = 0;
    FILE *file = open_names("/etc/group");
    while (file && result == 0 && fgets(line, sizeof line, file)) {
        uint32_t gid;
        split_fields(line, fields, 4);
        if (parse_id(fields[2], &gid) && lists_member(fields[3], name)) result = add_group(arena, identity, gid, err);
    }
    if (file) fclose(file);
    return result;
}

/* "name|uid[:group|gid]" */
static int resolve_name(struct arena *arena, const char *string, struct identity *identity,
                        struct runtime_error *err) {
    char *name = arena_copy(arena, string, strlen(string));
    if (!name) return fail(err, "user", ENOMEM, NULL, "out of memory");
    char *group = strchr(name, ':');
    if (group) *group++ = 0;
    if (!*name) name = "0";
    struct passwd_entry entry = find_user(arena, name, 0);
    if (!entry.found) {
        if (!parse_id(name, &identity->uid)) {
            return fail(err, "user", ENOENT, name, "unable to find user %s: no matching entries in passwd file", name);
        }
        entry = find_user(arena, NULL, identity->uid);
    }
    if (entry.found) {
        identity->uid = entry.uid;
        identity->gid = entry.gid;
        identity->home = entry.home;
    }
    if (group && *group) return resolve_group(group, &identity->gid, err);
    return entry.found ? add_groups_of(arena, identity, entry.name, err) : 0;
}

int identity_resolve(struct arena *arena, const struct oci_user *user, struct identity *identity,
                     struct runtime_error *err) {
    *identity = (struct identity){.uid = user->uid, .gid = user->gid};
    if (user->username) {
        identity->uid = identity->gid = 0;
        if (resolve_name(arena, user->username, identity, err) < 0) return -1;
    } else {
        identity->home = find_user(arena, NULL, user->uid).home;
        for (size_t i = 0; i < user->additional_gid_count; i++) {
            if (add_group(arena, identity, user->additional_gids[i], err) < 0) return -1;
        }
    }
    for (size_t i = 0; i < user->groups.count; i++) {
        uint32_t gid;
        if (resolve_group(user->groups.items[i], &gid, err) < 0) return -1;
        if (add_group(arena, identity, gid, err) < 0) return -1;
    }
    if (!identity->home || !*identity->home) identity->home = "/";
    return 0;
}
