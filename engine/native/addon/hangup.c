/*
 * Whether the other side of a connection has gone altogether. Reading tells of a half-close only, after which nothing
 * more can be read; epoll tells a hang-up, which is both directions closed. A copy of the descriptor is watched, and
 * closed on the JavaScript thread, so that `stop` never acts on a number that was given away.
 */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct hangup {
    struct watch watch;
    struct item item;
    napi_deferred deferred;
    bool delivered;
    /* The watch's side and the object's side each hold one; both are on the JavaScript thread. */
    int references;
};

static void unreference(struct hangup *hangup)
{
    if (--hangup->references == 0)
        free(hangup);
}

static void deliver(napi_env env, struct item *item)
{
    struct hangup *hangup = (struct hangup *)((char *)item - offsetof(struct hangup, item));
    close(hangup->watch.fd);
    hangup->delivered = true;
    if (env != NULL)
        napi_resolve_deferred(env, hangup->deferred, undefined(env));
    unreference(hangup);
}

static void ready(struct watch *watch, uint32_t events)
{
    (void)events;
    poller_remove(watch);
    poller_post(&((struct hangup *)watch)->item);
}

/* stop(): the connection is over on this side. */
static napi_value js_stop(napi_env env, napi_callback_info info)
{
    size_t argc = 0;
    napi_value self;
    void *data;
    napi_get_cb_info(env, info, &argc, NULL, &self, NULL);
    if (napi_unwrap(env, self, &data) != napi_ok)
        return undefined(env);
    struct hangup *hangup = data;
    /* A connection shut in both directions hangs up: the watch ends by its one way. */
    if (!hangup->delivered)
        shutdown(hangup->watch.fd, SHUT_RDWR);
    return undefined(env);
}

static void finalize(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    unreference(data);
}

/* watchHangup(fd) -> {gone: Promise<void>, stop()} */
static napi_value js_watch_hangup(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument, promise, object;
    int fd;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_int(env, argument, &fd) || !poller_use(env))
        return NULL;
    struct hangup *hangup = calloc(1, sizeof *hangup);
    if (hangup == NULL)
        return throw_errno(env, ENOMEM, "calloc", NULL);
    hangup->watch.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    hangup->watch.ready = ready;
    hangup->item.deliver = deliver;
    hangup->references = 2;
    int error = hangup->watch.fd < 0 ? errno : 0;
    if (error == 0) {
        napi_create_object(env, &object);
        napi_create_promise(env, &hangup->deferred, &promise);
        /* No event is asked for: a hang-up is always told. */
        error = poller_add(&hangup->watch, 0);
    }
    if (error != 0) {
        if (hangup->watch.fd >= 0)
            close(hangup->watch.fd);
        free(hangup);
        return throw_errno(env, error, "watchHangup", NULL);
    }
    napi_wrap(env, object, hangup, finalize, NULL, NULL);
    napi_set_named_property(env, object, "gone", promise);
    value_function(env, object, "stop", js_stop);
    return object;
}

void hangup_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "watchHangup", js_watch_hangup);
}
