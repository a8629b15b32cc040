/* pause, resume and ps: what is done to, and seen of, all processes of a container. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "command.h"
#include "instance.h"

static int freeze(const char *id, bool frozen) {
    struct instance instance;
    struct runtime_error err;
    int status = 0;
    if (instance_load(id, true, &instance, &err) < 0) return log_failure("%s", err.message);
    enum instance_status now = instance_status(&instance);
    if (frozen && now != INSTANCE_RUNNING && now != INSTANCE_CREATED) status = log_failure("container not running");
    else if (!frozen && now != INSTANCE_PAUSED) status = log_failure("container not paused");
    else if (cgroup_freeze(instance.cgroup, frozen, &err) < 0) status = log_failure("%s", err.message);
    instance_free(&instance);
    return status;
}

static int run_pause(char **arguments, size_t count) {
    (void)count;
    return freeze(arguments[0], true);
}

static int run_resume(char **arguments, size_t count) {
    (void)count;
    return freeze(arguments[0], false);
}

struct pids {
    pid_t *items;
    size_t count;
};

static void add_pid(pid_t pid, void *context) {
    struct pids *pids = context;
    pid_t *more = realloc(pids->items, (pids->count + 1) * sizeof *more);
    if (!more) return;
    pids->items = more;
    pids->items[pids->count++] = pid;
}

static void print_pids(const struct pids *pids) {
    printf("[");
    for (size_t i = 0; i < pids->count; i++) printf("%s%d", i ? "," : "", pids->items[i]);
    printf("]\n");
}

static bool contains(const struct pids *pids, pid_t pid) {
    for (size_t i = 0; i < pids->count; i++) {
        if (pids->items[i] == pid) return true;
    }
    return false;
}

/* The column called PID among the titles, -1 when there is none. */
static int pid_column(const char *titles) {
    int column = 0;
    for (const char *at = titles + strspn(titles, " "); *at; column++) {
        size_t length = strcspn(at, " \n");
        if (length == 3 && strncmp(at, "PID", 3) == 0) return column;
        at += length;
        at += strspn(at, " \n");
    }
    return -1;
}

static pid_t pid_of_line(const char *line, int column) {
    const char *at = line + strspn(line, " ");
    for (int i = 0; i < column; i++) {
        at += strcspn(at, " \n");
        at += strspn(at, " ");
    }
    return (pid_t)strtol(at, NULL, 10);
}

/* The titles, and the lines of the processes that are ours. */
static int filter(FILE *output, const struct pids *pids) {
    char *line = NULL;
    size_t size = 0;
    int column = getline(&line, &size, output) > 0 ? pid_column(line) : -1;
    if (column >= 0) fputs(line, stdout);
    while (column >= 0 && getline(&line, &size, output) > 0) {
        if (contains(pids, pid_of_line(line, column))) fputs(line, stdout);
    }
    free(line);
    return column < 0 ? log_failure("ps: its output has no PID column") : 0;
}

static int show_table(char **words, const struct pids *pids) {
    int ends[2], ended = 0;
    if (pipe(ends) < 0) return log_failure("pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execvp("ps", words);
        dprintf(2, "ps: %s\n", strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    int status = pid < 0 || !output ? log_failure("ps: %s", strerror(errno)) : filter(output, pids);
    if (output) fclose(output);
    if (pid > 0) waitpid(pid, &ended, 0);
    return status == 0 && ended != 0 ? STATUS_FAILED : status;
}

static const char *ps_format = "table";

static const struct option ps_options[] = {
    {"format", "f", OPTION_TEXT, &ps_format, "table or json (default: table)"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

static int run_ps(char **arguments, size_t count) {
    struct instance instance;
    struct runtime_error err;
    struct pids pids = {0};
    char *plain[] = {"ps", "-ef", NULL};
    bool json = strcmp(ps_format, "json") == 0;
    if (!json && strcmp(ps_format, "table") != 0) return log_failure("invalid format option");
    if (instance_load(arguments[0], false, &instance, &err) < 0) return log_failure("%s", err.message);
    int status = 0;
    if (cgroup_each_process(instance.cgroup, add_pid, &pids, &err) < 0) status = log_failure("%s", err.message);
    else if (json) print_pids(&pids);
    else if (count > 1) arguments[0] = "ps", status = show_table(arguments, &pids);
    else status = show_table(plain, &pids);
    free(pids.items);
    instance_free(&instance);
    return status;
}

const struct command command_pause = {
    "pause", "pause suspends all processes inside the container", "<container-id>", NULL, false, 1, 1, run_pause,
};

const struct command command_resume = {
    "resume", "resumes all processes that have been previously paused", "<container-id>", NULL, false, 1, 1, run_resume,
};

const struct command command_ps = {
    "ps", "ps displays the processes running inside a container", "<container-id> [ps options]", ps_options, true, 1, -1,
    run_ps,
};
