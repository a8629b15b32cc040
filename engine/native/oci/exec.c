/* exec: one more process in a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "command.h"
#include "foreground.h"
#include "launch.h"

static struct {
    const char *process_file, *cwd, *user, *pid_file, *console_socket, *preserve_fds, *apparmor, *label;
    struct option_list env, caps, gids, subgroups;
    bool detach, tty, no_new_privileges, ignore_paused, no_subreaper;
} wanted;

static const struct option options[] = {
    {"additional-gids", "g", OPTION_LIST, &wanted.gids, "a group more"},
    {"apparmor", NULL, OPTION_TEXT, &wanted.apparmor, "AppArmor profile of the process"},
    {"cap", "c", OPTION_LIST, &wanted.caps, "a capability more"},
    {"cgroup", NULL, OPTION_LIST, &wanted.subgroups, "run in a group below the container's: [controllers:]path"},
    {"console-socket", NULL, OPTION_TEXT, &wanted.console_socket, "unix socket that gets the terminal's master"},
    {"cwd", NULL, OPTION_TEXT, &wanted.cwd, "working directory"},
    {"detach", "d", OPTION_FLAG, &wanted.detach, "return once the process runs"},
    {"env", "e", OPTION_LIST, &wanted.env, "NAME=value, a variable more"},
    {"ignore-paused", NULL, OPTION_FLAG, &wanted.ignore_paused, "wait for a paused container to go on"},
    {"no-new-privs", NULL, OPTION_FLAG, &wanted.no_new_privileges, "the process cannot gain privileges"},
    {"no-subreaper", NULL, OPTION_FLAG, &wanted.no_subreaper, "taken and not used: nothing is reaped but the process"},
    {"pid-file", NULL, OPTION_TEXT, &wanted.pid_file, "file that gets the pid of the process"},
    {"preserve-fds", NULL, OPTION_TEXT, &wanted.preserve_fds, "so many descriptors from 3 on are passed on"},
    {"process", "p", OPTION_TEXT, &wanted.process_file, "file with an OCI process object, instead of a command"},
    {"process-label", NULL, OPTION_TEXT, &wanted.label, "SELinux label of the process"},
    {"tty", "t", OPTION_FLAG, &wanted.tty, "a terminal for the process"},
    {"user", "u", OPTION_TEXT, &wanted.user, "uid[:gid], or names of the container"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

/* The file's object; the document's arena is left to the end of the program. */
static int read_process_file(struct oci_process **process, struct runtime_error *err) {
    static struct arena arena;
    char buffer[8192], problem[128] = "not an object";
    struct text text = {0};
    const char *path = wanted.process_file;
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(err, "state", errno, path, "open %s: %s", path, strerror(errno));
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text_bytes(&text, buffer, (size_t)got);
    const struct json_value *value =
        text.bytes ? json_parse(&arena, text.bytes, text.length, problem, sizeof problem) : NULL;
    text_free(&text);
    if (!value) return fail(err, "bundle", EINVAL, path, "%s: %s", path, problem);
    return oci_process_parse(value, process, err);
}

/* Numbers as the OCI user; anything else is looked up in the container, as Docker does. */
static void set_user(struct oci_user *user) {
    char *end;
    if (!wanted.user) return;
    user->additional_gid_count = 0;
    user->uid = (uint32_t)strtoul(wanted.user, &end, 10);
    user->gid = *end == ':' && end[1] ? (uint32_t)strtoul(end + 1, &end, 10) : user->gid;
    if (end == wanted.user || (*end && strcmp(end, ":") != 0)) user->username = wanted.user;
}

static int add_gids(struct arena *arena, struct oci_user *user, struct runtime_error *err) {
    size_t count = user->additional_gid_count + wanted.gids.count;
    uint32_t *gids = arena_alloc(arena, (count + 1) * sizeof *gids);
    if (!gids) return fail(err, "state", ENOMEM, NULL, "out of memory");
    for (size_t i = 0; i < user->additional_gid_count; i++) gids[i] = user->additional_gids[i];
    for (size_t i = 0; i < wanted.gids.count; i++) {
        char *end;
        unsigned long gid = strtoul(wanted.gids.items[i], &end, 10);
        if (*end || gid >= UINT32_MAX) {
            return fail(err, "state", EINVAL, NULL, "parsing additional-gids: %s", wanted.gids.items[i]);
        }
        gids[user->additional_gid_count + i] = (uint32_t)gid;
    }
    user->additional_gids = gids;
    user->additional_gid_count = count;
    return 0;
}

static int add_capabilities(struct oci_capabilities *sets, struct runtime_error *err) {
    for (size_t i = 0; i < wanted.caps.count; i++) {
        int number = capability_number(wanted.caps.items[i]);
        if (number < 0) return fail(err, "state", EINVAL, NULL, "unknown capability %s", wanted.caps.items[i]);
        uint64_t bit = UINT64_C(1) << number;
        sets->bounding |= bit;
        sets->effective |= bit;
        sets->permitted |= bit;
        if (sets->inheritable & bit) sets->ambient |= bit;
    }
    return 0;
}

static int add_environment(struct arena *arena, struct oci_process *process, struct runtime_error *err) {
    const char **env = arena_alloc(arena, (process->env.count + wanted.env.count + 1) * sizeof *env);
    if (!env) return fail(err, "state", ENOMEM, NULL, "out of memory");
    for (size_t i = 0; i < process->env.count; i++) env[i] = process->env.items[i];
    for (size_t i = 0; i < wanted.env.count; i++) env[process->env.count + i] = wanted.env.items[i];
    process->env = (struct string_list){.items = env, .count = process->env.count + wanted.env.count};
    return 0;
}

/* The container's own process, with what the command line changes. */
static int adapt_process(struct oci_config *config, char **command, size_t count, struct runtime_error *err) {
    struct oci_process *process = &config->process;
    if (count == 0) return fail(err, "state", EINVAL, NULL, "process args cannot be empty");
    process->args = (struct string_list){.items = (const char **)command, .count = count};
    process->terminal = wanted.tty;
    process->no_new_privileges = process->no_new_privileges || wanted.no_new_privileges;
    process->oom_score_adj.present = process->oom_score_adj.present && !wanted.process_file;
    if (wanted.cwd) process->cwd = wanted.cwd;
    if (wanted.apparmor) process->apparmor_profile = wanted.apparmor;
    if (wanted.label) process->selinux_label = wanted.label;
    set_user(&process->user);
    if (add_gids(&config->arena, &process->user, err) < 0) return -1;
    if (add_capabilities(&process->capabilities, err) < 0) return -1;
    return add_environment(&config->arena, process, err);
}

static int check_console(const struct oci_process *process, struct runtime_error *err) {
    if (process->terminal && wanted.detach && !wanted.console_socket) {
        return fail(err, "state", EINVAL, NULL, "cannot allocate tty if %s will detach without setting console socket",
                    globals.program);
    }
    if (wanted.console_socket && (!wanted.detach || !process->terminal)) {
        return fail(err, "state", EINVAL, NULL, "cannot use console socket if %s will not detach or allocate tty",
                    globals.program);
    }
    return 0;
}

/* Starts the process. Its terminal's master is *console where the caller keeps it, else -1. */
static int start(const struct instance *instance, const struct oci_config *config, const struct oci_process *process,
                 pid_t *pid, int *console, struct runtime_error *err) {
    struct container container = instance_container(instance);
    AUTO_FD pidfd = -1;
    AUTO_FD first = container.pidfd;
    struct agent agent = {instance, config};
    struct container_options exec_options = {
        .detached = true,
        .subgroups = wanted.subgroups.count ? wanted.subgroups.items : NULL,
        .sink = {.take = agent_take, .context = &agent},
    };
    const struct container_io io = {
        .stdin_fd = 0,
        .stdout_fd = 1,
        .stderr_fd = 2,
        .terminal = process->terminal,
        .rows = process->rows,
        .columns = process->columns,
    };
    if (first < 0) return fail(err, "state", ESRCH, NULL, "cannot exec in a stopped container");
    if (preserved_fds(wanted.preserve_fds, &exec_options.preserve_fds, err) < 0) return -1;
    log_debug("nsexec container setup");
    log_debug("child process in init()");
    log_debug("setns_init: about to exec");
    if (container_exec(&container, config, process, &exec_options, &io, console, pid, &pidfd, err) < 0) return -1;
    int result = 0;
    if (wanted.console_socket) {
        result = console_send(wanted.console_socket, *console, err);
        close_fd(console);
        *console = -1;
    }
    if (result == 0) result = pid_file_write(wanted.pid_file, *pid, err);
    if (result == 0) return 0;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    return -1;
}

static int exec_in(const struct instance *instance, struct oci_config *config, char **command, size_t count,
                   struct runtime_error *err) {
    struct oci_process *process = &config->process;
    pid_t pid = -1;
    int console = -1;
    enum instance_status status = instance_status(instance);
    if (status == INSTANCE_STOPPED) return fail(err, "state", ESRCH, NULL, "cannot exec in a stopped container");
    if (status == INSTANCE_PAUSED && !wanted.ignore_paused) {
        return fail(err, "state", EBUSY, NULL, "cannot exec in a paused container (use --ignore-paused to override)");
    }
    if (wanted.process_file ? read_process_file(&process, err) < 0 : adapt_process(config, command, count, err) < 0) {
        return -1;
    }
    if (check_console(process, err) < 0 || start(instance, config, process, &pid, &console, err) < 0) return -1;
    return wanted.detach ? 0 : follow_process(pid, console);
}

static int run_exec(char **arguments, size_t count) {
    char doing[96];
    struct instance instance;
    struct oci_config *config = NULL;
    struct runtime_error err;
    foreground_begin();
    snprintf(doing, sizeof doing, "exec failed");
    if (instance_load(arguments[0], false, &instance, &err) < 0) {
        log_failure("%s", err.message);
        return STATUS_EXEC_FAILED;
    }
    int code = instance_load_config(&instance, &config, &err) < 0
                   ? -1
                   : exec_in(&instance, config, arguments + 1, count - 1, &err);
    if (code < 0) {
        log_error(doing, &err);
        code = STATUS_EXEC_FAILED;
    }
    oci_config_free(config);
    instance_free(&instance);
    return code;
}

const struct command command_exec = {
    "exec", "exec new process inside the container", "<container-id> <command> [command options]", options, true, 1, -1,
    run_exec,
};
