/*
 * A client of the shim protocol for tests and for looking by hand: shim-client SOCKET. Each line of its input,
 * "TYPE ID BODY", is sent as a packet, and each packet that comes is printed as such a line. Bodies that are bytes
 * (STDIN, OUTPUT) are written in hexadecimal. End of input half-closes nothing: the client ends.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../shim/protocol.h"

struct packet {
    struct packet_header header;
    unsigned char body[PACKET_MAX_BODY];
};

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    return fd;
}

static size_t read_hex(const char *text, unsigned char *bytes) {
    size_t length = 0;
    for (unsigned value; length < PACKET_MAX_BODY && sscanf(text, "%2x", &value) == 1; text += 2) {
        bytes[length++] = (unsigned char)value;
    }
    return length;
}

static void send_line(int fd, char *line) {
    static struct packet packet;
    char *body;
    packet.header = (struct packet_header){.magic = PACKET_MAGIC, .type = (uint16_t)strtoul(line, &body, 10)};
    packet.header.id = (uint32_t)strtoul(body, &body, 10);
    body += strspn(body, " ");
    body[strcspn(body, "\n")] = 0;
    size_t length = strlen(body);
    if (packet.header.type == PACKET_STDIN) length = read_hex(body, packet.body);
    else memcpy(packet.body, body, length);
    packet.header.length = (uint32_t)length;
    if (send(fd, &packet, sizeof packet.header + length, MSG_NOSIGNAL) < 0) exit(1);
}

static void print_packet(int fd) {
    static struct packet packet;
    ssize_t got = recv(fd, &packet, sizeof packet, 0);
    if (got < (ssize_t)sizeof packet.header) exit(0);
    size_t length = (size_t)got - sizeof packet.header;
    printf("%u %u ", packet.header.type, packet.header.id);
    if (packet.header.type == PACKET_OUTPUT) {
        for (size_t i = 0; i < length; i++) printf("%02x", packet.body[i]);
    } else {
        fwrite(packet.body, 1, length, stdout);
    }
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t size = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: shim-client SOCKET\n");
        return 2;
    }
    setvbuf(stdin, NULL, _IONBF, 0);
    int fd = connect_to(argv[1]);
    struct pollfd polled[] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(polled, 2, -1) > 0) {
        if (polled[1].revents) print_packet(fd);
        if (polled[0].revents) {
            if (getline(&line, &size, stdin) < 0) break;
            send_line(fd, line);
        }
    }
    free(line);
    return 0;
}
