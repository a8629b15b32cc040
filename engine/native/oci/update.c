/* update: other limits for a container that runs. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "command.h"
#include "instance.h"

static struct {
    const char *file, *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period, *cpu_rt_runtime;
    const char *cpus, *mems, *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
    const char *pids_limit, *cpu_idle;
} wanted;

static const struct option options[] = {
    {"resources", "r", OPTION_TEXT, &wanted.file, "file with an OCI resources object, - for standard input"},
    {"blkio-weight", NULL, OPTION_TEXT, &wanted.blkio_weight, "share of the disks' time, 10 to 1000"},
    {"cpu-period", NULL, OPTION_TEXT, &wanted.cpu_period, "length of a CPU period, in microseconds"},
    {"cpu-quota", NULL, OPTION_TEXT, &wanted.cpu_quota, "CPU time in a period, in microseconds; -1: no limit"},
    {"cpu-burst", NULL, OPTION_TEXT, &wanted.cpu_burst, "unused CPU time that may be used later, in microseconds"},
    {"cpu-share", NULL, OPTION_TEXT, &wanted.cpu_share, "share of CPU time against others"},
    {"cpu-rt-period", NULL, OPTION_TEXT, &wanted.cpu_rt_period, "length of a real-time period, in microseconds"},
    {"cpu-rt-runtime", NULL, OPTION_TEXT, &wanted.cpu_rt_runtime, "real-time CPU time in a period, in microseconds"},
    {"cpuset-cpus", NULL, OPTION_TEXT, &wanted.cpus, "CPUs to use"},
    {"cpuset-mems", NULL, OPTION_TEXT, &wanted.mems, "memory nodes to use"},
    {"memory", NULL, OPTION_TEXT, &wanted.memory, "limit of memory, in bytes or with k, m, g; -1: no limit"},
    {"memory-reservation", NULL, OPTION_TEXT, &wanted.memory_reservation, "memory that is left alone under pressure"},
    {"memory-swap", NULL, OPTION_TEXT, &wanted.memory_swap, "limit of memory and swap together; -1: no limit"},
    {"kernel-memory", NULL, OPTION_TEXT, &wanted.kernel_memory, "taken and not used: kernels have it no more"},
    {"kernel-memory-tcp", NULL, OPTION_TEXT, &wanted.kernel_memory_tcp, "taken and not used"},
    {"pids-limit", NULL, OPTION_TEXT, &wanted.pids_limit, "greatest number of processes; -1: no limit"},
    {"cpu-idle", NULL, OPTION_TEXT, &wanted.cpu_idle, "1: only CPU time that nobody else wants"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

/* Bytes with k, m, g, t or p behind, b and ib ignored. */
static bool parse_bytes(const char *text, int64_t *bytes) {
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || errno) return false;
    const char *units = "kmgtp", *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
    if (unit) {
        for (const char *at = units; at <= unit; at++) value *= 1024;
        end++;
    }
    if (tolower((unsigned char)*end) == 'i') end++;
    if (tolower((unsigned char)*end) == 'b') end++;
    *bytes = (int64_t)value;
    return *end == 0;
}

/* Reads one option, if given; false after telling that it is no number. */
static bool take(const char *name, const char *text, bool is_bytes, struct optional_int *value) {
    char *end;
    if (!text) return true;
    errno = 0;
    value->present = true;
    value->value = strtoll(text, &end, 10);
    if (is_bytes ? parse_bytes(text, &value->value) : !errno && *text && !*end) return true;
    log_failure("invalid value for %s: %s", name, text);
    return false;
}

static bool take_uint(const char *name, const char *text, struct optional_uint *value) {
    struct optional_int number = {0};
    if (!text) return true;
    if (!take(name, text, false, &number)) return false;
    *value = (struct optional_uint){true, (uint64_t)number.value};
    return true;
}

static bool take_options(struct oci_resources *resources) {
    if (wanted.cpus) resources->cpus = wanted.cpus;
    if (wanted.mems) resources->mems = wanted.mems;
    return take_uint("blkio-weight", wanted.blkio_weight, &resources->block_weight) &&
           take_uint("cpu-period", wanted.cpu_period, &resources->cpu_period) &&
           take("cpu-quota", wanted.cpu_quota, false, &resources->cpu_quota) &&
           take_uint("cpu-burst", wanted.cpu_burst, &resources->cpu_burst) &&
           take_uint("cpu-share", wanted.cpu_share, &resources->cpu_shares) &&
           take_uint("cpu-rt-period", wanted.cpu_rt_period, &resources->realtime_period) &&
           take("cpu-rt-runtime", wanted.cpu_rt_runtime, false, &resources->realtime_runtime) &&
           take("memory", wanted.memory, true, &resources->memory_limit) &&
           take("memory-reservation", wanted.memory_reservation, true, &resources->memory_reservation) &&
           take("memory-swap", wanted.memory_swap, true, &resources->memory_swap) &&
           take("pids-limit", wanted.pids_limit, false, &resources->pids_limit) &&
           take("cpu-idle", wanted.cpu_idle, false, &resources->cpu_idle);
}

static int read_file(struct arena *arena, struct oci_resources *resources, struct runtime_error *err) {
    char buffer[8192], problem[128] = "not an object";
    struct text text = {0};
    struct oci_reader reader = {.arena = arena, .err = err};
    bool input = strcmp(wanted.file, "-") == 0;
    AUTO_FD fd = input ? dup(0) : open(wanted.file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, "state", errno, NULL, "open %s: %s", wanted.file, strerror(errno));
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text_bytes(&text, buffer, (size_t)got);
    const struct json_value *value =
        text.bytes ? json_parse(arena, text.bytes, text.length, problem, sizeof problem) : NULL;
    text_free(&text);
    if (!value) return fail(err, "state", EINVAL, NULL, "%s: %s", wanted.file, problem);
    oci_read_resources(&reader, value, resources);
    return reader.failed ? -1 : 0;
}

static void put_int(struct text *text, const char *key, bool present, int64_t value) {
    if (!present) return;
    text_add(text, "%s\"%s\":%lld", text->bytes[text->length - 1] == '{' ? "" : ",", key, (long long)value);
}

static void put_string(struct text *text, const char *key, const char *value) {
    if (!value) return;
    text_add(text, "%s\"%s\":", text->bytes[text->length - 1] == '{' ? "" : ",", key);
    text_json(text, value);
}

/* What a later update starts from, in the words of the runtime-spec. */
static const struct json_value *describe(struct arena *arena, const struct oci_resources *resources) {
    char problem[128];
    struct text text = {0};
    text_add(&text, "{\"memory\":{");
    put_int(&text, "limit", resources->memory_limit.present, resources->memory_limit.value);
    put_int(&text, "reservation", resources->memory_reservation.present, resources->memory_reservation.value);
    put_int(&text, "swap", resources->memory_swap.present, resources->memory_swap.value);
    text_add(&text, "},\"cpu\":{");
    put_int(&text, "shares", resources->cpu_shares.present, (int64_t)resources->cpu_shares.value);
    put_int(&text, "quota", resources->cpu_quota.present, resources->cpu_quota.value);
    put_int(&text, "burst", resources->cpu_burst.present, (int64_t)resources->cpu_burst.value);
    put_int(&text, "period", resources->cpu_period.present, (int64_t)resources->cpu_period.value);
    put_int(&text, "realtimeRuntime", resources->realtime_runtime.present, resources->realtime_runtime.value);
    put_int(&text, "realtimePeriod", resources->realtime_period.present, (int64_t)resources->realtime_period.value);
    put_int(&text, "idle", resources->cpu_idle.present, resources->cpu_idle.value);
    put_string(&text, "cpus", resources->cpus);
    put_string(&text, "mems", resources->mems);
    text_add(&text, "},\"pids\":{");
    put_int(&text, "limit", resources->pids_limit.present, resources->pids_limit.value);
    text_add(&text, "},\"blockIO\":{");
    put_int(&text, "weight", resources->block_weight.present, (int64_t)resources->block_weight.value);
    text_add(&text, "}}");
    const struct json_value *value = text.failed ? NULL : json_parse(arena, text.bytes, text.length, problem, sizeof problem);
    text_free(&text);
    return value;
}

static int update(struct instance *instance, struct runtime_error *err) {
    struct oci_config *config = NULL;
    struct oci_reader reader = {.arena = &instance->arena, .err = err};
    if (instance_status(instance) == INSTANCE_STOPPED) return fail(err, "state", ESRCH, NULL, "container not running");
    if (instance_load_config(instance, &config, err) < 0) return -1;
    struct oci_resources *resources = &config->resources;
    if (instance->resources) oci_read_resources(&reader, instance->resources, resources);
    /* A new limit without a word on swap takes the old one of swap with it where it has none itself. */
    bool failed = reader.failed;
    if (!failed && wanted.file) failed = read_file(&instance->arena, resources, err) < 0;
    else if (!failed && !take_options(resources)) failed = true, err->message[0] = 0;
    if (!failed && wanted.memory && !wanted.memory_swap && resources->memory_limit.value == -1) {
        resources->memory_swap = resources->memory_limit;
    }
    if (!failed) failed = cgroup_update(instance->cgroup, resources, err) < 0;
    if (!failed) {
        instance->resources = describe(&instance->arena, resources);
        failed = instance_save(instance, err) < 0;
    }
    oci_config_free(config);
    return failed ? -1 : 0;
}

static int run_update(char **arguments, size_t count) {
    struct instance instance;
    struct runtime_error err;
    (void)count;
    if (instance_load(arguments[0], true, &instance, &err) < 0) return log_failure("%s", err.message);
    int status = 0;
    if (update(&instance, &err) < 0) status = err.message[0] ? log_failure("%s", err.message) : STATUS_FAILED;
    instance_free(&instance);
    return status;
}

const struct command command_update = {
    "update", "update container resource constraints", "<container-id>", options, false, 1, 1, run_update,
};
