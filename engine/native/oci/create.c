/* create, run and start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "../runtime/hooks.h"
#include "../runtime/text.h"
#include "command.h"
#include "launch.h"

static struct launch launch;

#define SHARED_OPTIONS                                                                                              \
    {"bundle", "b", OPTION_TEXT, &launch.bundle, "directory of config.json (default: where it is called)"},         \
        {"console-socket", NULL, OPTION_TEXT, &launch.console_socket, "unix socket that gets the terminal's master"}, \
        {"pid-file", NULL, OPTION_TEXT, &launch.pid_file, "file that gets the pid of the process"},                 \
        {"no-pivot", NULL, OPTION_FLAG, &launch.no_pivot, "chroot instead of pivot_root; weaker"},                  \
        {"no-new-keyring", NULL, OPTION_FLAG, &launch.no_new_keyring, "no session keyring for the container"},      \
        {"preserve-fds", NULL, OPTION_TEXT, &launch.preserve_fds, "so many descriptors from 3 on are passed on"}

#define NO_OPTION {NULL, NULL, OPTION_FLAG, NULL, NULL}

static const struct option create_options[] = {SHARED_OPTIONS, NO_OPTION};

static const struct option run_options[] = {
    SHARED_OPTIONS,
    {"detach", "d", OPTION_FLAG, &launch.detach, "return once the process runs"},
    {"keep", NULL, OPTION_FLAG, &launch.keep, "leave the stopped container to delete"},
    {"no-subreaper", NULL, OPTION_FLAG, &launch.no_subreaper, "taken and not used: nothing is reaped but the process"},
    {"timings", NULL, OPTION_FLAG, &launch.timings, "tell on stderr at the end how long each step took"},
    NO_OPTION,
};

static void doing(char *words, size_t size, const char *command) {
    snprintf(words, size, "%s %s failed", globals.program, command);
}

static int run_create(char **arguments, size_t count) {
    char words[96];
    (void)count;
    doing(words, sizeof words, "create");
    return launch_container(&launch, arguments[0], words);
}

static int run_run(char **arguments, size_t count) {
    char words[96];
    (void)count;
    launch.start = true;
    doing(words, sizeof words, "run");
    return launch_container(&launch, arguments[0], words);
}

/* Tells the waiting process to go on. */
static int signal_start(struct instance *instance, const struct oci_config *config, struct runtime_error *err) {
    struct agent agent = {.instance = instance, .config = config};
    struct container container = {
        .pid = instance->pid,
        .pidfd = -1,
        .sync = instance_connect(instance),
        .mounts = -1,
        .sink = {.take = agent_take, .context = &agent},
    };
    /* Nobody listens: it was started, and whoever did so was ended before it could say so. */
    if (container.sync < 0 && errno == ECONNREFUSED) {
        unlinkat(instance->directory, "start.sock", 0);
        return fail(err, "state", EBUSY, NULL, "cannot start an already running container");
    }
    if (container.sync < 0) return fail(err, "state", errno, NULL, "start socket: %s", strerror(errno));
    if (container_start(&container, err) < 0) return -1;
    unlinkat(instance->directory, "start.sock", 0);
    return 0;
}

static int start(struct instance *instance, struct runtime_error *err) {
    struct oci_config *config = NULL;
    struct runtime_error ignored;
    enum instance_status status = instance_status(instance);
    if (status == INSTANCE_STOPPED) return fail(err, "state", ESRCH, NULL, "cannot start a container that has stopped");
    if (status != INSTANCE_CREATED) {
        return fail(err, "state", EBUSY, NULL, "cannot start an already running container");
    }
    if (instance_load_config(instance, &config, err) < 0) return -1;
    int result = signal_start(instance, config, err);
    const struct hook_subject subject = {.id = instance->id, .bundle = instance->bundle, .pid = instance->pid};
    if (result == 0 && hooks_run(config, HOOK_POSTSTART, &subject, "running", &ignored) < 0) {
        log_warning("%s", ignored.message);
    }
    oci_config_free(config);
    return result;
}

static int run_start(char **arguments, size_t count) {
    char words[96];
    struct instance instance;
    struct runtime_error err;
    (void)count;
    doing(words, sizeof words, "start");
    if (instance_load(arguments[0], true, &instance, &err) < 0) return log_failure("%s", err.message);
    int status = start(&instance, &err) < 0 ? log_error(words, &err) : 0;
    instance_free(&instance);
    return status;
}

const struct command command_create = {
    "create", "create a container", "<container-id>", create_options, false, 1, 1, run_create,
};

const struct command command_run = {
    "run", "create and run a container", "<container-id>", run_options, false, 1, 1, run_run,
};

const struct command command_start = {
    "start", "executes the user defined process in a created container", "<container-id>", NULL, false, 1, -1, run_start,
};
