/* state and list. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "instance.h"

static int run_state(char **arguments, size_t count) {
    struct instance instance;
    struct runtime_error err;
    struct text text = {0};
    (void)count;
    if (instance_load(arguments[0], false, &instance, &err) < 0) return log_failure("%s", err.message);
    instance_describe(&instance, &text, true);
    if (text.bytes) puts(text.bytes);
    text_free(&text);
    instance_free(&instance);
    return 0;
}

static const char *list_format = "table";
static bool list_quiet;

static const struct option list_options[] = {
    {"format", "f", OPTION_TEXT, &list_format, "table or json (default: table)"},
    {"quiet", "q", OPTION_FLAG, &list_quiet, "only the ids"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

enum { COLUMNS = 6, COLUMN_LEAST = 12, COLUMN_SPACE = 3 };

struct listing {
    struct text json;
    char *(*rows)[COLUMNS];
    size_t count;
};

static char *number_text(long number) {
    char *text = NULL;
    return asprintf(&text, "%ld", number) < 0 ? NULL : text;
}

static void add_row(const struct instance *instance, void *context) {
    struct listing *listing = context;
    struct passwd *owner = getpwuid(instance->owner);
    enum instance_status status = instance_status(instance);
    void *rows = realloc(listing->rows, (listing->count + 1) * sizeof *listing->rows);
    if (!rows) return;
    listing->rows = rows;
    char **row = listing->rows[listing->count++];
    row[0] = strdup(instance->id);
    row[1] = number_text(status == INSTANCE_STOPPED ? 0 : instance->pid);
    row[2] = strdup(instance_status_names[status]);
    row[3] = strdup(instance->bundle ? instance->bundle : "");
    row[4] = strdup(instance->created ? instance->created : "");
    row[5] = owner ? strdup(owner->pw_name) : number_text(instance->owner);
}

static void print_table(const struct listing *listing) {
    static const char *const titles[COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
    int widths[COLUMNS];
    for (int column = 0; column < COLUMNS; column++) {
        size_t widest = strlen(titles[column]);
        for (size_t i = 0; i < listing->count; i++) {
            size_t length = listing->rows[i][column] ? strlen(listing->rows[i][column]) : 0;
            if (length > widest) widest = length;
        }
        widest += COLUMN_SPACE;
        widths[column] = widest < COLUMN_LEAST ? COLUMN_LEAST : (int)widest;
    }
    for (int column = 0; column < COLUMNS; column++) {
        printf("%-*s%s", column + 1 < COLUMNS ? widths[column] : 0, titles[column], column + 1 < COLUMNS ? "" : "\n");
    }
    for (size_t i = 0; i < listing->count; i++) {
        for (int column = 0; column < COLUMNS; column++) {
            bool last = column + 1 == COLUMNS;
            printf("%-*s%s", last ? 0 : widths[column], listing->rows[i][column], last ? "\n" : "");
        }
    }
}

static void add_json(const struct instance *instance, void *context) {
    struct listing *listing = context;
    if (listing->count++ > 0) text_add(&listing->json, ",");
    instance_describe(instance, &listing->json, false);
}

static void print_id(const struct instance *instance, void *context) {
    (void)context;
    puts(instance->id);
}

static int run_list(char **arguments, size_t count) {
    struct listing listing = {0};
    struct runtime_error err;
    (void)arguments;
    (void)count;
    bool json = strcmp(list_format, "json") == 0;
    if (!json && strcmp(list_format, "table") != 0) return log_failure("invalid format option");
    if (instance_each(list_quiet ? print_id : json ? add_json : add_row, &listing, &err) < 0) {
        return log_failure("%s", err.message);
    }
    if (!list_quiet && json) printf(listing.count ? "[%s]\n" : "null\n", listing.json.bytes);
    if (!list_quiet && !json) print_table(&listing);
    for (size_t i = 0; listing.rows && i < listing.count; i++) {
        for (int column = 0; column < COLUMNS; column++) free(listing.rows[i][column]);
    }
    free(listing.rows);
    text_free(&listing.json);
    return 0;
}

const struct command command_state = {
    "state", "output the state of a container", "<container-id>", NULL, false, 1, 1, run_state,
};

const struct command command_list = {
    "list", "lists the containers of the given root", "", list_options, false, 0, -1, run_list,
};
