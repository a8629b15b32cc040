#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shim.h"

void watch_events(struct shim *shim, struct watch *watch, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (watch->fd < 0 || watch->events == events) return;
    int operation = events == 0 ? EPOLL_CTL_DEL : watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    epoll_ctl(shim->epoll, operation, watch->fd, &event);
    watch->events = events;
}

void watch_close(struct shim *shim, struct watch *watch) {
    if (watch->fd < 0) return;
    watch_events(shim, watch, 0);
    close(watch->fd);
    watch->fd = -1;
}

void loop_run(struct shim *shim) {
    while (!shim->ending) {
        /* One event a round: a handler may free what another event of the same round points to. */
        struct epoll_event event;
        int timeout = shim_tick(shim);
        if (shim->ending) break;
        if (epoll_wait(shim->epoll, &event, 1, timeout) < 1) continue;
        struct watch *watch = event.data.ptr;
        watch->ready(shim, watch->context, event.events);
    }
}
