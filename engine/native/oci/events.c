/* events: figures of the cgroup, now and then, and what the kernel killed for want of memory. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "command.h"
#include "instance.h"

static const char *interval_text = "5s";
static bool stats_only;

static const struct option options[] = {
    {"interval", NULL, OPTION_TEXT, &interval_text, "time between two figures, such as 100ms (default: 5s)"},
    {"stats", NULL, OPTION_FLAG, &stats_only, "print the figures once, and end"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

/* A duration as Go writes one: numbers with h, m, s, ms, us or ns; in milliseconds, -1 when it is none. */
static int64_t parse_duration(const char *text) {
    static const struct {
        const char *unit;
        double milliseconds;
    } units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"h", 3600e3}, {"m", 60e3}, {"s", 1e3}};
    double total = 0;
    if (!*text) return -1;
    while (*text) {
        char *end;
        double value = strtod(text, &end);
        size_t i = 0, count = sizeof units / sizeof *units;
        while (i < count && strncmp(end, units[i].unit, strlen(units[i].unit)) != 0) i++;
        if (end == text || i == count || value < 0) return -1;
        total += value * units[i].milliseconds;
        text = end + strlen(units[i].unit);
    }
    return total > INT32_MAX ? INT32_MAX : (int64_t)total;
}

struct figures {
    const struct cgroup_layout *layout;
    const char *path;
    struct text *text;
};

static const char *mount_of(const struct figures *figures, const char *controller) {
    if (figures->layout->unified) return figures->layout->hierarchies[0].mount;
    return cgroup_controller_mount(figures->layout, controller);
}

static uint64_t number(const struct figures *figures, const char *controller, const char *file) {
    const char *mount = mount_of(figures, controller);
    return mount ? cgroup_read_number(mount, figures->path, file) : 0;
}

static uint64_t counter(const struct figures *figures, const char *controller, const char *file, const char *key) {
    const char *mount = mount_of(figures, controller);
    return mount ? cgroup_read_counter(mount, figures->path, file, key) : 0;
}

/* "max" reads as 0, which runc shows so too. */
static void put_cpu(const struct figures *figures) {
    bool unified = figures->layout->unified;
    uint64_t total, user, kernel;
    if (unified) {
        total = counter(figures, "cpu", "cpu.stat", "usage_usec") * 1000;
        user = counter(figures, "cpu", "cpu.stat", "user_usec") * 1000;
        kernel = counter(figures, "cpu", "cpu.stat", "system_usec") * 1000;
    } else {
        uint64_t tick = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);
        total = number(figures, "cpuacct", "cpuacct.usage");
        user = counter(figures, "cpuacct", "cpuacct.stat", "user") * tick;
        kernel = counter(figures, "cpuacct", "cpuacct.stat", "system") * tick;
    }
    uint64_t throttled = unified ? counter(figures, "cpu", "cpu.stat", "throttled_usec") * 1000
                                 : counter(figures, "cpu", "cpu.stat", "throttled_time");
    text_add(figures->text,
             "\"cpu\":{\"usage\":{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64 "},"
             "\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64 ",\"throttledTime\":%" PRIu64 "}}",
             total, kernel, user, counter(figures, "cpu", "cpu.stat", "nr_periods"),
             counter(figures, "cpu", "cpu.stat", "nr_throttled"), throttled);
}

static void put_entry(const struct figures *figures, const char *name, const char *limit, const char *usage,
                      const char *most, const char *failures) {
    text_add(figures->text, ",\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64
             ",\"failcnt\":%" PRIu64 "}", name, number(figures, "memory", limit), number(figures, "memory", usage),
             most ? number(figures, "memory", most) : 0, failures ? number(figures, "memory", failures) : 0);
}

/* Every line "word number" of memory.stat. */
static void put_raw(const struct figures *figures) {
    char name[CGROUP_PATH_MAX + 256], line[128], word[64];
    const char *mount = mount_of(figures, "memory"), *separator = "";
    uint64_t value;
    snprintf(name, sizeof name, "%s%s/memory.stat", mount ? mount : "", figures->path);
    FILE *file = mount ? fopen(name, "re") : NULL;
    text_add(figures->text, ",\"raw\":{");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%63s %" SCNu64, word, &value) != 2) continue;
        text_add(figures->text, "%s\"%s\":%" PRIu64, separator, word, value);
        separator = ",";
    }
    if (file) fclose(file);
    text_add(figures->text, "}");
}

static void put_memory(const struct figures *figures) {
    if (figures->layout->unified) {
        text_add(figures->text, ",\"memory\":{\"cache\":%" PRIu64, counter(figures, "memory", "memory.stat", "file"));
        put_entry(figures, "usage", "memory.max", "memory.current", "memory.peak", NULL);
        put_entry(figures, "swap", "memory.swap.max", "memory.swap.current", NULL, NULL);
    } else {
        text_add(figures->text, ",\"memory\":{\"cache\":%" PRIu64, counter(figures, "memory", "memory.stat", "cache"));
        put_entry(figures, "usage", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes",
                  "memory.failcnt");
        put_entry(figures, "swap", "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes",
                  "memory.memsw.max_usage_in_bytes", "memory.memsw.failcnt");
    }
    put_raw(figures);
    text_add(figures->text, "}");
}

static void print_stats(const struct instance *instance, const struct cgroup_layout *layout) {
    struct text text = {0};
    const struct figures figures = {layout, instance->cgroup, &text};
    text_add(&text, "{\"type\":\"stats\",\"id\":");
    text_json(&text, instance->id);
    text_add(&text, ",\"data\":{");
    put_cpu(&figures);
    put_memory(&figures);
    text_add(&text, ",\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "},\"blkio\":{},\"hugetlb\":{}}}",
             number(&figures, "pids", "pids.current"), number(&figures, "pids", "pids.max"));
    if (text.bytes) puts(text.bytes);
    fflush(stdout);
    text_free(&text);
}

/* Looks whenever the time is up, and ends with the container. */
static int follow(const struct instance *instance, const struct cgroup_layout *layout, int interval) {
    AUTO_FD pidfd = instance_pidfd(instance);
    uint64_t killed = cgroup_oom_kills(instance->cgroup);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    while (pidfd >= 0) {
        int ready = poll(&end, 1, interval);
        uint64_t now = cgroup_oom_kills(instance->cgroup);
        for (; killed < now; killed++) printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", instance->id);
        if (ready > 0) break;
        print_stats(instance, layout);
    }
    fflush(stdout);
    return 0;
}

static int run_events(char **arguments, size_t count) {
    struct instance instance;
    struct cgroup_layout layout;
    struct runtime_error err;
    int64_t interval = parse_duration(interval_text);
    (void)count;
    if (interval <= 0) return log_failure("duration interval must be greater than 0");
    if (instance_load(arguments[0], false, &instance, &err) < 0) return log_failure("%s", err.message);
    int status = 0;
    if (instance_status(&instance) == INSTANCE_STOPPED) {
        status = log_failure("container with id %s is not running", instance.id);
    } else if (cgroup_detect(&layout, &err) < 0) {
        status = log_failure("%s", err.message);
    } else if (stats_only) {
        print_stats(&instance, &layout);
    } else {
        status = follow(&instance, &layout, (int)interval);
    }
    instance_free(&instance);
    return status;
}

const struct command command_events = {
    "events", "display container events such as OOM notifications, cpu, memory, and IO usage statistics",
    "<container-id>", options, false, 1, 1, run_events,
};
