/* Messages between a caller and the child that becomes a container's process, over a stream socket pair. */
#ifndef BERTH_SYNC_H
#define BERTH_SYNC_H

#include <stddef.h>
#include <stdint.h>

#include "runtime.h"

enum sync_type {
    SYNC_CONFIGURE = 1, /* → child: struct configure_header, config.json, rootfs.json, strings; stdio descriptors */
    SYNC_DONE = 2,      /* ← child: configured; with the console's master where there is a terminal */
    SYNC_START = 3,     /* → child: execute */
    SYNC_HOOKS = 5,     /* ← child: its mounts are made; hooks of the runtime may run */
    SYNC_HOOKED = 6,    /* → child: they have run; its pid as the host numbers it */
    SYNC_MAP = 7,       /* ← process in between: its user namespace is made, and waits for its maps */
    SYNC_MAPPED = 8,    /* → process in between */
    SYNC_PROCESS = 9,   /* ← process in between: the first process's pidfd */
    SYNC_SOURCE = 10,   /* ← child: uint32_t, the index of a mount whose source only the caller can open */
    SYNC_OPENED = 11,   /* → child: the source as a detached mount */
    SYNC_LISTENER = 12, /* ← child: its seccomp listener; nothing follows but the end */
    SYNC_ERROR = 4,     /* ← child: struct runtime_error; the child has ended */
};

enum { SYNC_MAX_FDS = 4 };

struct sync_message {
    uint32_t type, length;
    char *payload; /* malloc'ed, NULL when empty */
    int fds[SYNC_MAX_FDS];
    size_t fd_count;
};

int sync_pair(int fds[2]);
int sync_send(int fd, uint32_t type, const void *payload, size_t length, const int *fds, size_t fd_count);
/* 1 with a message, 0 at end of file, -1 with errno. Descriptors received are close-on-exec. */
int sync_receive(int fd, struct sync_message *message);
void sync_free(struct sync_message *message);

/*
 * Sends to the child. One that has failed meanwhile is gone, and what it said last says more than the broken pipe: its
 * error is re-created in `err`.
 */
int sync_tell(int fd, const struct sync_message *message, const char *stage, struct runtime_error *err);
/* Receives; the child's error is re-created in `err`, and an end of file is an error of `stage`. */
int sync_next(int fd, struct sync_message *message, const char *stage, struct runtime_error *err);
/* Receives and expects `type`. */
int sync_expect(int fd, uint32_t type, struct sync_message *message, const char *stage, struct runtime_error *err);
/* Waits for the end of file that execve of the process `pid` makes. */
int await_command(int fd, pid_t pid, const struct listener_sink *sink, struct runtime_error *err);

#endif
