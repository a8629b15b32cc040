/* What the client asks for. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "../runtime/syscalls.h"
#include "shim.h"

struct request {
    struct shim *shim;
    uint32_t id;
    const struct json_value *body;
    struct oci_reader *reader;
    struct runtime_error *err;
    struct text answer; /* the body of OK, {} when empty */
    bool answered;      /* later, or never */
};

static struct session *find_session(const struct request *request) {
    struct optional_uint number = oci_uint(request->reader, request->body, "session");
    struct session *session = shim_session(request->shim, number.value);
    if (!session) fail(request->err, "protocol", ENOENT, NULL, "no such session");
    return session;
}

static int in_phase(const struct request *request, enum shim_phase phase) {
    if (request->shim->phase == phase) return 0;
    return fail(request->err, "protocol", EINVAL, NULL, "not possible in this phase");
}

static int handle_create(struct request *request) {
    if (in_phase(request, PHASE_IDLE) < 0) return -1;
    if (create_container(request->shim, request->body, request->err) < 0) return -1;
    text_add(&request->answer, "{\"pid\":%d}", request->shim->main.pid);
    return 0;
}

static int handle_start(struct request *request) {
    struct shim *shim = request->shim;
    if (in_phase(request, PHASE_CREATED) < 0) return -1;
    log_append(&shim->main.log, STREAM_MARKER, NULL, 0);
    clock_gettime(CLOCK_REALTIME, &shim->started_at);
    if (container_start(&shim->container, request->err) == 0) {
        shim->phase = PHASE_RUNNING;
        return 0;
    }
    record_exit(shim, request->err);
    return -1;
}

static int handle_signal(struct request *request) {
    struct session *session = find_session(request);
    struct optional_uint number = oci_uint(request->reader, request->body, "signal");
    if (!session) return -1;
    if (!number.present || number.value > 64) return fail(request->err, "protocol", EINVAL, NULL, "no such signal");
    if (oci_bool(request->reader, request->body, "all")) {
        return container_signal_all(&request->shim->container, (int)number.value, request->err);
    }
    if (session->exited || session->pidfd < 0 || sys_pidfd_send_signal(session->pidfd, (int)number.value) < 0) {
        return fail(request->err, "protocol", ESRCH, NULL, "the process has ended");
    }
    return 0;
}

static int handle_resize(struct request *request) {
    struct session *session = find_session(request);
    struct winsize size = {
        .ws_row = (unsigned short)oci_uint(request->reader, request->body, "rows").value,
        .ws_col = (unsigned short)oci_uint(request->reader, request->body, "columns").value,
    };
    if (!session) return -1;
    if (session->console < 0) return fail(request->err, "protocol", ENOTTY, NULL, "the process has no terminal");
    if (ioctl(session->console, TIOCSWINSZ, &size) == 0) return 0;
    return fail(request->err, "protocol", errno, NULL, "resizing: %s", strerror(errno));
}

static int handle_exec(struct request *request) {
    struct session *session;
    if (in_phase(request, PHASE_RUNNING) < 0) return -1;
    if (create_exec(request->shim, request->body, &session, request->err) < 0) return -1;
    text_add(&request->answer, "{\"session\":%u,\"pid\":%d}", session->number, session->pid);
    return 0;
}

static int handle_stdin_end(struct request *request) {
    struct session *session = find_session(request);
    if (!session) return -1;
    session_end_input(session);
    return 0;
}

static int handle_credit(struct request *request) {
    struct session *session = find_session(request);
    request->answered = true;
    if (!session) return 0;
    session->credit += oci_uint(request->reader, request->body, "bytes").value;
    session->owned = true;
    shim_progress(request->shim, session);
    return 0;
}

static int handle_log_seen(struct request *request) {
    struct session *session = find_session(request);
    request->answered = true;
    if (!session) return 0;
    session->log_in_flight = false;
    session->log.seen = session->log_told;
    log_trim(&session->log);
    shim_progress(request->shim, session);
    return 0;
}

static int handle_follow(struct request *request) {
    struct session *session = find_session(request);
    if (!session) return -1;
    session->log.followed = oci_bool(request->reader, request->body, "follow");
    session->log.waits = oci_bool(request->reader, request->body, "wait");
    /* What there was before is the reader's own to open. */
    session->log.seen = session->log.segment - 1;
    log_trim(&session->log);
    shim_progress(request->shim, session);
    return 0;
}

static int handle_hold(struct request *request) {
    struct session *session = find_session(request);
    if (!session) return -1;
    session->hold = oci_bool(request->reader, request->body, "hold");
    shim_progress(request->shim, session);
    return 0;
}

static int handle_release(struct request *request) {
    request->shim->released = true;
    return 0;
}

static int handle_delete(struct request *request) {
    request->answered = true;
    shim_delete(request->shim, request->id);
    return 0;
}

/*
 * Moving a process between cgroups waits for a grace period of RCU, milliseconds, unless another has just waited. So a
 * shim that waits makes a move that changes nothing when a container is about to be started.
 */
static int handle_warm(struct request *request) {
    const char *monitor = request->shim->options.monitor_cgroup;
    struct runtime_error ignored;
    request->answered = true;
    if (request->shim->prepared && monitor && *monitor) cgroup_attach(monitor, getpid(), &ignored);
    return 0;
}

static int (*const handlers[])(struct request *request) = {
    [PACKET_CREATE] = handle_create,   [PACKET_START] = handle_start,       [PACKET_SIGNAL] = handle_signal,
    [PACKET_RESIZE] = handle_resize,   [PACKET_EXEC] = handle_exec,         [PACKET_STDIN_END] = handle_stdin_end,
    [PACKET_CREDIT] = handle_credit,   [PACKET_RELEASE] = handle_release,   [PACKET_DELETE] = handle_delete,
    [PACKET_LOG_SEEN] = handle_log_seen, [PACKET_HOLD] = handle_hold,
    [PACKET_FOLLOW] = handle_follow,   [PACKET_WARM] = handle_warm,
};

static void handle_json(struct request *request, uint16_t type, const char *text, size_t length) {
    char problem[128];
    int result;
    request->body = json_parse(request->reader->arena, text, length, problem, sizeof problem);
    if (type >= sizeof handlers / sizeof *handlers || !handlers[type]) {
        result = fail(request->err, "protocol", ENOSYS, NULL, "unknown type %u", type);
    } else if (!request->body) {
        result = fail(request->err, "protocol", EINVAL, NULL, "%s", problem);
    } else {
        result = handlers[type](request);
    }
    if (result == 0 && request->reader->failed) {
        /* The reader has told its problem in `err`; a wrong field does no harm before that. */
        snprintf(request->err->stage, sizeof request->err->stage, "protocol");
        result = -1;
    }
    if (result < 0) shim_send_error(request->shim, request->id, request->err);
    else if (!request->answered && !request->answer.length) text_add(&request->answer, "{}");
    if (result == 0 && !request->answered) shim_send_text(request->shim, PACKET_OK, request->id, &request->answer);
    text_free(&request->answer);
}

void request_handle(struct shim *shim, const struct packet_header *header, const unsigned char *body) {
    if (header->type == PACKET_STDIN) {
        struct session *session = shim_session(shim, header->id);
        if (session) session_write(session, body, header->length);
        return;
    }
    struct arena arena = {0};
    struct runtime_error err = {0};
    struct oci_reader reader = {.arena = &arena, .err = &err};
    struct request request = {.shim = shim, .id = header->id, .reader = &reader, .err = &err};
    handle_json(&request, header->type, (const char *)body, header->length);
    arena_free(&arena);
}
