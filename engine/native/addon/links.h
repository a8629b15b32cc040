/* Network devices by netlink: bridge, veth, address, route. All return 0 or errno. */
#ifndef BERTH_LINKS_H
#define BERTH_LINKS_H

#include "netlink.h"

#include <stdbool.h>
#include <stdint.h>

struct ipv4 {
    uint32_t address; /* network order */
    int prefix_length;
};

/* Creates the bridge or adjusts an existing one; up, with this address and no other. */
int bridge_ensure(struct netlink *netlink, const char *name, struct ipv4 address, int mtu, int *index);
/* Creates a veth pair: host end up and in the bridge, peer in the network namespace of `namespace_fd`, down. */
int veth_create(struct netlink *netlink, const char *host_name, const char *peer_name, int bridge_index,
                const uint8_t mac[6], int mtu, int namespace_fd);
/* The bridge sends packets back out of the port they came from: a container may call its own published port. */
int port_hairpin(struct netlink *netlink, const char *name);
int link_delete(struct netlink *netlink, const char *name);
/* In the namespace of the netlink socket. */
int link_up(struct netlink *netlink, int index);
int address_add(struct netlink *netlink, int index, struct ipv4 address);
int route_default(struct netlink *netlink, uint32_t gateway);

#endif
