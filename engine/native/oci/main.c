/* berth-runtime: containers from OCI bundles, by runc's command line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/oci.h"
#include "command.h"

#ifndef BERTH_VERSION
#define BERTH_VERSION "0.1.0"
#endif

struct globals globals = {.root = "/run/berth-runtime"};

static bool show_version;

static const struct option global_options[] = {
    {"debug", NULL, OPTION_FLAG, &globals.debug, "enable debug logging"},
    {"log", NULL, OPTION_TEXT, &globals.log, "file that messages go to (default: stderr)"},
    {"log-format", NULL, OPTION_TEXT, &globals.log_format, "text or json (default: text)"},
    {"root", NULL, OPTION_TEXT, &globals.root, "directory of the containers' state (default: /run/berth-runtime)"},
    {"criu", NULL, OPTION_TEXT, &globals.criu, "taken and not used: there is no checkpoint"},
    {"systemd-cgroup", NULL, OPTION_FLAG, &globals.systemd_cgroup, "refused: cgroups are made directly, as directories"},
    {"rootless", NULL, OPTION_TEXT, &globals.rootless, "taken and not used: root is needed"},
    {"version", "v", OPTION_FLAG, &show_version, "print the version"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

const struct command *const commands[] = {
    &command_checkpoint, &command_create, &command_delete, &command_events, &command_exec,  &command_features,
    &command_kill,       &command_list,   &command_pause,  &command_ps,     &command_restore, &command_resume,
    &command_run,        &command_spec,   &command_start,  &command_state,  &command_update, NULL,
};

static const char *without_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void help_program(void) {
    printf("NAME:\n   %s - Open Container Initiative runtime\n\n", globals.program);
    printf("USAGE:\n   %s [global options] command [command options] [arguments...]\n\nCOMMANDS:\n", globals.program);
    for (size_t i = 0; commands[i]; i++) printf("   %-12s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nGLOBAL OPTIONS:\n");
    for (const struct option *option = global_options; option->name; option++) {
        printf("   --%-20s %s\n", option->name, option->help);
    }
}

void help_command(const struct command *command) {
    printf("NAME:\n   %s %s - %s\n\n", globals.program, command->name, command->summary);
    printf("USAGE:\n   %s %s [command options] %s\n", globals.program, command->name, command->arguments);
    if (command->options) printf("\nOPTIONS:\n");
    for (const struct option *option = command->options; option && option->name; option++) {
        char names[64];
        snprintf(names, sizeof names, "--%s%s%s", option->name, option->letter ? ", -" : "",
                 option->letter ? option->letter : "");
        printf("   %-32s %s\n", names, option->help);
    }
}

static int print_version(void) {
    printf("%s version %s\ncommit: berth\nspec: %s\n", globals.program, BERTH_VERSION, OCI_VERSION);
    return 0;
}

static bool check_count(const struct command *command, int count) {
    if (count >= command->least && (command->most < 0 || count <= command->most)) return true;
    if (command->least == command->most) {
        log_failure("%s: \"%s\" requires exactly %d argument(s)", globals.program, command->name, command->least);
    } else if (count < command->least) {
        log_failure("%s: \"%s\" requires a minimum of %d argument(s)", globals.program, command->name, command->least);
    } else {
        log_failure("%s: \"%s\" requires a maximum of %d argument(s)", globals.program, command->name, command->most);
    }
    return false;
}

static int run_command(const struct command *command, char **words) {
    bool help = false;
    int count = options_take(command->options, words, command->options_first, &help);
    if (count < 0) return STATUS_FAILED;
    if (help) {
        help_command(command);
        return 0;
    }
    if (!check_count(command, count)) return STATUS_FAILED;
    return command->run(words, (size_t)count);
}

static int find_and_run(char **words) {
    if (strcmp(words[0], "help") == 0) {
        help_program();
        return 0;
    }
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, words[0]) == 0) return run_command(commands[i], words + 1);
    }
    fprintf(stderr, "No help topic for '%s'\n", words[0]);
    return 3;
}

int main(int argc, char **argv) {
    struct runtime_error err;
    bool help = false;
    globals.program = argc > 0 ? without_directory(argv[0]) : "berth-runtime";
    if (sealed_binary(argv, &err) < 0) return log_error(globals.program, &err);
    int count = options_take(global_options, argv + 1, true, &help);
    if (count < 0 || log_begin() < 0) return STATUS_FAILED;
    if (show_version) return print_version();
    if (help || count == 0) {
        help_program();
        return 0;
    }
    if (globals.systemd_cgroup) {
        return log_failure("systemd cgroups are not supported: this runtime makes cgroups directly, as directories");
    }
    if (geteuid() != 0 && strcmp(argv[1], "spec") != 0 && strcmp(argv[1], "features") != 0) {
        return log_failure("root is needed: this runtime makes namespaces and mounts");
    }
    return find_and_run(argv + 1);
}
