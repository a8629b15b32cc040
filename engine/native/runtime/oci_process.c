/* The `process` object of config.json; exec requests carry one of the same form. */
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "error.h"
#include "features.h"
#include "oci.h"

static const char *const capability_names[] = {
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

const char *feature_capability(size_t index) {
    return index < sizeof capability_names / sizeof *capability_names ? capability_names[index] : NULL;
}

int capability_number(const char *name) {
    for (size_t i = 0; i < sizeof capability_names / sizeof *capability_names; i++) {
        if (strcmp(name, capability_names[i]) == 0) return (int)i;
    }
    return -1;
}

static const struct {
    const char *name;
    int resource;
} rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS}, {"RLIMIT_CORE", RLIMIT_CORE}, {"RLIMIT_CPU", RLIMIT_CPU}, {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE}, {"RLIMIT_LOCKS", RLIMIT_LOCKS}, {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE}, {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC}, {"RLIMIT_RSS", RLIMIT_RSS}, {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME}, {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}, {"RLIMIT_STACK", RLIMIT_STACK},
};

static uint64_t read_capability_set(struct oci_reader *reader, const struct json_value *object, const char *key) {
    struct string_list names = oci_strings(reader, object, key);
    uint64_t set = 0;
    for (size_t i = 0; i < names.count; i++) {
        int number = capability_number(names.items[i]);
        /* A capability that this program does not know cannot be granted; runtime-spec says to go on. */
        if (number >= 0) set |= UINT64_C(1) << number;
    }
    return set;
}

static void read_rlimits(struct oci_reader *reader, const struct json_value *object, struct oci_process *process) {
    const struct json_value *array = oci_get(reader, object, "rlimits", JSON_ARRAY);
    process->rlimits = oci_array(reader, array, sizeof *process->rlimits, &process->rlimit_count);
    if (!process->rlimits) return;
    struct oci_rlimit *limit = process->rlimits;
    for (const struct json_value *item = array->first; item; item = item->next, limit++) {
        limit->name = oci_string(reader, item, "type");
        limit->resource = -1;
        for (size_t i = 0; limit->name && i < sizeof rlimit_names / sizeof *rlimit_names; i++) {
            if (strcmp(limit->name, rlimit_names[i].name) == 0) limit->resource = rlimit_names[i].resource;
        }
        limit->soft = oci_uint(reader, item, "soft").value;
        limit->hard = oci_uint(reader, item, "hard").value;
        if (limit->resource < 0) oci_problem(reader, "rlimits.type", "a name that is known");
    }
}

static uint32_t read_id(struct oci_reader *reader, const struct json_value *object, const char *key) {
    struct optional_uint number = oci_uint(reader, object, key);
    if (number.value >= UINT32_MAX) oci_problem(reader, key, "below 4294967295");
    return (uint32_t)number.value;
}

static void read_user(struct oci_reader *reader, const struct json_value *object, struct oci_user *user) {
    user->uid = read_id(reader, object, "uid");
    user->gid = read_id(reader, object, "gid");
    user->umask = oci_uint(reader, object, "umask");
    user->username = oci_string(reader, object, "username");
    if (user->username && !*user->username) user->username = NULL;
    user->groups = oci_strings(reader, object, "groups");
    const struct json_value *array = oci_get(reader, object, "additionalGids", JSON_ARRAY);
    uint32_t *gids = oci_array(reader, array, sizeof *gids, &user->additional_gid_count);
    user->additional_gids = gids;
    if (!gids) return;
    for (const struct json_value *item = array->first; item; item = item->next) {
        uint64_t gid;
        if (!json_uint64(item, &gid) || gid >= UINT32_MAX) oci_problem(reader, "additionalGids", "group numbers");
        else *gids++ = (uint32_t)gid;
    }
}

void oci_read_process(struct oci_reader *reader, const struct json_value *object, struct oci_process *process) {
    const struct json_value *size = oci_get(reader, object, "consoleSize", JSON_OBJECT);
    const struct json_value *capabilities = oci_get(reader, object, "capabilities", JSON_OBJECT);
    process->terminal = oci_bool(reader, object, "terminal");
    process->no_new_privileges = oci_bool(reader, object, "noNewPrivileges");
    process->rows = (uint16_t)oci_uint(reader, size, "height").value;
    process->columns = (uint16_t)oci_uint(reader, size, "width").value;
    read_user(reader, oci_get(reader, object, "user", JSON_OBJECT), &process->user);
    process->args = oci_strings(reader, object, "args");
    process->env = oci_strings(reader, object, "env");
    process->cwd = oci_string(reader, object, "cwd");
    process->capabilities = (struct oci_capabilities){
        .bounding = read_capability_set(reader, capabilities, "bounding"),
        .effective = read_capability_set(reader, capabilities, "effective"),
        .permitted = read_capability_set(reader, capabilities, "permitted"),
        .inheritable = read_capability_set(reader, capabilities, "inheritable"),
        .ambient = read_capability_set(reader, capabilities, "ambient"),
    };
    read_rlimits(reader, object, process);
    process->oom_score_adj = oci_int(reader, object, "oomScoreAdj");
    process->selinux_label = oci_string(reader, object, "selinuxLabel");
    process->apparmor_profile = oci_string(reader, object, "apparmorProfile");
    oci_read_scheduling(reader, object, process);
    if (process->args.count == 0) oci_problem(reader, "process.args", "at least one word");
    if (!process->cwd || process->cwd[0] != '/') oci_problem(reader, "process.cwd", "an absolute path");
}

int oci_process_parse(const struct json_value *value, struct oci_process **process, struct runtime_error *err) {
    struct oci_process *made = calloc(1, sizeof *made);
    if (!made) return fail(err, "bundle", ENOMEM, NULL, "out of memory");
    struct oci_reader reader = {.arena = &made->arena, .err = err};
    oci_read_process(&reader, value, made);
    if (reader.failed) {
        oci_process_free(made);
        return -1;
    }
    *process = made;
    return 0;
}

void oci_process_free(struct oci_process *process) {
    if (!process) return;
    struct arena arena = process->arena;
    free(process);
    arena_free(&arena);
}
