/*
 * The OCI runtime-spec 1.2 config.json as structs, and rootfs.json (the mount plan of engine/layers/driver.ts).
 * Strings point into the arena; absent strings are NULL, absent numbers have their `has_` false.
 */
#ifndef BERTH_OCI_H
#define BERTH_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"
#include "json.h"
#include "runtime.h"

#define OCI_VERSION "1.2.1"

struct string_list {
    const char **items; /* NULL-terminated, never NULL itself */
    size_t count;
};

struct optional_int {
    bool present;
    int64_t value;
};

struct optional_uint {
    bool present;
    uint64_t value;
};

struct oci_rlimit {
    int resource; /* RLIMIT_… */
    const char *name;
    uint64_t soft, hard;
};

/* Bit n is capability number n. */
struct oci_capabilities {
    uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct oci_user {
    uint32_t uid, gid;
    struct optional_uint umask;
    const uint32_t *additional_gids;
    size_t additional_gid_count;
    const char *username;          /* docs/shim-protocol.md: replaces uid and gid; NULL when absent or empty */
    struct string_list groups;     /* names or numbers */
};

/* linux sched_setattr(2), in its units: nanoseconds. */
struct oci_scheduler {
    bool present;
    uint32_t policy;
    int32_t nice, priority;
    uint64_t flags, runtime, deadline, period;
};

struct oci_process {
    struct arena arena; /* only for those of oci_process_parse */
    bool terminal, no_new_privileges;
    uint16_t rows, columns;
    struct oci_user user;
    struct string_list args, env;
    const char *cwd;
    struct oci_capabilities capabilities;
    struct oci_rlimit *rlimits;
    size_t rlimit_count;
    struct optional_int oom_score_adj;
    const char *apparmor_profile, *selinux_label;
    struct oci_scheduler scheduler;
    struct optional_int io_priority;           /* as ioprio_set takes it: class << 13 | level */
    const char *initial_affinity, *final_affinity; /* lists such as "0-3,7"; of exec only */
};

struct oci_id_mapping {
    uint32_t inside, outside, size;
};

struct oci_mappings {
    struct oci_id_mapping *uids, *gids;
    size_t uid_count, gid_count;
};

struct oci_mount {
    const char *destination, *type, *source;
    struct string_list options;
    struct oci_mappings mappings; /* of the mount's owners */
};

enum oci_namespace { NS_PID, NS_NETWORK, NS_MOUNT, NS_IPC, NS_UTS, NS_CGROUP, NS_USER, NS_TIME, NS_COUNT };

struct oci_namespace_entry {
    bool present;
    const char *path; /* joined instead of made */
};

struct oci_device {
    const char *path;
    char type; /* c, u, b, p */
    uint32_t major, minor, mode, uid, gid;
};

struct oci_device_rule {
    bool allow;
    char type; /* a, c, b */
    int64_t major, minor; /* -1: any */
    bool read, write, make;
};

struct oci_pair {
    const char *key, *value;
};

struct oci_time_offset {
    const char *clock; /* monotonic, boottime */
    int64_t seconds;
    uint32_t nanoseconds;
};

struct oci_throttle {
    uint64_t major, minor, rate;
};

struct oci_device_weight {
    uint64_t major, minor;
    struct optional_uint weight, leaf_weight;
};

struct oci_hugepage_limit {
    const char *page_size; /* "2MB" */
    uint64_t limit;
};

struct oci_interface_priority {
    const char *name;
    uint32_t priority;
};

struct oci_rdma_limit {
    const char *device;
    struct optional_uint handles, objects;
};

enum oci_throttle_kind { THROTTLE_READ_BPS, THROTTLE_WRITE_BPS, THROTTLE_READ_IOPS, THROTTLE_WRITE_IOPS, THROTTLE_COUNT };

struct oci_resources {
    struct optional_int memory_limit, memory_reservation, memory_swap;
    struct optional_uint memory_swappiness;
    bool disable_oom_killer, check_before_update;
    struct optional_uint cpu_shares, cpu_period, cpu_burst, realtime_period;
    struct optional_int cpu_quota, realtime_runtime, cpu_idle;
    const char *cpus, *mems;
    struct optional_int pids_limit;
    struct optional_uint block_weight, block_leaf_weight;
    struct oci_device_weight *device_weights;
    size_t device_weight_count;
    struct oci_hugepage_limit *hugepages;
    size_t hugepage_count;
    struct optional_uint network_class;
    struct oci_interface_priority *interface_priorities;
    size_t interface_priority_count;
    struct oci_rdma_limit *rdma;
    size_t rdma_count;
    struct oci_pair *unified; /* files of version 2 and what is written to them */
    size_t unified_count;
    struct oci_throttle *throttles[THROTTLE_COUNT];
    size_t throttle_counts[THROTTLE_COUNT];
    struct oci_device_rule *devices;
    size_t device_count;
};

enum oci_hook_kind {
    HOOK_PRESTART,
    HOOK_CREATE_RUNTIME,
    HOOK_CREATE_CONTAINER,
    HOOK_START_CONTAINER,
    HOOK_POSTSTART,
    HOOK_POSTSTOP,
    HOOK_COUNT
};
extern const char *const oci_hook_names[HOOK_COUNT + 1]; /* NULL-terminated */

struct oci_hook {
    const char *path;
    struct string_list args, env;
    struct optional_int timeout; /* seconds */
};

struct oci_config {
    struct arena arena;
    const char *text; /* the source, for the child that parses it again */
    size_t length;
    struct oci_process process;
    bool has_process;
    const char *root_path;
    bool root_read_only;
    const char *hostname, *domainname;
    struct oci_mount *mounts;
    size_t mount_count;
    struct oci_namespace_entry namespaces[NS_COUNT];
    struct oci_mappings mappings; /* of the user namespace that is made */
    struct oci_time_offset *time_offsets;
    size_t time_offset_count;
    struct optional_uint personality; /* as personality(2) takes it */
    const char *mount_label;          /* SELinux, of file systems that are made */
    struct oci_device *devices;
    size_t device_count;
    struct oci_resources resources;
    struct oci_pair *sysctl;
    size_t sysctl_count;
    struct string_list masked_paths, read_only_paths;
    const char *rootfs_propagation, *cgroups_path;
    const struct json_value *seccomp;
    const struct json_value *annotations; /* an object of strings, or NULL */
    struct oci_hook *hooks[HOOK_COUNT];
    size_t hook_counts[HOOK_COUNT];
};

struct mount_plan {
    struct arena arena;
    const char *text;
    size_t length;
    bool overlay; /* else one directory is bound */
    struct string_list lower;
    const char *upper, *work;
    bool read_only, is_volatile;
};

/* From text; the text is copied. */
int oci_config_parse(const char *text, size_t length, struct oci_config **config, struct runtime_error *err);
int mount_plan_parse(const char *text, size_t length, struct mount_plan **plan, struct runtime_error *err);

/* From the `process` of a larger document, whose arena must live as long. Freed by oci_process_free. */
int oci_process_parse(const struct json_value *value, struct oci_process **process, struct runtime_error *err);

/* Reading values with a sticky error: after the first problem everything reads as absent, and `err` tells it. */
struct oci_reader {
    struct arena *arena;
    struct runtime_error *err;
    bool failed;
};

void oci_problem(struct oci_reader *reader, const char *where, const char *what);
const struct json_value *oci_get(struct oci_reader *reader, const struct json_value *object, const char *key,
                                 enum json_type type);
const char *oci_string(struct oci_reader *reader, const struct json_value *object, const char *key);
bool oci_bool(struct oci_reader *reader, const struct json_value *object, const char *key);
struct optional_int oci_int(struct oci_reader *reader, const struct json_value *object, const char *key);
struct optional_uint oci_uint(struct oci_reader *reader, const struct json_value *object, const char *key);
struct string_list oci_strings(struct oci_reader *reader, const struct json_value *object, const char *key);
/* `count` zeroed elements of `size` bytes for the array's children; NULL when it is empty. */
void *oci_array(struct oci_reader *reader, const struct json_value *array, size_t size, size_t *count);

struct oci_pair *oci_pairs(struct oci_reader *reader, const struct json_value *object, const char *key, size_t *count);
void oci_read_mappings(struct oci_reader *reader, const struct json_value *object, struct oci_mappings *mappings);
void oci_read_scheduling(struct oci_reader *reader, const struct json_value *object, struct oci_process *process);
/* Adds what the object says to what is there. */
void oci_read_resources(struct oci_reader *reader, const struct json_value *object, struct oci_resources *resources);
void oci_read_hooks(struct oci_reader *reader, const struct json_value *object, struct oci_config *config);
void oci_read_process(struct oci_reader *reader, const struct json_value *object, struct oci_process *process);
void oci_read_linux(struct oci_reader *reader, const struct json_value *object, struct oci_config *config);
/* Number of a capability by its OCI name (CAP_CHOWN), -1 when unknown. */
int capability_number(const char *name);

#endif
