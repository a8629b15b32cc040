#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct option *find_long(const struct option *options, const char *name, size_t length) {
    for (; options && options->name; options++) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0) return options;
    }
    return NULL;
}

static const struct option *find_letter(const struct option *options, const char *name, size_t length) {
    for (; options && options->name; options++) {
        if (options->letter && strlen(options->letter) == length && strncmp(options->letter, name, length) == 0) {
            return options;
        }
    }
    return NULL;
}

static int store(const struct option *option, const char *word, const char *value) {
    struct option_list *list = option->target;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = !value || (strcmp(value, "false") != 0 && strcmp(value, "0") != 0);
        return 0;
    case OPTION_TEXT: *(const char **)option->target = value; return 0;
    case OPTION_LIST:
        if (list->count == OPTION_LIST_MAX) {
            log_failure("flag given more than %d times: %s", OPTION_LIST_MAX, word);
            return -1;
        }
        list->items[list->count++] = value;
        return 0;
    }
    return -1;
}

/* Stores the option at argv[*at] and moves *at behind it. */
static int take_one(const struct option *options, char **argv, int *at, bool *help) {
    const char *word = argv[(*at)++], *name = word + 1 + (word[1] == '-');
    size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    /* As Go's flag package: one dash or two, letters and names alike. */
    const struct option *option = find_long(options, name, length);
    if (!option) option = find_letter(options, name, length);
    if (!option && (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)) {
        *help = true;
        return 0;
    }
    if (!option) {
        log_failure("flag provided but not defined: -%.*s", (int)length, name);
        return -1;
    }
    if (option->kind != OPTION_FLAG && !value) {
        if (!argv[*at]) {
            log_failure("flag needs an argument: -%s", name);
            return -1;
        }
        value = argv[(*at)++];
    }
    return store(option, word, value);
}

int options_take(const struct option *options, char **argv, bool options_first, bool *help) {
    int count = 0, at = 0;
    while (argv[at]) {
        bool is_option = argv[at][0] == '-' && argv[at][1] && !(options_first && count > 0);
        if (is_option && strcmp(argv[at], "--") == 0) {
            for (at++; argv[at];) argv[count++] = argv[at++];
            break;
        }
        if (!is_option) argv[count++] = argv[at++];
        else if (take_one(options, argv, &at, help) < 0) return -1;
    }
    argv[count] = NULL;
    return count;
}
