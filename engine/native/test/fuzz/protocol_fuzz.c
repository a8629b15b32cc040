/*
 * A shim with a container and an exec session, as a hostile client meets it: packets over a real connection, in any
 * order, with any header. Input: a byte for the phase, then packets {type, session, length low, length high, bytes};
 * type 255 sends the bytes as they are, header and all. No process is started: the container's pidfd is none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../runtime/error.h"
#include "../../shim/shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { RAW = 255, MAX_ROUNDS = 64 };

static const char *directory(void) {
    static char path[] = "/dev/shm/berth-shim-fuzz-XXXXXX";
    static int made;
    if (!made && !mkdtemp(path)) abort();
    made = 1;
    return path;
}

/* Both ends of a session's streams; the test holds `far`, in which some output waits. */
static void give_streams(struct session *session, int far[2]) {
    int out[2], in[2];
    if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(in, O_CLOEXEC | O_NONBLOCK) < 0) abort();
    if (write(out[1], "some output\n", 12) != 12) abort();
    session->outputs[0].fd = out[0];
    session->input.fd = in[1];
    far[0] = out[1];
    far[1] = in[0];
    session_begin(session);
}

static struct session *add_exec(struct shim *shim) {
    struct session *session = calloc(1, sizeof *session);
    session_new(shim, session, ++shim->last_session);
    session->exec_id = strdup("e\"1");
    session->owned = true;
    session->next = shim->execs;
    shim->execs = session;
    return session;
}

static int connect_to(struct shim *shim) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/shim.sock", shim->options.run);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) abort();
    return fd;
}

static void settle(struct shim *shim) {
    struct epoll_event event;
    for (int i = 0; i < MAX_ROUNDS && !shim->ending; i++) {
        shim_tick(shim);
        if (shim->ending || epoll_wait(shim->epoll, &event, 1, 0) < 1) return;
        struct watch *watch = event.data.ptr;
        watch->ready(shim, watch->context, event.events);
    }
}

static void drain(int client) {
    static unsigned char packet[70000];
    struct packet_header header;
    for (ssize_t got; (got = recv(client, packet, sizeof packet, 0)) > 0;) {
        memcpy(&header, packet, sizeof header);
        if (got < (ssize_t)sizeof header || header.magic != PACKET_MAGIC) abort();
        if (header.length != (size_t)got - sizeof header) abort();
    }
}

static size_t send_packet(int client, const uint8_t *bytes, size_t length) {
    static unsigned char packet[70000];
    struct packet_header header = {.magic = PACKET_MAGIC, .type = bytes[0], .id = bytes[1]};
    size_t body = (size_t)bytes[2] | (size_t)bytes[3] << 8;
    if (body > length - 4) body = length - 4;
    size_t start = bytes[0] == RAW ? 0 : sizeof header;
    header.length = (uint32_t)body;
    memcpy(packet, &header, sizeof header);
    memcpy(packet + start, bytes + 4, body);
    send(client, packet, start + body, MSG_NOSIGNAL | MSG_DONTWAIT);
    return 4 + body;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static struct shim shim;
    struct runtime_error err;
    int far[4];
    if (length < 1) return 0;
    memset(&shim, 0, sizeof shim);
    shim.options = (struct shim_options){
        .id = "fuzz", .bundle = "/no/such", .dir = directory(), .run = directory(), .program = "x"};
    session_new(&shim, &shim.main, 0);
    shim.client.watch.fd = shim.signals.fd = shim.listener.fd = -1;
    shim.container = (struct container){.pidfd = open("/dev/null", O_RDWR | O_CLOEXEC), .sync = -1, .mounts = -1};
    shim.epoll = epoll_create1(EPOLL_CLOEXEC);
    shim.phase = bytes[0] % 4;
    text_add(&shim.config, "{}");
    if (client_listen(&shim, &err) < 0) abort();
    give_streams(&shim.main, far);
    give_streams(add_exec(&shim), far + 2);
    int client = connect_to(&shim);
    for (size_t at = 1; at + 4 <= length && !shim.ending;) {
        at += send_packet(client, bytes + at, length - at);
        settle(&shim);
        drain(client);
    }
    close(client);
    settle(&shim);
    for (struct session *session = shim.execs, *next; session; session = next) {
        next = session->next;
        session_close(session);
        free(session);
    }
    session_close(&shim.main);
    watch_close(&shim, &shim.client.watch);
    watch_close(&shim, &shim.listener);
    text_free(&shim.exit_record);
    text_free(&shim.config);
    close_fd(&shim.container.pidfd);
    close(shim.epoll);
    for (int i = 0; i < 4; i++) close(far[i]);
    return 0;
}
