/* scheduler, ioPriority and execCPUAffinity of a process object. */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "oci.h"

static const struct {
    const char *name;
    uint32_t policy;
} policies[] = {
    {"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},  {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
};

static const struct {
    const char *name;
    uint64_t flag;
} scheduler_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

static const char *const io_classes[] = {"", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};

enum { IO_CLASS_SHIFT = 13, IO_LEVELS = 8, NICE_LEAST = -20, NICE_MOST = 19 };

static void read_scheduler(struct oci_reader *reader, const struct json_value *object,
                           struct oci_scheduler *scheduler) {
    const char *policy = oci_string(reader, object, "policy");
    struct string_list flags = oci_strings(reader, object, "flags");
    size_t found = 0, count = sizeof policies / sizeof *policies;
    while (policy && found < count && strcmp(policy, policies[found].name) != 0) found++;
    if (!policy || found == count) {
        oci_problem(reader, "process.scheduler.policy", "a policy of sched(7)");
        return;
    }
    *scheduler = (struct oci_scheduler){
        .present = true,
        .policy = policies[found].policy,
        .nice = (int32_t)oci_int(reader, object, "nice").value,
        .priority = (int32_t)oci_int(reader, object, "priority").value,
        .runtime = oci_uint(reader, object, "runtime").value,
        .deadline = oci_uint(reader, object, "deadline").value,
        .period = oci_uint(reader, object, "period").value,
    };
    if (scheduler->nice < NICE_LEAST || scheduler->nice > NICE_MOST) {
        oci_problem(reader, "process.scheduler.nice", "-20 to 19");
    }
    for (size_t i = 0; i < flags.count; i++) {
        size_t at = 0;
        while (at < sizeof scheduler_flags / sizeof *scheduler_flags &&
               strcmp(flags.items[i], scheduler_flags[at].name) != 0) {
            at++;
        }
        if (at == sizeof scheduler_flags / sizeof *scheduler_flags) {
            oci_problem(reader, "process.scheduler.flags", "flags of sched_setattr(2)");
        } else {
            scheduler->flags |= scheduler_flags[at].flag;
        }
    }
}

static void read_io_priority(struct oci_reader *reader, const struct json_value *object, struct optional_int *value) {
    const char *name = oci_string(reader, object, "class");
    int64_t level = oci_int(reader, object, "priority").value;
    size_t class = 1;
    while (name && class < sizeof io_classes / sizeof *io_classes && strcmp(name, io_classes[class]) != 0) class++;
    if (!name || class == sizeof io_classes / sizeof *io_classes || level < 0 || level >= IO_LEVELS) {
        oci_problem(reader, "process.ioPriority", "a class of ioprio_set(2) and a priority of 0 to 7");
    }
    *value = (struct optional_int){true, (int64_t)class << IO_CLASS_SHIFT | level};
}

void oci_read_scheduling(struct oci_reader *reader, const struct json_value *object, struct oci_process *process) {
    const struct json_value *scheduler = oci_get(reader, object, "scheduler", JSON_OBJECT);
    const struct json_value *io_priority = oci_get(reader, object, "ioPriority", JSON_OBJECT);
    const struct json_value *affinity = oci_get(reader, object, "execCPUAffinity", JSON_OBJECT);
    if (scheduler) read_scheduler(reader, scheduler, &process->scheduler);
    if (io_priority) read_io_priority(reader, io_priority, &process->io_priority);
    process->initial_affinity = oci_string(reader, affinity, "initial");
    process->final_affinity = oci_string(reader, affinity, "final");
}
