/*
 * A process with its streams: session 0 is the container, the others are execs. Output goes to the session's log or
 * waits in a queue for the client's credit; input waits in a queue for the process.
 */
#ifndef BERTH_SESSION_H
#define BERTH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../runtime/runtime.h"
#include "json_lines.h"
#include "log.h"
#include "loop.h"

struct chunk {
    struct chunk *next;
    uint8_t stream;
    uint32_t start, length; /* of the bytes that are left */
    unsigned char bytes[];
};

struct chunk_queue {
    struct chunk *head, *tail;
    size_t bytes;
};

struct session {
    struct session *next;
    struct shim *shim;
    uint32_t number;
    char *exec_id; /* NULL for session 0 */
    pid_t pid;
    int pidfd, console; /* console: the terminal's master, for resizing; -1 */
    bool to_log;        /* else to the queue */
    struct chunk_log log;
    struct json_lines json; /* beside the log, where it was asked for */
    bool log_grown;         /* since the client was told */
    bool log_in_flight;     /* the client has been told, and has not answered */
    uint32_t log_told;      /* the segment that it was told of */
    bool hold;              /* the client asked that output wait */
    bool discard;       /* nobody will ever read */
    bool owned;         /* the client that is connected has taken the output over: a full queue holds back */
    bool exited, end_told;
    int exit_code, signal;
    struct watch outputs[2], input;
    struct chunk_queue output, pending; /* pending: input that the process has not taken yet */
    uint64_t credit;
    bool input_end;
    uint32_t input_taken; /* bytes for which the client has not got its credit back */
};

/* Makes the pipes that `io` hands to the process; the session keeps the other ends. */
int session_pipes(struct session *session, bool stdin_open, struct container_io *io, struct runtime_error *err);
/* Closes the process's ends of `io`. */
void session_pipes_done(struct container_io *io);
void session_terminal(struct session *session, int console, bool stdin_open);
/* Begins to read the output. */
void session_begin(struct session *session);
/* The process has ended: what is left in the pipes is read. */
void session_exited(struct session *session, int status);
bool session_output_ended(const struct session *session);
/* Sends output within credit; starts reading again where there is room. */
void session_pump(struct session *session);
void session_hold(struct session *session, bool hold);
void session_write(struct session *session, const unsigned char *bytes, size_t length);
void session_end_input(struct session *session);
/* The client is gone: nobody owns the output, the last of it is kept. */
void session_disown(struct session *session);
void session_close(struct session *session);

#endif
