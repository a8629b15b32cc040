/*
 * One epoll thread for sockets and pidfds. It never calls JavaScript: finished items go into one list, and the
 * threadsafe function is called when the list was empty, so that a burst costs one crossing.
 */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static int epoll_fd = -1;
static napi_threadsafe_function handover;
static int holds;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct item *queue_head, **queue_tail = &queue_head;
/* Node is going down: nothing is handed over any more. Guarded by queue_lock. */
static bool stopped;

static void stop(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&queue_lock);
    stopped = true;
    pthread_mutex_unlock(&queue_lock);
}

static void *poll_forever(void *unused)
{
    (void)unused;
    struct epoll_event events[64];
    for (;;) {
        int count = epoll_wait(epoll_fd, events, 64, -1);
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;
            watch->ready(watch, events[i].events);
        }
    }
    return NULL;
}

/* On the JavaScript thread: delivers what has been posted so far. */
static void deliver_all(napi_env env, napi_value callback, void *context, void *data)
{
    (void)callback;
    (void)context;
    (void)data;
    pthread_mutex_lock(&queue_lock);
    struct item *item = queue_head;
    queue_head = NULL;
    queue_tail = &queue_head;
    pthread_mutex_unlock(&queue_lock);
    while (item != NULL) {
        struct item *next = item->next;
        napi_handle_scope scope = NULL;
        if (env != NULL)
            napi_open_handle_scope(env, &scope);
        item->deliver(env, item);
        if (env != NULL) {
            /* A listener's exception is the program's, as in any event handler. */
            napi_value exception;
            bool pending = false;
            napi_is_exception_pending(env, &pending);
            if (pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok)
                napi_fatal_exception(env, exception);
            napi_close_handle_scope(env, scope);
        }
        item = next;
    }
}

static int start_thread(void)
{
    /* Signals belong to Node's own threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* Deep enough for one 64 KiB message buffer and the calls around it. */
    pthread_attr_setstacksize(&attributes, 512 * 1024);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, poll_forever, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

bool poller_use(napi_env env)
{
    if (epoll_fd >= 0)
        return true;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        throw_errno(env, errno, "epoll_create1", NULL);
        return false;
    }
    napi_value name;
    napi_create_string_utf8(env, "berth-poller", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, deliver_all, &handover);
    napi_unref_threadsafe_function(env, handover);
    /* Hooks run last in, first out: before the threadsafe function goes. */
    napi_add_env_cleanup_hook(env, stop, NULL);
    epoll_fd = fd;
    int error = start_thread();
    if (error != 0) {
        epoll_fd = -1;
        close(fd);
        napi_release_threadsafe_function(handover, napi_tsfn_abort);
        throw_errno(env, error, "pthread_create", NULL);
        return false;
    }
    return true;
}

void poller_hold(napi_env env)
{
    if (holds++ == 0)
        napi_ref_threadsafe_function(env, handover);
}

void poller_release(napi_env env)
{
    if (--holds == 0 && env != NULL)
        napi_unref_threadsafe_function(env, handover);
}

static int control(int operation, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = watch};
    return epoll_ctl(epoll_fd, operation, watch->fd, &event) < 0 ? errno : 0;
}

int poller_add(struct watch *watch, uint32_t events)
{
    return control(EPOLL_CTL_ADD, watch, events);
}

int poller_arm(struct watch *watch, uint32_t events)
{
    return control(EPOLL_CTL_MOD, watch, events);
}

void poller_remove(struct watch *watch)
{
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

void poller_post(struct item *item)
{
    item->next = NULL;
    pthread_mutex_lock(&queue_lock);
    bool was_empty = queue_head == NULL;
    *queue_tail = item;
    queue_tail = &item->next;
    /* Under the lock, so that the function cannot go between the question and the call. */
    if (was_empty && !stopped)
        napi_call_threadsafe_function(handover, NULL, napi_tsfn_nonblocking);
    pthread_mutex_unlock(&queue_lock);
}
