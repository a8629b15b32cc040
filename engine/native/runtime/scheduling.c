/* What the scheduler and the disks give a process. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

enum { IOPRIO_WHO_PROCESS_ = 1 };

/* sched_setattr(2)'s struct, of the first size. */
struct attributes_of_scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

int process_set_scheduling(const struct oci_process *process, struct runtime_error *err) {
    const struct oci_scheduler *scheduler = &process->scheduler;
    const struct attributes_of_scheduling wanted = {
        .size = sizeof wanted,
        .policy = scheduler->policy,
        .flags = scheduler->flags,
        .nice = scheduler->nice,
        .priority = (uint32_t)scheduler->priority,
        .runtime = scheduler->runtime,
        .deadline = scheduler->deadline,
        .period = scheduler->period,
    };
    if (scheduler->present && syscall(SYS_sched_setattr, 0, &wanted, 0) < 0) {
        return fail(err, "user", errno, NULL, "setting the scheduler: %s", strerror(errno));
    }
    if (process->io_priority.present &&
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS_, 0, (int)process->io_priority.value) < 0) {
        return fail(err, "user", errno, NULL, "setting the priority of input and output: %s", strerror(errno));
    }
    return 0;
}

int process_set_affinity(const char *list, struct runtime_error *err) {
    cpu_set_t cpus;
    const char *at = list;
    CPU_ZERO(&cpus);
    for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
        char *end;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (end == at) return fail(err, "bundle", EINVAL, list, "not a list of CPUs: %s", list);
        if (*end == '-') {
            at = end + 1;
            last = strtoul(at, &end, 10);
        }
        if (end == at || last < first || last >= CPU_SETSIZE || (*end && *end != ',')) {
            return fail(err, "bundle", EINVAL, list, "not a list of CPUs: %s", list);
        }
        for (unsigned long cpu = first; cpu <= last; cpu++) CPU_SET(cpu, &cpus);
        at = end + (*end == ',');
    }
    if (sched_setaffinity(0, sizeof cpus, &cpus) == 0) return 0;
    return fail(err, "user", errno, list, "running on the CPUs %s: %s", list, strerror(errno));
}
