/* docs/shim-protocol.md in C. */
#ifndef BERTH_PROTOCOL_H
#define BERTH_PROTOCOL_H

#include <stdint.h>

enum {
    PROTOCOL_VERSION = 1,
    PACKET_MAGIC = 0x31534842,
    PACKET_MAX_BODY = 65520,
    SESSION_RING_BYTES = 1024 * 1024,
    STDIN_CREDIT_BYTES = 262144,
};

enum packet_type {
    PACKET_HELLO = 1,
    PACKET_CREATE = 2,
    PACKET_START = 3,
    PACKET_SIGNAL = 4,
    PACKET_RESIZE = 5,
    PACKET_EXEC = 6,
    PACKET_STDIN = 7,
    PACKET_STDIN_END = 8,
    PACKET_CREDIT = 9,
    PACKET_RELEASE = 10,
    PACKET_DELETE = 11,
    PACKET_LOG_SEEN = 12,
    PACKET_HOLD = 13,
    PACKET_FOLLOW = 14,
    PACKET_WARM = 15,
    PACKET_OK = 32,
    PACKET_ERROR = 33,
    PACKET_LOG = 34,
    PACKET_EXIT = 35,
    PACKET_EXEC_EXIT = 36,
    PACKET_OUTPUT = 37,
    PACKET_STDIN_CREDIT = 38,
    PACKET_OUTPUT_END = 39,
};

/* Little-endian, as are all machines that Berth runs on. */
struct packet_header {
    uint32_t magic;
    uint16_t type, flags;
    uint32_t id, length;
};

enum { STREAM_STDOUT = 1, STREAM_STDERR = 2, STREAM_MARKER = 3 };

#endif
