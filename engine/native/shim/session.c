#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "protocol.h"
#include "shim.h"

enum { READ_BYTES = 65536, READS_AT_ONCE = 8, CREDIT_STEP = 65536 };

static void queue_drop_head(struct chunk_queue *queue) {
    struct chunk *chunk = queue->head;
    queue->head = chunk->next;
    if (!queue->head) queue->tail = NULL;
    queue->bytes -= chunk->length;
    free(chunk);
}

static bool queue_add(struct chunk_queue *queue, uint8_t stream, const unsigned char *bytes, size_t length) {
    struct chunk *chunk = malloc(sizeof *chunk + length);
    if (!chunk) return false;
    *chunk = (struct chunk){.stream = stream, .length = (uint32_t)length};
    memcpy(chunk->bytes, bytes, length);
    if (queue->tail) queue->tail->next = chunk;
    else queue->head = chunk;
    queue->tail = chunk;
    queue->bytes += length;
    return true;
}

static void queue_clear(struct chunk_queue *queue) {
    while (queue->head) queue_drop_head(queue);
}

static bool may_read(const struct session *session) {
    /* What a process that ended has left is little, and its end is told behind it. */
    if (session->to_log) return session->exited || !(session->hold || log_must_wait(&session->log));
    return session->discard || !session->owned || session->output.bytes < SESSION_RING_BYTES;
}

static void take_output(struct session *session, uint8_t stream, const unsigned char *bytes, size_t length) {
    if (session->discard) return;
    if (session->to_log) {
        log_append(&session->log, stream, bytes, (uint32_t)length);
        json_lines_append(&session->json, stream, bytes, length);
        session->log_grown = true;
        return;
    }
    while (session->output.head && !session->owned && session->output.bytes + length > SESSION_RING_BYTES) {
        queue_drop_head(&session->output);
    }
    queue_add(&session->output, stream, bytes, length);
}

/* Reads one stream until it is empty or held back. After the process's end an empty stream is a finished one: what
 * still holds its other end was left behind in the background. */
static void read_stream(struct session *session, struct watch *watch, uint8_t stream) {
    unsigned char *buffer = session->shim->buffer;
    for (int i = 0; watch->fd >= 0 && (i < READS_AT_ONCE || session->exited); i++) {
        if (!may_read(session)) {
            watch_events(session->shim, watch, 0);
            return;
        }
        ssize_t got = read(watch->fd, buffer, READ_BYTES);
        if (got > 0) take_output(session, stream, buffer, (size_t)got);
        else if (got == 0 || (errno != EAGAIN && errno != EINTR)) watch_close(session->shim, watch);
        else if (session->exited) watch_close(session->shim, watch);
        else break;
    }
    if (watch->fd >= 0) watch_events(session->shim, watch, EPOLLIN);
}

static void output_ready(struct shim *shim, void *context, uint32_t events) {
    struct session *session = context;
    (void)events;
    for (uint8_t i = 0; i < 2; i++) {
        if (session->outputs[i].fd >= 0) read_stream(session, &session->outputs[i], i == 0 ? STREAM_STDOUT : STREAM_STDERR);
    }
    shim_progress(shim, session);
}

/* Gives the client its credit back in steps, and whole once the process has taken everything. */
static void return_credit(struct session *session) {
    if (session->input_taken == 0 || (session->input_taken < CREDIT_STEP && session->pending.bytes > 0)) return;
    shim_send_credit(session->shim, session->number, session->input_taken);
    session->input_taken = 0;
}

static void end_of_input(struct session *session) {
    if (session->console >= 0) {
        struct termios settings;
        if (tcgetattr(session->console, &settings) == 0 && (settings.c_lflag & ICANON)) {
            ssize_t ignored = write(session->console, &settings.c_cc[VEOF], 1);
            (void)ignored;
        }
    }
    watch_close(session->shim, &session->input);
}

static void input_ready(struct shim *shim, void *context, uint32_t events) {
    struct session *session = context;
    (void)events;
    while (session->pending.head) {
        struct chunk *chunk = session->pending.head;
        ssize_t written = write(session->input.fd, chunk->bytes + chunk->start, chunk->length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) break;
        if (written < 0) {
            /* The process reads no more; what it would not take counts as taken, so that no writer waits for ever. */
            session->input_taken += (uint32_t)session->pending.bytes;
            queue_clear(&session->pending);
            watch_close(shim, &session->input);
            break;
        }
        session->input_taken += (uint32_t)written;
        session->pending.bytes -= (size_t)written;
        chunk->start += (uint32_t)written;
        chunk->length -= (uint32_t)written;
        if (chunk->length == 0) queue_drop_head(&session->pending);
    }
    return_credit(session);
    if (session->input.fd < 0) return;
    if (!session->pending.head && session->input_end) end_of_input(session);
    else watch_events(shim, &session->input, session->pending.head ? EPOLLOUT : 0);
}

void session_write(struct session *session, const unsigned char *bytes, size_t length) {
    if (session->input.fd < 0 || session->input_end || !queue_add(&session->pending, 0, bytes, length)) {
        session->input_taken += (uint32_t)length;
        return_credit(session);
        return;
    }
    input_ready(session->shim, session, EPOLLOUT);
}

void session_end_input(struct session *session) {
    session->input_end = true;
    if (session->input.fd >= 0) input_ready(session->shim, session, EPOLLOUT);
}

static int own_end(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

int session_pipes(struct session *session, bool stdin_open, struct container_io *io, struct runtime_error *err) {
    int ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    bool failed = stdin_open && pipe2(ends[0], O_CLOEXEC) < 0;
    for (int i = 1; i < 3 && !session->discard; i++) failed = failed || pipe2(ends[i], O_CLOEXEC) < 0;
    if (failed) {
        for (int i = 0; i < 6; i++) close_fd(&ends[i / 2][i % 2]);
        return fail(err, "bundle", errno, NULL, "making pipes: %s", strerror(errno));
    }
    if (ends[0][1] >= 0) session->input.fd = own_end(ends[0][1]);
    for (int i = 1; i < 3; i++) {
        if (ends[i][0] >= 0) session->outputs[i - 1].fd = own_end(ends[i][0]);
    }
    io->stdin_fd = ends[0][0];
    io->stdout_fd = ends[1][1];
    io->stderr_fd = ends[2][1];
    return 0;
}

void session_pipes_done(struct container_io *io) {
    close_fd(&io->stdin_fd);
    close_fd(&io->stdout_fd);
    close_fd(&io->stderr_fd);
    io->stdin_fd = io->stdout_fd = io->stderr_fd = -1;
}

void session_terminal(struct session *session, int console, bool stdin_open) {
    session->console = own_end(console);
    session->outputs[0].fd = fcntl(console, F_DUPFD_CLOEXEC, 3);
    if (stdin_open) session->input.fd = fcntl(console, F_DUPFD_CLOEXEC, 3);
}

void session_begin(struct session *session) {
    for (int i = 0; i < 2; i++) {
        session->outputs[i].ready = output_ready;
        session->outputs[i].context = session;
        watch_events(session->shim, &session->outputs[i], EPOLLIN);
    }
    session->input.ready = input_ready;
    session->input.context = session;
}

void session_exited(struct session *session, int status) {
    session->exited = true;
    session->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    session->exit_code = session->signal ? 128 + session->signal : WEXITSTATUS(status);
    watch_close(session->shim, &session->input);
    session->input_taken += (uint32_t)session->pending.bytes;
    queue_clear(&session->pending);
    return_credit(session);
    output_ready(session->shim, session, EPOLLIN);
}

bool session_output_ended(const struct session *session) {
    return session->outputs[0].fd < 0 && session->outputs[1].fd < 0;
}

/* Whether something was sent. */
static bool send_queue(struct session *session) {
    struct chunk_queue *queue = &session->output;
    bool sent = false;
    while (queue->head && session->credit > 0 && shim_can_send(session->shim)) {
        struct chunk *chunk = queue->head;
        uint32_t length = chunk->length;
        if (length > PACKET_MAX_BODY - 1) length = PACKET_MAX_BODY - 1;
        if (length > session->credit) length = (uint32_t)session->credit;
        shim_send_output(session->shim, session->number, chunk->stream, chunk->bytes + chunk->start, length);
        sent = true;
        session->credit -= length;
        chunk->start += length;
        chunk->length -= length;
        queue->bytes -= length;
        if (chunk->length == 0) queue_drop_head(queue);
    }
    return sent;
}

void session_pump(struct session *session) {
    /* What was held back is read when there is room, and may leave at once: no event would tell of it. */
    do {
        for (uint8_t i = 0; i < 2; i++) {
            struct watch *watch = &session->outputs[i];
            if (watch->fd < 0 || watch->events || !may_read(session)) continue;
            read_stream(session, watch, i == 0 ? STREAM_STDOUT : STREAM_STDERR);
        }
    } while (send_queue(session));
}

void session_disown(struct session *session) {
    session->owned = session->hold = session->log_in_flight = false;
    session->log.followed = session->log.waits = false;
    log_trim(&session->log);
    session->credit = 0;
    session->input_taken = 0;
    session_pump(session);
}

void session_close(struct session *session) {
    watch_close(session->shim, &session->input);
    watch_close(session->shim, &session->outputs[0]);
    watch_close(session->shim, &session->outputs[1]);
    close_fd(&session->console);
    close_fd(&session->pidfd);
    session->console = session->pidfd = -1;
    log_close(&session->log);
    json_lines_close(&session->json);
    queue_clear(&session->output);
    queue_clear(&session->pending);
    free(session->exec_id);
    session->exec_id = NULL;
}
