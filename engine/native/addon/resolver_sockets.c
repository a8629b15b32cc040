/* The sockets of a container's name server, made inside its network namespace and served by the engine. */
#define _GNU_SOURCE
#include "addon.h"
#include "namespaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct resolver_job {
    struct job job;
    int pid, udp, tcp, udp_port, tcp_port;
};

/* Bound to any free port of the address; TCP listens. */
static int bound(int type, const char *text, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, text, &address.sin_addr);
    bool opened = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                  (type != SOCK_STREAM || listen(fd, 64) == 0) &&
                  getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    if (!opened) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        errno = error;
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static int open_sockets(struct resolver_job *resolver)
{
    static const char *const address = "127.0.0.11";
    resolver->udp = bound(SOCK_DGRAM, address, &resolver->udp_port);
    if (resolver->udp < 0)
        return errno;
    resolver->tcp = bound(SOCK_STREAM, address, &resolver->tcp_port);
    if (resolver->tcp >= 0)
        return 0;
    int error = errno;
    close(resolver->udp);
    return error;
}

static int run_resolver(struct job *job)
{
    struct resolver_job *resolver = (struct resolver_job *)job;
    int own = network_own(), target = network_of(resolver->pid);
    job->syscall = "setns";
    int error = own < 0 || target < 0 ? errno : 0;
    if (error == 0 && setns(target, CLONE_NEWNET) < 0)
        error = errno;
    else if (error == 0) {
        job->syscall = "bind";
        error = open_sockets(resolver);
        network_leave(own);
    }
    if (target >= 0)
        close(target);
    return error;
}

static napi_value resolver_result(napi_env env, struct job *job)
{
    struct resolver_job *resolver = (struct resolver_job *)job;
    napi_value result;
    napi_create_object(env, &result);
    set_int(env, result, "udpFd", resolver->udp);
    set_int(env, result, "tcpFd", resolver->tcp);
    set_int(env, result, "udpPort", resolver->udp_port);
    set_int(env, result, "tcpPort", resolver->tcp_port);
    return result;
}

/* resolverSockets(pid) -> Promise<{udpFd, tcpFd, udpPort, tcpPort}> */
static napi_value js_resolver_sockets(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    struct resolver_job *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL)
        return throw_errno(env, ENOMEM, "calloc", NULL);
    resolver->job.run = run_resolver;
    resolver->job.result = resolver_result;
    if (value_int(env, argument, &resolver->pid))
        return job_start(env, &resolver->job);
    free(resolver);
    return NULL;
}

void resolver_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "resolverSockets", js_resolver_sockets);
}
