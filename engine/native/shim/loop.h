/* One thread, one epoll: who is called when a descriptor is ready. */
#ifndef BERTH_LOOP_H
#define BERTH_LOOP_H

#include <stdint.h>

struct shim;
struct watch {
    int fd;          /* -1: nothing is watched */
    uint32_t events; /* what is waited for now; 0: not in the epoll set */
    void (*ready)(struct shim *shim, void *context, uint32_t events);
    void *context;
};

/* Changes what is waited for; with 0 the descriptor leaves the set, so that its hang-up is not told again and again. */
void watch_events(struct shim *shim, struct watch *watch, uint32_t events);
/* Leaves the set and closes. */
void watch_close(struct shim *shim, struct watch *watch);
/* Calls what is ready until shim_end was called; `tick` after each round. */
void loop_run(struct shim *shim);

#endif
