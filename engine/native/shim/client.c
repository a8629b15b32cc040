/* The SOCK_SEQPACKET connection: one client at a time, a new one replaces the old one. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "shim.h"

/* A client that reads nothing and keeps asking is dropped here; it may connect again. */
enum { MAX_QUEUED_BYTES = 4 * 1024 * 1024, PACKETS_AT_ONCE = 16 };

struct packet {
    struct packet *next;
    size_t length;
    unsigned char bytes[];
};

bool shim_has_client(const struct shim *shim) {
    return shim->client.watch.fd >= 0;
}

bool shim_can_send(const struct shim *shim) {
    return shim_has_client(shim) && !shim->client.head;
}

static void drop_client(struct shim *shim) {
    struct client *client = &shim->client;
    watch_close(shim, &client->watch);
    while (client->head) {
        struct packet *packet = client->head;
        client->head = packet->next;
        free(packet);
    }
    *client = (struct client){.watch = {.fd = -1}};
    session_disown(&shim->main);
    for (struct session *session = shim->execs; session; session = session->next) session_disown(session);
}

/* false: not now. */
static bool try_send(struct shim *shim, const void *bytes, size_t length) {
    ssize_t sent = send(shim->client.watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == EINTR) return false;
    /* Its end is told by epoll; until then nothing more is kept for it. */
    return true;
}

static void enqueue(struct shim *shim, const void *bytes, size_t length) {
    struct client *client = &shim->client;
    struct packet *packet = malloc(sizeof *packet + length);
    if (!packet || client->queued_bytes + length > MAX_QUEUED_BYTES) {
        free(packet);
        shutdown(client->watch.fd, SHUT_RDWR);
        return;
    }
    *packet = (struct packet){.length = length};
    memcpy(packet->bytes, bytes, length);
    if (client->tail) client->tail->next = packet;
    else client->head = packet;
    client->tail = packet;
    client->queued_bytes += length;
    watch_events(shim, &client->watch, EPOLLIN | EPOLLOUT);
}

static void flush(struct shim *shim) {
    struct client *client = &shim->client;
    while (client->head && try_send(shim, client->head->bytes, client->head->length)) {
        struct packet *packet = client->head;
        client->head = packet->next;
        client->queued_bytes -= packet->length;
        free(packet);
    }
    if (client->head) return;
    client->tail = NULL;
    watch_events(shim, &client->watch, EPOLLIN);
    shim_progress(shim, &shim->main);
    for (struct session *session = shim->execs, *next; session; session = next) {
        next = session->next;
        shim_progress(shim, session);
    }
}

void shim_send(struct shim *shim, uint16_t type, uint32_t id, const void *body, size_t length) {
    unsigned char bytes[sizeof(struct packet_header) + PACKET_MAX_BODY];
    struct packet_header header = {.magic = PACKET_MAGIC, .type = type, .id = id, .length = (uint32_t)length};
    if (!shim_has_client(shim) || length > PACKET_MAX_BODY) return;
    memcpy(bytes, &header, sizeof header);
    if (length) memcpy(bytes + sizeof header, body, length);
    if (shim->client.head || !try_send(shim, bytes, sizeof header + length)) enqueue(shim, bytes, sizeof header + length);
}

void shim_send_text(struct shim *shim, uint16_t type, uint32_t id, struct text *text) {
    if (!text->failed) shim_send(shim, type, id, text->bytes, text->length);
    text_free(text);
}

void shim_send_error(struct shim *shim, uint32_t id, const struct runtime_error *err) {
    struct text text = {0};
    text_add(&text, "{\"stage\":");
    text_json(&text, err->stage);
    text_add(&text, ",\"errno\":%d,\"message\":", err->number);
    text_json(&text, err->message);
    if (err->path[0]) {
        text_add(&text, ",\"path\":");
        text_json(&text, err->path);
    }
    text_add(&text, "}");
    shim_send_text(shim, PACKET_ERROR, id, &text);
}

void shim_send_credit(struct shim *shim, uint32_t session, uint32_t bytes) {
    struct text text = {0};
    text_add(&text, "{\"session\":%u,\"bytes\":%u}", session, bytes);
    shim_send_text(shim, PACKET_STDIN_CREDIT, 0, &text);
}

void shim_send_output(struct shim *shim, uint32_t session, uint8_t stream, const unsigned char *bytes, uint32_t length) {
    unsigned char body[PACKET_MAX_BODY];
    body[0] = stream;
    memcpy(body + 1, bytes, length);
    shim_send(shim, PACKET_OUTPUT, session, body, (size_t)length + 1);
}

static void add_log(struct text *text, const struct chunk_log *log) {
    if (log->file < 0) return;
    text_add(text, ",\"log\":{\"segment\":%u,\"offset\":%llu}", log->segment, (unsigned long long)log->offset);
}

static void say_hello(struct shim *shim) {
    static const char *const phases[] = {"idle", "created", "running", "exited"};
    struct text text = {0};
    text_add(&text, "{\"protocol\":%d,\"id\":", PROTOCOL_VERSION);
    text_json(&text, shim->options.id);
    text_add(&text, ",\"phase\":\"%s\",\"pid\":%d,\"terminal\":%s,\"execs\":[", phases[shim->phase], shim->main.pid,
             shim->main.console >= 0 ? "true" : "false");
    for (struct session *session = shim->execs; session; session = session->next) {
        text_add(&text, "%s{\"session\":%u,\"execId\":", session == shim->execs ? "" : ",", session->number);
        text_json(&text, session->exec_id);
        text_add(&text, ",\"pid\":%d", session->pid);
        if (session->exited) text_add(&text, ",\"exitCode\":%d", session->exit_code);
        add_log(&text, &session->log);
        text_add(&text, "}");
    }
    text_add(&text, "]");
    add_log(&text, &shim->main.log);
    if (shim->exit_record.bytes) text_add(&text, ",\"exit\":%s", shim->exit_record.bytes);
    text_add(&text, "}");
    shim_send_text(shim, PACKET_HELLO, 0, &text);
}

static bool receive(struct shim *shim) {
    struct packet_header header;
    ssize_t got = recv(shim->client.watch.fd, shim->buffer, sizeof shim->buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got >= (ssize_t)sizeof header) {
        memcpy(&header, shim->buffer, sizeof header);
        if (header.magic == PACKET_MAGIC && header.length == (size_t)got - sizeof header) {
            /* The handlers read streams into the same buffer. */
            static unsigned char body[PACKET_MAX_BODY + 1];
            memcpy(body, shim->buffer + sizeof header, header.length);
            body[header.length] = 0;
            request_handle(shim, &header, body);
            return !shim->ending && shim_has_client(shim);
        }
    }
    /* Closed, or it does not speak our protocol. */
    drop_client(shim);
    if (shim->phase == PHASE_IDLE) shim->ending = true;
    return false;
}

static void client_ready(struct shim *shim, void *context, uint32_t events) {
    (void)context;
    if (events & EPOLLOUT) flush(shim);
    for (int i = 0; i < PACKETS_AT_ONCE && shim_has_client(shim) && receive(shim);) i++;
}

static void accept_client(struct shim *shim, void *context, uint32_t events) {
    (void)context;
    (void)events;
    int fd = accept4(shim->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (shim_has_client(shim)) drop_client(shim);
    shim->client = (struct client){.watch = {.fd = fd, .ready = client_ready}};
    watch_events(shim, &shim->client.watch, EPOLLIN);
    shim->main.log_grown = false;
    for (struct session *session = shim->execs; session; session = session->next) session->log_grown = false;
    say_hello(shim);
    flush(shim);
}

int client_listen(struct shim *shim, struct runtime_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/shim.sock", shim->options.run);
    if (length >= (int)sizeof address.sun_path) return fail(err, "protocol", ENAMETOOLONG, shim->options.run, "path too long");
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(address.sun_path);
    mode_t before = umask(0177);
    bool listening = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 8) == 0;
    umask(before);
    if (!listening) return fail(err, "protocol", errno, address.sun_path, "listening: %s", strerror(errno));
    shim->listener = (struct watch){.fd = fd, .ready = accept_client};
    watch_events(shim, &shim->listener, EPOLLIN);
    return 0;
}
