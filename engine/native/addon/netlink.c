/* A small netlink client: one request, one acknowledgement. */
#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(struct netlink *netlink, int protocol)
{
    netlink->sequence = 0;
    netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    return netlink->fd < 0 ? errno : 0;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink->fd >= 0)
        close(netlink->fd);
    netlink->fd = -1;
}

static struct nlmsghdr *current(struct netlink_message *message)
{
    return (struct nlmsghdr *)(message->bytes + message->header);
}

static void append(struct netlink_message *message, const void *data, size_t length)
{
    size_t aligned = NLMSG_ALIGN(length);
    /* Every message here has a fixed shape and bounded strings: too small a buffer is a defect of this file. */
    if (message->length + aligned > sizeof message->bytes)
        abort();
    memset(message->bytes + message->length, 0, aligned);
    if (length > 0)
        memcpy(message->bytes + message->length, data, length);
    message->length += aligned;
    current(message)->nlmsg_len = (uint32_t)(message->length - message->header);
}

void message_next(struct netlink_message *message, uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
    message->header = message->length;
    struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST)};
    append(message, &header, sizeof header);
    append(message, fixed, size);
}

void message_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
    message->length = 0;
    message_next(message, type, flags, fixed, size);
}

void put(struct netlink_message *message, uint16_t type, const void *data, size_t length)
{
    struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = type};
    append(message, &attribute, sizeof attribute);
    append(message, data, length);
}

void put_u32(struct netlink_message *message, uint16_t type, uint32_t value)
{
    put(message, type, &value, sizeof value);
}

void put_string(struct netlink_message *message, uint16_t type, const char *text)
{
    put(message, type, text, strlen(text) + 1);
}

size_t nest_begin(struct netlink_message *message, uint16_t type)
{
    size_t place = message->length;
    put(message, type | NLA_F_NESTED, NULL, 0);
    return place;
}

void nest_end(struct netlink_message *message, size_t place)
{
    ((struct nlattr *)(message->bytes + place))->nla_len = (uint16_t)(message->length - place);
}

/* Reads until the answer to `sequence` comes. */
static int wait_for_ack(struct netlink *netlink, uint32_t sequence)
{
    _Alignas(NLMSG_ALIGNTO) uint8_t buffer[8192];
    for (;;) {
        ssize_t length = recv(netlink->fd, buffer, sizeof buffer, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return errno;
        int left = (int)length;
        for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            /* A batch that fails as a whole is answered with the number of its first message. */
            if (header->nlmsg_type == NLMSG_ERROR) {
                int error = -((struct nlmsgerr *)NLMSG_DATA(header))->error;
                if (error != 0 || header->nlmsg_seq == sequence)
                    return error;
            }
        }
    }
}

int netlink_talk(struct netlink *netlink, struct netlink_message *message)
{
    uint32_t acknowledged = 0;
    for (size_t place = 0; place < message->length;) {
        struct nlmsghdr *header = (struct nlmsghdr *)(message->bytes + place);
        header->nlmsg_seq = ++netlink->sequence;
        if ((header->nlmsg_flags & NLM_F_ACK) != 0)
            acknowledged = header->nlmsg_seq;
        place += NLMSG_ALIGN(header->nlmsg_len);
    }
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (sendto(netlink->fd, message->bytes, message->length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        return errno;
    return wait_for_ack(netlink, acknowledged);
}
