/*
 * SOCK_SEQPACKET clients. The poller's thread reads, JavaScript writes. One lock a socket guards its state; the
 * descriptor is closed by the poller's thread alone, so that it cannot be reused under a watch.
 *
 * The watch is one-shot: armed only for what is wanted now. A paused socket is not armed at all, because epoll always
 * reports a hang-up and would spin.
 */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* Header and body of the largest packet of the shim protocol. */
    max_message = 65536,
    max_message_fds = 8,
    /* Bytes read and not yet delivered at which the thread stops reading a socket. */
    queue_limit_bytes = 4 * 1024 * 1024,
    /* Packets read at one wake-up, so that one busy socket does not starve the others. */
    burst = 32,
};

struct socket {
    struct watch watch;
    pthread_mutex_t lock;
    size_t queued_bytes;
    bool paused, want_write, closing, closed;
    /* JavaScript thread only. */
    napi_ref on_message, on_close, self;
    /* The watch's side and the object's side each hold one; freed at zero. */
    int references;
};

enum item_kind { item_message, item_drain, item_close };
struct socket_item {
    struct item item;
    struct socket *socket;
    enum item_kind kind;
    int error;
    int fds[max_message_fds];
    int fd_count;
    size_t length;
    uint8_t bytes[];
};

static void unreference(struct socket *socket)
{
    pthread_mutex_lock(&socket->lock);
    int left = --socket->references;
    pthread_mutex_unlock(&socket->lock);
    if (left > 0)
        return;
    pthread_mutex_destroy(&socket->lock);
    free(socket);
}

/* With the lock held. */
static void arm(struct socket *socket)
{
    uint32_t events = 0;
    if (socket->closed)
        return;
    if (socket->closing || (!socket->paused && socket->queued_bytes < queue_limit_bytes))
        events |= EPOLLIN;
    if (socket->want_write)
        events |= EPOLLOUT;
    if (events != 0)
        poller_arm(&socket->watch, events);
}

static void call(napi_env env, napi_value receiver, napi_value function, size_t count, const napi_value *arguments)
{
    napi_valuetype type;
    if (function != NULL && napi_typeof(env, function, &type) == napi_ok && type == napi_function)
        napi_call_function(env, receiver, function, count, arguments, NULL);
}

static void deliver_message(napi_env env, struct socket_item *item)
{
    napi_value arguments[2], function;
    napi_create_buffer_copy(env, item->length, item->bytes, NULL, &arguments[0]);
    napi_create_array_with_length(env, (size_t)item->fd_count, &arguments[1]);
    for (int i = 0; i < item->fd_count; i++) {
        napi_value fd;
        napi_create_int32(env, item->fds[i], &fd);
        napi_set_element(env, arguments[1], (uint32_t)i, fd);
    }
    napi_get_reference_value(env, item->socket->on_message, &function);
    call(env, undefined(env), function, 2, arguments);
}

static void deliver_close(napi_env env, struct socket_item *item)
{
    struct socket *socket = item->socket;
    napi_value argument, function;
    if (item->error == 0)
        napi_get_null(env, &argument);
    else
        napi_create_string_utf8(env, errno_name(item->error), NAPI_AUTO_LENGTH, &argument);
    napi_get_reference_value(env, socket->on_close, &function);
    napi_delete_reference(env, socket->on_message);
    napi_delete_reference(env, socket->on_close);
    napi_delete_reference(env, socket->self);
    call(env, undefined(env), function, 1, &argument);
}

static void deliver_drain(napi_env env, struct socket_item *item)
{
    napi_value object, function;
    napi_get_reference_value(env, item->socket->self, &object);
    napi_get_named_property(env, object, "onDrain", &function);
    call(env, object, function, 0, NULL);
}

static void deliver(napi_env env, struct item *base)
{
    struct socket_item *item = (struct socket_item *)base;
    struct socket *socket = item->socket;
    pthread_mutex_lock(&socket->lock);
    bool over = socket->queued_bytes >= queue_limit_bytes;
    socket->queued_bytes -= item->length;
    if (over && socket->queued_bytes < queue_limit_bytes)
        arm(socket);
    bool wanted = !socket->closing;
    pthread_mutex_unlock(&socket->lock);
    if (env != NULL && item->kind == item_close)
        deliver_close(env, item);
    else if (env != NULL && item->kind == item_message && wanted)
        deliver_message(env, item);
    else if (env != NULL && item->kind == item_drain && wanted)
        deliver_drain(env, item);
    else
        for (int i = 0; i < item->fd_count; i++)
            close(item->fds[i]);
    if (item->kind == item_close) {
        poller_release(env);
        unreference(socket);
    }
    free(item);
}

static void post(struct socket *socket, enum item_kind kind, int error)
{
    struct socket_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        abort();
    item->item.deliver = deliver;
    item->socket = socket;
    item->kind = kind;
    item->error = error;
    poller_post(&item->item);
}

static int take_fds(struct msghdr *message, int fds[max_message_fds])
{
    int count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        int in_part = (int)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds + count, CMSG_DATA(part), (size_t)in_part * sizeof(int));
        count += in_part;
    }
    return count;
}

/* Reads one packet and posts it. 1: read, 0: would block, -1: the end, with its errno or 0 in *error. */
static int read_packet(struct socket *socket, int *error)
{
    static uint8_t buffer[max_message];
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(max_message_fds * sizeof(int))];
    } control;
    struct iovec vector = {buffer, sizeof buffer};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(socket->watch.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR;
    if (length <= 0 || (message.msg_flags & MSG_TRUNC) != 0) {
        *error = length < 0 ? errno : length > 0 ? EMSGSIZE : 0;
        return -1;
    }
    struct socket_item *item = calloc(1, sizeof *item + (size_t)length);
    if (item == NULL)
        abort();
    item->item.deliver = deliver;
    item->socket = socket;
    item->kind = item_message;
    item->fd_count = take_fds(&message, item->fds);
    item->length = (size_t)length;
    memcpy(item->bytes, buffer, (size_t)length);
    pthread_mutex_lock(&socket->lock);
    socket->queued_bytes += item->length;
    pthread_mutex_unlock(&socket->lock);
    poller_post(&item->item);
    return 1;
}

static bool may_read(struct socket *socket)
{
    pthread_mutex_lock(&socket->lock);
    bool yes = !socket->closing && !socket->paused && socket->queued_bytes < queue_limit_bytes;
    pthread_mutex_unlock(&socket->lock);
    return yes;
}

static void finish(struct socket *socket, int error)
{
    pthread_mutex_lock(&socket->lock);
    socket->closed = true;
    poller_remove(&socket->watch);
    close(socket->watch.fd);
    pthread_mutex_unlock(&socket->lock);
    post(socket, item_close, error);
}

/* On the poller's thread. */
static void ready(struct watch *watch, uint32_t events)
{
    struct socket *socket = (struct socket *)watch;
    pthread_mutex_lock(&socket->lock);
    bool closing = socket->closing;
    bool drained = socket->want_write && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    if (drained)
        socket->want_write = false;
    pthread_mutex_unlock(&socket->lock);
    if (closing) {
        finish(socket, 0);
        return;
    }
    if (drained)
        post(socket, item_drain, 0);
    int error = 0, got = 1;
    for (int i = 0; i < burst && got > 0 && may_read(socket); i++)
        got = read_packet(socket, &error);
    if (got < 0) {
        finish(socket, error);
        return;
    }
    pthread_mutex_lock(&socket->lock);
    arm(socket);
    pthread_mutex_unlock(&socket->lock);
}

static struct socket *this_socket(napi_env env, napi_callback_info info, size_t *argc, napi_value *argv)
{
    napi_value self;
    void *socket = NULL;
    napi_get_cb_info(env, info, argc, argv, &self, NULL);
    if (napi_unwrap(env, self, &socket) != napi_ok)
        napi_throw_type_error(env, NULL, "not a seqpacket socket");
    return socket;
}

/* Puts the numbers of a JavaScript array (or undefined) into a control message. false with an exception pending. */
static bool put_fds(napi_env env, napi_value array, struct cmsghdr *header, struct msghdr *message)
{
    uint32_t count = 0;
    napi_valuetype type = napi_undefined;
    if (array != NULL)
        napi_typeof(env, array, &type);
    if (type == napi_undefined)
        return true;
    if (napi_get_array_length(env, array, &count) != napi_ok || count > max_message_fds) {
        napi_throw_type_error(env, NULL, "at most 8 descriptors were expected");
        return false;
    }
    if (count == 0)
        return true;
    message->msg_control = header;
    message->msg_controllen = CMSG_SPACE(count * sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    int fds[max_message_fds];
    for (uint32_t i = 0; i < count; i++) {
        napi_value element;
        napi_get_element(env, array, i, &element);
        if (!value_int(env, element, &fds[i]))
            return false;
    }
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    return true;
}

/* send(message, fds?) -> boolean */
static napi_value js_send(napi_env env, napi_callback_info info)
{
    size_t argc = 2, length;
    napi_value argv[2] = {NULL, NULL}, result;
    const uint8_t *bytes;
    struct socket *socket = this_socket(env, info, &argc, argv);
    if (socket == NULL || !value_bytes(env, argv[0], &bytes, &length))
        return NULL;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(max_message_fds * sizeof(int))];
    } control = {0};
    struct iovec vector = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (!put_fds(env, argc > 1 ? argv[1] : NULL, &control.header, &message))
        return NULL;
    pthread_mutex_lock(&socket->lock);
    int error = 0;
    if (socket->closing || socket->closed)
        error = EPIPE;
    else if (sendmsg(socket->watch.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        error = errno;
    if (error == EAGAIN) {
        socket->want_write = true;
        arm(socket);
    }
    pthread_mutex_unlock(&socket->lock);
    if (error != 0 && error != EAGAIN)
        return throw_errno(env, error, "sendmsg", NULL);
    napi_get_boolean(env, error == 0, &result);
    return result;
}

static napi_value set_paused(napi_env env, napi_callback_info info, bool paused)
{
    size_t argc = 0;
    struct socket *socket = this_socket(env, info, &argc, NULL);
    if (socket == NULL)
        return NULL;
    pthread_mutex_lock(&socket->lock);
    bool changed = socket->paused != paused;
    socket->paused = paused;
    if (changed && !paused)
        arm(socket);
    pthread_mutex_unlock(&socket->lock);
    return undefined(env);
}

static napi_value js_pause(napi_env env, napi_callback_info info)
{
    return set_paused(env, info, true);
}

static napi_value js_resume(napi_env env, napi_callback_info info)
{
    return set_paused(env, info, false);
}

static napi_value js_close(napi_env env, napi_callback_info info)
{
    size_t argc = 0;
    struct socket *socket = this_socket(env, info, &argc, NULL);
    if (socket == NULL)
        return NULL;
    pthread_mutex_lock(&socket->lock);
    if (!socket->closing && !socket->closed) {
        socket->closing = true;
        shutdown(socket->watch.fd, SHUT_RDWR);
        arm(socket);
    }
    pthread_mutex_unlock(&socket->lock);
    return undefined(env);
}

static int connect_to(const char *path, int *fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, path);
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return errno;
    if (connect(*fd, (struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    int error = errno;
    close(*fd);
    return error;
}

static void finalize(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    unreference(data);
}

static napi_value make_object(napi_env env, struct socket *socket)
{
    napi_value object, null;
    napi_create_object(env, &object);
    napi_get_null(env, &null);
    napi_set_named_property(env, object, "onDrain", null);
    value_function(env, object, "send", js_send);
    value_function(env, object, "pause", js_pause);
    value_function(env, object, "resume", js_resume);
    value_function(env, object, "close", js_close);
    napi_wrap(env, object, socket, finalize, NULL, NULL);
    napi_create_reference(env, object, 1, &socket->self);
    return object;
}

/* seqpacketConnect({path, onMessage, onClose}) -> SeqpacketSocket */
static napi_value js_connect(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    char path[256];
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    if (!property_string(env, options, "path", path, sizeof path) || !poller_use(env))
        return NULL;
    int fd;
    int error = connect_to(path, &fd);
    if (error != 0)
        return throw_errno(env, error, "connect", path);
    struct socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL) {
        close(fd);
        return throw_errno(env, ENOMEM, "calloc", NULL);
    }
    socket->watch.fd = fd;
    socket->watch.ready = ready;
    socket->references = 2;
    pthread_mutex_init(&socket->lock, NULL);
    napi_create_reference(env, property(env, options, "onMessage"), 1, &socket->on_message);
    napi_create_reference(env, property(env, options, "onClose"), 1, &socket->on_close);
    napi_value object = make_object(env, socket);
    poller_hold(env);
    error = poller_add(&socket->watch, EPOLLIN);
    if (error != 0) {
        /* Nothing watches it: told as a socket that closed at once. */
        close(fd);
        socket->closed = true;
        post(socket, item_close, error);
    }
    return object;
}

void seqpacket_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "seqpacketConnect", js_connect);
}
