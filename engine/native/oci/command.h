/*
 * berth-runtime's commands: runc's verbs and options as tables, one file a command. A command gets its arguments
 * with the options already taken out and stored; it returns the exit status of the program.
 */
#ifndef BERTH_OCI_COMMAND_H
#define BERTH_OCI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "../runtime/runtime.h"

enum { STATUS_FAILED = 1, STATUS_EXEC_FAILED = 255 };

enum option_kind {
    OPTION_FLAG, /* bool */
    OPTION_TEXT, /* const char *, the last one counts */
    OPTION_LIST, /* struct option_list */
};

enum { OPTION_LIST_MAX = 128 };

struct option_list {
    const char *items[OPTION_LIST_MAX + 1]; /* NULL-terminated */
    size_t count;
};

struct option {
    const char *name; /* without its dashes */
    const char *letter; /* "d", or NULL */
    enum option_kind kind;
    void *target;
    const char *help;
};

struct command {
    const char *name, *summary, *arguments; /* as help shows them */
    const struct option *options;           /* up to one without a name */
    bool options_first;                     /* what follows the first argument is not ours */
    int least, most;                        /* arguments; most -1: any number */
    int (*run)(char **arguments, size_t count);
};

/* Options that stand before the command. */
struct globals {
    const char *program; /* the name it was called by */
    const char *root, *log, *log_format;
    bool debug, systemd_cgroup;
    const char *rootless, *criu;
};
extern struct globals globals;

/*
 * Takes the options out of argv, which ends with NULL, and leaves the arguments in it; returns their count, -1 after
 * telling what is wrong. A word of "--" ends the options. *help is set where help was asked for.
 */
int options_take(const struct option *options, char **argv, bool options_first, bool *help);

extern const struct command *const commands[]; /* NULL-terminated */

extern const struct command command_create, command_delete, command_events, command_exec, command_features,
    command_kill, command_list, command_pause, command_ps, command_resume, command_run, command_spec, command_start,
    command_state, command_update, command_checkpoint, command_restore;

void help_program(void);
void help_command(const struct command *command);

/* Diagnostics in runc's form (logrus): to --log where given, else to stderr. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Logged, and shown on stderr in any case; returns STATUS_FAILED. */
int log_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A library error in runc's words, behind `doing` ("runc run failed"). */
int log_error(const char *doing, const struct runtime_error *err);
/* Opens --log. -1 after telling why not. */
int log_begin(void);

#endif
