/* The monitor of one container. */
#ifndef BERTH_SHIM_H
#define BERTH_SHIM_H

#include <stdbool.h>
#include <time.h>

#include "../runtime/oci.h"
#include "../runtime/runtime.h"
#include "../runtime/text.h"
#include "loop.h"
#include "protocol.h"
#include "session.h"

struct shim_options {
    const char *id, *bundle, *dir, *run, *cgroup, *monitor_cgroup, *program;
    const char *pool; /* not NULL: the others are those of a unit that CREATE brings */
};

enum shim_phase { PHASE_IDLE, PHASE_CREATED, PHASE_RUNNING, PHASE_EXITED };

struct packet;
struct client {
    struct watch watch;
    struct packet *head, *tail; /* what the socket did not take yet */
    size_t queued_bytes;
};

struct shim {
    struct shim_options options;
    int epoll;
    struct watch signals, listener;
    struct client client;
    enum shim_phase phase;
    struct container container;
    bool prepared; /* the container's process waits, and its container is not known yet: a shim of the pool */
    struct text config; /* config.json, for execs: as text it takes a quarter of the room */
    struct session main;
    struct session *execs;
    uint32_t last_session;
    struct timespec started_at, finished_at;
    bool oom_killed;
    struct text exit_record;
    bool cleaned;  /* the cgroup is gone, nothing of the container is left */
    bool released; /* RELEASE has come */
    bool deleting;
    uint32_t delete_request;
    bool ending;
    unsigned char buffer[65536 + 64]; /* for one read or packet at a time */
};

/* shim.c: the container's life. */
void shim_children(struct shim *shim, void *context, uint32_t events);
/* Something of the session moved on: output, an end, room. */
void shim_progress(struct shim *shim, struct session *session);
/* After each round of the loop: notices that wait, cleaning up, the end. Returns the next round's time-out in ms. */
int shim_tick(struct shim *shim);
struct session *shim_session(struct shim *shim, uint64_t number);
struct session *session_new(struct shim *shim, struct session *session, uint32_t number);
/* Kills the container and answers `request` when nothing is left. */
void shim_delete(struct shim *shim, uint32_t request);

/* record.c */
int record_state(struct shim *shim, struct runtime_error *err);
/* Removes the socket and the state file. */
void record_forget(const struct shim *shim);
void record_exit(struct shim *shim, const struct runtime_error *start_error);

/* client.c: the connection. */
int client_listen(struct shim *shim, struct runtime_error *err);
void shim_send(struct shim *shim, uint16_t type, uint32_t id, const void *body, size_t length);
void shim_send_text(struct shim *shim, uint16_t type, uint32_t id, struct text *text);
void shim_send_error(struct shim *shim, uint32_t id, const struct runtime_error *err);
void shim_send_credit(struct shim *shim, uint32_t session, uint32_t bytes);
void shim_send_output(struct shim *shim, uint32_t session, uint8_t stream, const unsigned char *bytes, uint32_t length);
bool shim_can_send(const struct shim *shim);
bool shim_has_client(const struct shim *shim);

/* requests.c */
void request_handle(struct shim *shim, const struct packet_header *header, const unsigned char *body);

/* create.c: the two requests that make processes. */
int create_container(struct shim *shim, const struct json_value *body, struct runtime_error *err);
int create_exec(struct shim *shim, const struct json_value *body, struct session **session, struct runtime_error *err);

/* unit.c: a shim of the pool. */
int unit_prepare(struct shim *shim, struct runtime_error *err);
/* Whether the process that waits is one for this config, and from now on the container's; else there is none any more. */
bool unit_take(struct shim *shim, const struct oci_config *config);
void unit_drop(struct shim *shim);
/* Takes over the names and places that CREATE brings. */
int unit_become(struct shim *shim, struct oci_reader *reader, const struct json_value *unit, struct runtime_error *err);

#endif
