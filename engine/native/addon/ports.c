/* Reservation of host ports, so that a conflict with any other program is noticed by the kernel. */
#define _GNU_SOURCE
#include "addon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Takes the port. TCP: SO_REUSEADDR passes over connections in TIME_WAIT, and listening makes the claim exclusive
 * (two bound sockets with SO_REUSEADDR tolerate each other until one listens). Nothing is ever accepted: the
 * nftables rules lead connections away before they get here.
 */
static int claim(bool tcp, const struct sockaddr *address, socklen_t length, int *fd)
{
    *fd = socket(address->sa_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    int one = 1;
    if (tcp)
        setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(*fd, address, length) == 0 && (!tcp || listen(*fd, 0) == 0))
        return 0;
    int error = errno;
    close(*fd);
    return error;
}

static socklen_t parse_address(const char *text, int port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return sizeof *v6;
    }
    return 0;
}

/* reservePort({protocol, address, port}) -> {fd, port} */
static napi_value js_reserve_port(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    char protocol[8], text[64];
    int port, fd;
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    if (!property_string(env, options, "protocol", protocol, sizeof protocol) ||
        !property_string(env, options, "address", text, sizeof text) || !property_int(env, options, "port", &port))
        return NULL;
    struct sockaddr_storage address;
    socklen_t length = parse_address(text, port, &address);
    if (length == 0)
        return throw_errno(env, EINVAL, "inet_pton", text);
    int error = claim(strcmp(protocol, "tcp") == 0, (struct sockaddr *)&address, length, &fd);
    if (error != 0)
        return throw_errno(env, error, "bind", text);
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
    napi_value result;
    napi_create_object(env, &result);
    set_int(env, result, "fd", fd);
    /* sin_port and sin6_port lie at the same place. */
    set_int(env, result, "port", ntohs(((struct sockaddr_in *)&address)->sin_port));
    return result;
}

void ports_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "reservePort", js_reserve_port);
}
