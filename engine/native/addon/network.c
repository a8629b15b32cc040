/* Wiring of containers: JavaScript side of links.c. Everything runs on worker threads. */
#define _GNU_SOURCE
#include "addon.h"
#include "links.h"
#include "namespaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every request of this file in one struct: each job reads the fields that its function took. */
struct network_job {
    struct job job;
    int pid, mtu, bridge_index;
    char name[IFNAMSIZ], peer_name[IFNAMSIZ];
    struct ipv4 address;
    uint32_t gateway;
    uint8_t mac[6];
};

static int failed(struct job *job, const char *step, int error)
{
    if (error != 0)
        job->syscall = step;
    return error;
}

/* Writes a sysctl of the calling thread's network namespace. One that this kernel does not have is no error. */
static int write_sysctl(const char *key, const char *device, const char *value)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/%s", strcmp(key, "disable_ipv6") == 0 ? "ipv6" : "ipv4",
             device, key);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    int error = write(fd, value, strlen(value)) < 0 ? errno : 0;
    close(fd);
    return error;
}

static int run_ensure_bridge(struct job *job)
{
    struct network_job *network = (struct network_job *)job;
    struct netlink netlink;
    int error = failed(job, "netlink", netlink_open(&netlink, NETLINK_ROUTE));
    if (error != 0)
        return error;
    error = failed(job, "bridge", bridge_ensure(&netlink, network->name, network->address, network->mtu,
                                                &network->bridge_index));
    netlink_close(&netlink);
    /* Lets packets to published ports on 127.0.0.1 leave through the bridge; the nft table guards the way back. */
    if (error == 0)
        error = failed(job, "route_localnet", write_sysctl("route_localnet", network->name, "1"));
    return error;
}

/* In the container's namespace. */
static int configure_peer(struct network_job *network)
{
    struct job *job = &network->job;
    struct netlink netlink;
    int error = failed(job, "netlink", netlink_open(&netlink, NETLINK_ROUTE));
    if (error != 0)
        return error;
    int index = (int)if_nametoindex(network->peer_name);
    if (index == 0)
        error = failed(job, "if_nametoindex", errno);
    /* The bridge has no IPv6: as in Docker the interface gets no link-local address either. */
    if (error == 0)
        error = failed(job, "disable_ipv6", write_sysctl("disable_ipv6", network->peer_name, "1"));
    if (error == 0)
        error = failed(job, "lo up", link_up(&netlink, 1));
    if (error == 0)
        error = failed(job, "address", address_add(&netlink, index, network->address));
    if (error == 0)
        error = failed(job, "link up", link_up(&netlink, index));
    if (error == 0 && network->gateway != 0)
        error = failed(job, "route", route_default(&netlink, network->gateway));
    netlink_close(&netlink);
    return error;
}

static int wire(struct network_job *network, struct netlink *host, int target, int own)
{
    struct job *job = &network->job;
    int error = failed(job, "veth", veth_create(host, network->name, network->peer_name, network->bridge_index,
                                                network->mac, network->mtu, target));
    if (error != 0)
        return error;
    error = failed(job, "hairpin", port_hairpin(host, network->name));
    if (error == 0 && setns(target, CLONE_NEWNET) < 0)
        error = failed(job, "setns", errno);
    else if (error == 0) {
        error = configure_peer(network);
        network_leave(own);
    }
    if (error != 0)
        link_delete(host, network->name);
    return error;
}

static int run_wire(struct job *job)
{
    struct network_job *network = (struct network_job *)job;
    struct netlink host = {.fd = -1};
    int own = network_own(), target = network_of(network->pid);
    int error = own < 0 || target < 0 ? failed(job, "open", errno) : 0;
    if (error == 0)
        error = failed(job, "netlink", netlink_open(&host, NETLINK_ROUTE));
    if (error == 0)
        error = wire(network, &host, target, own);
    netlink_close(&host);
    if (target >= 0)
        close(target);
    return error;
}

static int run_loopback_up(struct job *job)
{
    struct network_job *network = (struct network_job *)job;
    struct netlink netlink = {.fd = -1};
    int own = network_own(), target = network_of(network->pid);
    int error = own < 0 || target < 0 ? failed(job, "open", errno) : 0;
    if (error == 0 && setns(target, CLONE_NEWNET) < 0)
        error = failed(job, "setns", errno);
    else if (error == 0) {
        error = failed(job, "netlink", netlink_open(&netlink, NETLINK_ROUTE));
        network_leave(own);
    }
    if (error == 0)
        error = failed(job, "lo up", link_up(&netlink, 1));
    netlink_close(&netlink);
    if (target >= 0)
        close(target);
    return error;
}

static int run_default_route(struct job *job)
{
    struct network_job *network = (struct network_job *)job;
    struct netlink netlink = {.fd = -1};
    int own = network_own(), target = network_of(network->pid);
    int error = own < 0 || target < 0 ? failed(job, "open", errno) : 0;
    if (error == 0 && setns(target, CLONE_NEWNET) < 0)
        error = failed(job, "setns", errno);
    else if (error == 0) {
        error = failed(job, "netlink", netlink_open(&netlink, NETLINK_ROUTE));
        network_leave(own);
    }
    if (error == 0)
        error = failed(job, "route", route_default(&netlink, network->gateway));
    netlink_close(&netlink);
    if (target >= 0)
        close(target);
    return error;
}

static int run_delete_link(struct job *job)
{
    struct network_job *network = (struct network_job *)job;
    struct netlink netlink;
    int error = failed(job, "netlink", netlink_open(&netlink, NETLINK_ROUTE));
    if (error != 0)
        return error;
    error = link_delete(&netlink, network->name);
    netlink_close(&netlink);
    return error == ENODEV ? 0 : failed(job, "link delete", error);
}

static napi_value bridge_result(napi_env env, struct job *job)
{
    napi_value index;
    napi_create_int32(env, ((struct network_job *)job)->bridge_index, &index);
    return index;
}

static bool get_address(napi_env env, napi_value options, const char *name, uint32_t *out)
{
    char text[INET_ADDRSTRLEN];
    if (!property_string(env, options, name, text, sizeof text))
        return false;
    if (text[0] == '\0') {
        *out = 0;
        return true;
    }
    if (inet_pton(AF_INET, text, out) == 1)
        return true;
    throw_errno(env, EINVAL, "inet_pton", text);
    return false;
}

static bool get_mac(napi_env env, napi_value options, uint8_t mac[6])
{
    char text[18];
    unsigned int part[6];
    if (!property_string(env, options, "mac", text, sizeof text))
        return false;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &part[0], &part[1], &part[2], &part[3], &part[4], &part[5]) != 6) {
        throw_errno(env, EINVAL, "mac", text);
        return false;
    }
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)part[i];
    return true;
}

static bool get_prefix(napi_env env, napi_value options, int *out)
{
    if (!property_int(env, options, "prefixLength", out))
        return false;
    if (*out >= 0 && *out <= 32)
        return true;
    throw_errno(env, EINVAL, "prefixLength", NULL);
    return false;
}

static struct network_job *new_job(napi_env env, int (*run)(struct job *))
{
    struct network_job *network = calloc(1, sizeof *network);
    if (network == NULL)
        throw_errno(env, ENOMEM, "calloc", NULL);
    else
        network->job.run = run;
    return network;
}

/* Starts the job when its options were read without an exception. */
static napi_value start(napi_env env, struct network_job *network, bool options_read)
{
    if (options_read)
        return job_start(env, &network->job);
    free(network);
    return NULL;
}

static napi_value js_ensure_bridge(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    struct network_job *network = new_job(env, run_ensure_bridge);
    if (network == NULL)
        return NULL;
    network->job.result = bridge_result;
    return start(env, network,
                 property_string(env, options, "name", network->name, sizeof network->name) &&
                     get_address(env, options, "address", &network->address.address) &&
                     get_prefix(env, options, &network->address.prefix_length) &&
                     property_int(env, options, "mtu", &network->mtu));
}

static napi_value js_wire_container(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    struct network_job *network = new_job(env, run_wire);
    if (network == NULL)
        return NULL;
    return start(env, network,
                 property_int(env, options, "pid", &network->pid) &&
                     property_string(env, options, "hostName", network->name, sizeof network->name) &&
                     property_string(env, options, "peerName", network->peer_name, sizeof network->peer_name) &&
                     property_int(env, options, "bridgeIndex", &network->bridge_index) &&
                     get_address(env, options, "address", &network->address.address) &&
                     get_prefix(env, options, &network->address.prefix_length) &&
                     get_address(env, options, "gateway", &network->gateway) &&
                     get_mac(env, options, network->mac) && property_int(env, options, "mtu", &network->mtu));
}

static napi_value js_loopback_up(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    struct network_job *network = new_job(env, run_loopback_up);
    return network == NULL ? NULL : start(env, network, value_int(env, argument, &network->pid));
}

static napi_value js_default_route(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    struct network_job *network = new_job(env, run_default_route);
    if (network == NULL)
        return NULL;
    return start(env, network,
                 property_int(env, options, "pid", &network->pid) &&
                     get_address(env, options, "gateway", &network->gateway));
}

static napi_value js_delete_link(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    struct network_job *network = new_job(env, run_delete_link);
    if (network == NULL)
        return NULL;
    return start(env, network, value_string(env, argument, network->name, sizeof network->name));
}

void network_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "ensureBridge", js_ensure_bridge);
    value_function(env, exports, "wireContainer", js_wire_container);
    value_function(env, exports, "loopbackUp", js_loopback_up);
    value_function(env, exports, "defaultRoute", js_default_route);
    value_function(env, exports, "deleteLink", js_delete_link);
}
