/* checkpoint and restore: known, and refused in words. */
#include "command.h"

static int refuse(char **arguments, size_t count) {
    (void)arguments;
    (void)count;
    return log_failure("checkpoint and restore are not supported by this runtime");
}

const struct command command_checkpoint = {
    "checkpoint", "refused: this runtime has no checkpoints", "<container-id>", NULL, true, 0, -1, refuse,
};

const struct command command_restore = {
    "restore", "refused: this runtime has no checkpoints", "<container-id>", NULL, true, 0, -1, refuse,
};
