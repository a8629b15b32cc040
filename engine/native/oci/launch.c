#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "../runtime/hooks.h"
#include "../runtime/seccomp_agent.h"
#include "../runtime/syscalls.h"
#include "command.h"
#include "foreground.h"

enum { LEAVING_WAIT_MS = 10, LEAVING_WAITS = 1000 };

enum { TIMINGS = 8 };

/* When a step was done, for --timings. */
struct timing {
    const char *step;
    struct timespec at;
};

/* One container on its way from bundle to process. */
struct job {
    const struct launch *launch;
    struct arena paths;
    const char *pid_file, *console_socket;
    struct instance instance;
    struct oci_config *config;
    struct container container;
    struct agent agent;
    int console;
    struct timing timings[TIMINGS];
    size_t timing_count;
};

static void step_done(struct job *job, const char *step) {
    if (!job->launch->timings || job->timing_count == TIMINGS) return;
    struct timing *timing = &job->timings[job->timing_count++];
    timing->step = step;
    clock_gettime(CLOCK_MONOTONIC, &timing->at);
}

static void print_timings(const struct job *job) {
    for (size_t i = 1; i < job->timing_count; i++) {
        const struct timing *timing = &job->timings[i];
        int64_t nanoseconds = (int64_t)(timing->at.tv_sec - timing[-1].at.tv_sec) * 1000000000 +
                              (timing->at.tv_nsec - timing[-1].at.tv_nsec);
        fprintf(stderr, "%-10s %7.2f ms\n", timing->step, (double)nanoseconds / 1e6);
    }
}

int preserved_fds(const char *option, unsigned *count, struct runtime_error *err) {
    char *end;
    *count = 0;
    if (!option) return 0;
    unsigned long value = strtoul(option, &end, 10);
    if (*end || !*option || value > 1024) return fail(err, "state", EINVAL, option, "invalid preserve-fds: %s", option);
    for (unsigned long i = 0; i < value; i++) {
        if (fcntl(3 + (int)i, F_GETFD) < 0) {
            return fail(err, "state", errno, option, "cannot stat preserved-fd %lu (of %lu): %s", 3 + i, value,
                        strerror(errno));
        }
    }
    *count = (unsigned)value;
    return 0;
}

static const char *keep_text(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *keep_text(struct arena *arena, const char *format, ...) {
    char *made = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&made, format, args);
    va_end(args);
    const char *kept = length < 0 ? NULL : arena_copy(arena, made, (size_t)length);
    free(made);
    return kept;
}

/* The path as it will be found after changing into the bundle. */
static const char *from_here(struct arena *arena, const char *path) {
    char here[PATH_MAX];
    if (!path || *path == '/' || !getcwd(here, sizeof here)) return path;
    return keep_text(arena, "%s/%s", here, path);
}

static int load_bundle(struct job *job, struct runtime_error *err) {
    struct oci_config *config;
    job->pid_file = from_here(&job->paths, job->launch->pid_file);
    job->console_socket = from_here(&job->paths, job->launch->console_socket);
    if (job->launch->bundle && chdir(job->launch->bundle) < 0) {
        return fail(err, "state", errno, job->launch->bundle, "bundle %s: %s", job->launch->bundle, strerror(errno));
    }
    if (oci_config_load("config.json", &config, err) < 0) {
        if (err->number == ENOENT) fail(err, "state", ENOENT, NULL, "JSON specification file config.json not found");
        return -1;
    }
    job->config = config;
    if (!config->has_process) return fail(err, "bundle", EINVAL, NULL, "config.json has no process");
    if (!config->root_path) return fail(err, "bundle", EINVAL, NULL, "config.json has no root");
    bool detached = job->launch->detach || !job->launch->start;
    if (config->process.terminal && detached && !job->launch->console_socket) {
        return fail(err, "state", EINVAL, NULL, "cannot allocate tty if %s will detach without setting console socket",
                    globals.program);
    }
    if (job->launch->console_socket && (!detached || !config->process.terminal)) {
        return fail(err, "state", EINVAL, NULL, "cannot use console socket if %s will not detach or allocate tty",
                    globals.program);
    }
    return 0;
}

/* RFC 3339 with nanoseconds, as runc writes it. */
static const char *time_now(struct arena *arena) {
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return keep_text(arena, "%s.%09ldZ", text, now.tv_nsec);
}

static int describe_instance(struct job *job, struct runtime_error *err) {
    struct instance *instance = &job->instance;
    const struct oci_config *config = job->config;
    char here[PATH_MAX], root[PATH_MAX];
    const char *path = config->cgroups_path;
    if (!getcwd(here, sizeof here)) return fail(err, "state", errno, NULL, "working directory: %s", strerror(errno));
    if (!realpath(config->root_path, root)) {
        return fail(err, "state", errno, config->root_path, "invalid rootfs %s: %s", config->root_path, strerror(errno));
    }
    instance->bundle = keep_text(&instance->arena, "%s", here);
    instance->rootfs = keep_text(&instance->arena, "%s", root);
    instance->created = time_now(&instance->arena);
    instance->owner = geteuid();
    instance->annotations = config->annotations;
    instance->cgroup = path && *path ? keep_text(&instance->arena, "%s%s", *path == '/' ? "" : "/", path)
                                     : keep_text(&instance->arena, "/%s", instance->id);
    if (!instance->bundle || !instance->rootfs || !instance->created || !instance->cgroup) {
        return fail(err, "state", ENOMEM, NULL, "out of memory");
    }
    return 0;
}

static void count_process(pid_t pid, void *context) {
    (void)pid;
    ++*(int *)context;
}

static int check_cgroup(const struct instance *instance, struct runtime_error *err) {
    int processes = 0;
    if (cgroup_frozen(instance->cgroup)) {
        return fail(err, "cgroup", EBUSY, NULL, "container's cgroup unexpectedly frozen");
    }
    if (cgroup_each_process(instance->cgroup, count_process, &processes, err) < 0) return -1;
    if (processes > 0) log_warning("container's cgroup is not empty: %d process(es) found", processes);
    return 0;
}

static int make(struct job *job, struct runtime_error *err) {
    const struct launch *launch = job->launch;
    struct instance *instance = &job->instance;
    job->agent = (struct agent){instance, job->config};
    struct container_options options = {
        .detached = true,
        .no_pivot = launch->no_pivot,
        .keep_keyring = launch->no_new_keyring,
        .cgroup = instance->cgroup,
        .id = instance->id,
        .sink = {.take = agent_take, .context = &job->agent},
    };
    const struct container_io io = {
        .stdin_fd = 0,
        .stdout_fd = 1,
        .stderr_fd = 2,
        .terminal = job->config->process.terminal,
        .rows = job->config->process.rows,
        .columns = job->config->process.columns,
    };
    AUTO_FD listener = -1;
    if (preserved_fds(launch->preserve_fds, &options.preserve_fds, err) < 0) return -1;
    if (!launch->start) {
        listener = options.start_listener = instance_listen(instance);
        if (listener < 0) return fail(err, "state", errno, NULL, "start socket: %s", strerror(errno));
    }
    log_debug("nsexec container setup");
    if (container_prepare(job->config, &options, &job->container, err) < 0) return -1;
    instance->pid = job->container.pid;
    instance->started = process_started(instance->pid);
    step_done(job, "prepare");
    log_debug("child process in init()");
    if (container_configure(&job->container, job->config, NULL, instance->bundle, instance->cgroup, &io, &job->console,
                            err) < 0) {
        return -1;
    }
    step_done(job, "configure");
    log_debug("init: closing the pipe to signal completion");
    return instance_save(instance, err);
}

/* What its caller waits for: terminal, pid, and with `start` the command itself. */
static int hand_over(struct job *job, struct runtime_error *err) {
    const struct launch *launch = job->launch;
    const struct hook_subject subject = {
        .id = job->instance.id, .bundle = job->instance.bundle, .pid = job->instance.pid};
    struct runtime_error ignored;
    if (job->console_socket) {
        if (console_send(job->console_socket, job->console, err) < 0) return -1;
        close_fd(&job->console);
        job->console = -1;
    }
    if (pid_file_write(job->pid_file, job->instance.pid, err) < 0) return -1;
    if (!launch->start) return 0;
    if (container_start(&job->container, err) < 0) return -1;
    step_done(job, "start");
    if (hooks_run(job->config, HOOK_POSTSTART, &subject, "running", &ignored) < 0) log_warning("%s", ignored.message);
    return 0;
}

int agent_take(void *context, pid_t pid, int listener, struct runtime_error *err) {
    const struct agent *agent = context;
    const struct hook_subject subject = {
        .id = agent->instance->id, .bundle = agent->instance->bundle, .pid = agent->instance->pid};
    return seccomp_agent_send(agent->config, &subject, pid, listener, err);
}

int destroy_container(struct instance *instance, struct container *container, struct runtime_error *err) {
    struct oci_config *config = NULL;
    const struct hook_subject subject = {.id = instance->id, .bundle = instance->bundle};
    struct runtime_error problem;
    int result = 0;
    /* A frozen process takes no signal. */
    if (cgroup_frozen(container->cgroup)) cgroup_freeze(container->cgroup, false, &problem);
    if (container->pidfd >= 0) sys_pidfd_send_signal(container->pidfd, SIGKILL);
    for (int i = 0; (result = container_delete(container, err)) < 0 && err->number == EBUSY && i < LEAVING_WAITS; i++) {
        cgroup_signal(container->cgroup, SIGKILL, &problem);
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        poll(NULL, 0, LEAVING_WAIT_MS);
    }
    if (result == 0 && instance_load_config(instance, &config, &problem) == 0) {
        if (hooks_run(config, HOOK_POSTSTOP, &subject, "stopped", &problem) < 0) log_warning("%s", problem.message);
        oci_config_free(config);
    }
    return result < 0 ? -1 : instance_remove(instance, err);
}

static int prepare_job(struct job *job, const char *id, struct runtime_error *err) {
    if (load_bundle(job, err) < 0 || instance_reserve(id, &job->instance, err) < 0) return -1;
    if (describe_instance(job, err) == 0 && check_cgroup(&job->instance, err) == 0 &&
        instance_save_config(&job->instance, job->config, err) == 0 && instance_save(&job->instance, err) == 0) {
        return 0;
    }
    struct runtime_error ignored;
    instance_remove(&job->instance, &ignored);
    return -1;
}

static int run_job(struct job *job, const char *doing) {
    struct runtime_error err, ignored;
    if (make(job, &err) < 0 || hand_over(job, &err) < 0) {
        destroy_container(&job->instance, &job->container, &ignored);
        if (job->container.pid > 0) waitpid(job->container.pid, NULL, WNOHANG);
        return log_error(doing, &err);
    }
    if (job->launch->detach || !job->launch->start) return 0;
    int code = follow_process(job->container.pid, job->console);
    job->console = -1;
    step_done(job, "command");
    if (!job->launch->keep && destroy_container(&job->instance, &job->container, &err) < 0) log_error(doing, &err);
    step_done(job, "destroy");
    print_timings(job);
    return code;
}

int launch_container(const struct launch *launch, const char *id, const char *doing) {
    struct job job = {
        .launch = launch,
        .instance = {.directory = -1},
        .container = {.pidfd = -1, .sync = -1, .mounts = -1},
        .console = -1,
    };
    struct runtime_error err;
    foreground_begin();
    step_done(&job, "begin");
    int status = prepare_job(&job, id, &err) < 0 ? log_error(doing, &err) : 0;
    step_done(&job, "bundle");
    if (status == 0) status = run_job(&job, doing);
    close_fd(&job.console);
    instance_free(&job.instance);
    oci_config_free(job.config);
    arena_free(&job.paths);
    return status;
}
