/* A small netlink client: one request, one acknowledgement. */
#ifndef BERTH_NETLINK_H
#define BERTH_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink {
    int fd;
    uint32_t sequence;
};

/* A message being built; attributes are appended at `length`. Large enough for every request made here. */
struct netlink_message {
    _Alignas(NLMSG_ALIGNTO) uint8_t bytes[2048];
    size_t length;
    size_t header; /* where the current nlmsghdr begins */
};

/* Both return 0 or errno. The socket belongs to the network namespace of the calling thread at that moment. */
int netlink_open(struct netlink *netlink, int protocol);
/* Sends and waits for the acknowledgement of the last message in it. */
int netlink_talk(struct netlink *netlink, struct netlink_message *message);
void netlink_close(struct netlink *netlink);

/* Begins a message; `family` is the fixed part behind the header, `size` bytes long. */
void message_begin(struct netlink_message *message, uint16_t type, uint16_t flags, const void *fixed, size_t size);
/* Begins a further message in the same packet (nfnetlink batches). */
void message_next(struct netlink_message *message, uint16_t type, uint16_t flags, const void *fixed, size_t size);
void put(struct netlink_message *message, uint16_t type, const void *data, size_t length);
void put_u32(struct netlink_message *message, uint16_t type, uint32_t value);
void put_string(struct netlink_message *message, uint16_t type, const char *text);
/* A nested attribute: begin returns its place for end. */
size_t nest_begin(struct netlink_message *message, uint16_t type);
void nest_end(struct netlink_message *message, size_t place);

#endif
