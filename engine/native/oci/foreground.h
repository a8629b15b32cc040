/* What the caller of a process gets: its pid in a file, its terminal on a socket, or both ends held in the foreground. */
#ifndef BERTH_OCI_FOREGROUND_H
#define BERTH_OCI_FOREGROUND_H

#include "../runtime/runtime.h"

/* Written beside and renamed. `path` may be NULL: nothing is written. */
int pid_file_write(const char *path, pid_t pid, struct runtime_error *err);

/* Sends a terminal's master over the unix socket at `path`, as runc does. */
int console_send(const char *path, int master, struct runtime_error *err);

/* Blocks every signal, so that from here on follow_process sees them. Before anything is cloned. */
void foreground_begin(void);

/*
 * Passes signals on to the child, and bytes between `console` (-1: none) and the standard streams, until it ends.
 * Returns its exit code, 128 + n when a signal ended it. Closes `console`.
 */
int follow_process(pid_t pid, int console);

#endif
