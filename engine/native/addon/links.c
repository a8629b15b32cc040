/* Network devices by netlink: bridge, veth, address, route. */
#define _GNU_SOURCE
#include "links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

static uint32_t broadcast(struct ipv4 address)
{
    uint32_t host_bits = address.prefix_length == 32 ? 0 : 0xffffffffu >> address.prefix_length;
    return address.address | htonl(host_bits);
}

int link_up(struct netlink *netlink, int index)
{
    struct netlink_message message;
    struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    message_begin(&message, RTM_NEWLINK, NLM_F_ACK, &link, sizeof link);
    return netlink_talk(netlink, &message);
}

int link_delete(struct netlink *netlink, const char *name)
{
    struct netlink_message message;
    struct ifinfomsg link = {0};
    message_begin(&message, RTM_DELLINK, NLM_F_ACK, &link, sizeof link);
    put_string(&message, IFLA_IFNAME, name);
    return netlink_talk(netlink, &message);
}

static int address_change(struct netlink *netlink, uint16_t type, uint16_t flags, int index, struct ipv4 address)
{
    struct netlink_message message;
    struct ifaddrmsg fixed = {
        .ifa_family = AF_INET, .ifa_prefixlen = (uint8_t)address.prefix_length, .ifa_index = (uint32_t)index};
    message_begin(&message, type, NLM_F_ACK | flags, &fixed, sizeof fixed);
    put(&message, IFA_LOCAL, &address.address, sizeof address.address);
    put(&message, IFA_ADDRESS, &address.address, sizeof address.address);
    if (type == RTM_NEWADDR) {
        uint32_t all = broadcast(address);
        put(&message, IFA_BROADCAST, &all, sizeof all);
    }
    return netlink_talk(netlink, &message);
}

int address_add(struct netlink *netlink, int index, struct ipv4 address)
{
    return address_change(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
}

int route_default(struct netlink *netlink, uint32_t gateway)
{
    struct netlink_message message;
    struct rtmsg route = {.rtm_family = AF_INET,
                          .rtm_table = RT_TABLE_MAIN,
                          .rtm_protocol = RTPROT_BOOT,
                          .rtm_scope = RT_SCOPE_UNIVERSE,
                          .rtm_type = RTN_UNICAST};
    message_begin(&message, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
    put(&message, RTA_GATEWAY, &gateway, sizeof gateway);
    return netlink_talk(netlink, &message);
}

/* Finds an IPv4 address of the device other than `keep`. ENOENT: there is none. */
static int other_address(struct netlink *netlink, int index, struct ipv4 keep, struct ipv4 *other)
{
    struct netlink_message message;
    struct ifaddrmsg fixed = {.ifa_family = AF_INET};
    message_begin(&message, RTM_GETADDR, NLM_F_DUMP, &fixed, sizeof fixed);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (sendto(netlink->fd, message.bytes, message.length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        return errno;
    _Alignas(NLMSG_ALIGNTO) uint8_t buffer[32768];
    int found = ENOENT;
    for (;;) {
        ssize_t received = recv(netlink->fd, buffer, sizeof buffer, 0);
        if (received < 0)
            return errno;
        int left = (int)received;
        for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_DONE)
                return found;
            struct ifaddrmsg *entry = NLMSG_DATA(h);
            if (h->nlmsg_type != RTM_NEWADDR || (int)entry->ifa_index != index)
                continue;
            int length = (int)IFA_PAYLOAD(h);
            for (struct rtattr *a = IFA_RTA(entry); RTA_OK(a, length); a = RTA_NEXT(a, length)) {
                uint32_t address;
                if (a->rta_type != IFA_LOCAL)
                    continue;
                memcpy(&address, RTA_DATA(a), sizeof address);
                if (address == keep.address && entry->ifa_prefixlen == keep.prefix_length)
                    continue;
                *other = (struct ipv4){address, entry->ifa_prefixlen};
                found = 0;
            }
        }
    }
}

static int only_address(struct netlink *netlink, int index, struct ipv4 address)
{
    struct ipv4 other;
    int error;
    while ((error = other_address(netlink, index, address, &other)) == 0) {
        error = address_change(netlink, RTM_DELADDR, 0, index, other);
        if (error != 0 && error != EADDRNOTAVAIL)
            return error;
    }
    if (error != ENOENT)
        return error;
    error = address_add(netlink, index, address);
    return error == EEXIST ? 0 : error;
}

int bridge_ensure(struct netlink *netlink, const char *name, struct ipv4 address, int mtu, int *index)
{
    struct netlink_message message;
    struct ifinfomsg fixed = {0};
    /* An address of its own, or the bridge takes on that of whichever port comes first, and changes it. */
    uint8_t mac[6] = {0x02, 0x42};
    memcpy(mac + 2, &address.address, sizeof address.address);
    message_begin(&message, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
    put_string(&message, IFLA_IFNAME, name);
    put(&message, IFLA_ADDRESS, mac, sizeof mac);
    put_u32(&message, IFLA_MTU, (uint32_t)mtu);
    size_t info = nest_begin(&message, IFLA_LINKINFO);
    put_string(&message, IFLA_INFO_KIND, "bridge");
    nest_end(&message, info);
    int error = netlink_talk(netlink, &message);
    if (error != 0 && error != EEXIST)
        return error;
    *index = (int)if_nametoindex(name);
    if (*index == 0)
        return errno;
    error = only_address(netlink, *index, address);
    return error != 0 ? error : link_up(netlink, *index);
}

int veth_create(struct netlink *netlink, const char *host_name, const char *peer_name, int bridge_index,
                const uint8_t mac[6], int mtu, int namespace_fd)
{
    struct netlink_message message;
    struct ifinfomsg host = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer = {0};
    message_begin(&message, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &host, sizeof host);
    put_string(&message, IFLA_IFNAME, host_name);
    put_u32(&message, IFLA_MTU, (uint32_t)mtu);
    put_u32(&message, IFLA_MASTER, (uint32_t)bridge_index);
    size_t info = nest_begin(&message, IFLA_LINKINFO);
    put_string(&message, IFLA_INFO_KIND, "veth");
    size_t data = nest_begin(&message, IFLA_INFO_DATA);
    size_t other = nest_begin(&message, VETH_INFO_PEER);
    /* The peer's attributes follow a header of their own, without one of an attribute. */
    memcpy(message.bytes + message.length, &peer, sizeof peer);
    message.length += sizeof peer;
    put_string(&message, IFLA_IFNAME, peer_name);
    put(&message, IFLA_ADDRESS, mac, 6);
    put_u32(&message, IFLA_MTU, (uint32_t)mtu);
    put_u32(&message, IFLA_NET_NS_FD, (uint32_t)namespace_fd);
    nest_end(&message, other);
    nest_end(&message, data);
    nest_end(&message, info);
    return netlink_talk(netlink, &message);
}

int port_hairpin(struct netlink *netlink, const char *name)
{
    struct netlink_message message;
    struct ifinfomsg fixed = {.ifi_family = AF_BRIDGE, .ifi_index = (int)if_nametoindex(name)};
    if (fixed.ifi_index == 0)
        return errno;
    uint8_t on = 1;
    message_begin(&message, RTM_SETLINK, NLM_F_ACK, &fixed, sizeof fixed);
    size_t info = nest_begin(&message, IFLA_PROTINFO);
    put(&message, IFLA_BRPORT_MODE, &on, sizeof on);
    nest_end(&message, info);
    return netlink_talk(netlink, &message);
}
