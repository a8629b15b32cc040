/*
 * The engine's native addon, plain C N-API. One file a noun; each has a register function that adds its JavaScript
 * functions to the exports. Errors: JavaScript sees an Error with `code` (errno name) and `syscall`.
 */
#ifndef BERTH_ADDON_H
#define BERTH_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void process_register(napi_env env, napi_value exports);
void files_register(napi_env env, napi_value exports);
void hangup_register(napi_env env, napi_value exports);
void seqpacket_register(napi_env env, napi_value exports);
void network_register(napi_env env, napi_value exports);
void nft_register(napi_env env, napi_value exports);
void ports_register(napi_env env, napi_value exports);
void resolver_register(napi_env env, napi_value exports);

/* values.c: JavaScript values to C and back. The getters throw a TypeError and return false. */
void value_function(napi_env env, napi_value object, const char *name, napi_callback callback);
bool value_int(napi_env env, napi_value value, int *out);
bool value_string(napi_env env, napi_value value, char *out, size_t size);
/* Allocates; the caller frees. */
char *value_string_copy(napi_env env, napi_value value);
bool value_bytes(napi_env env, napi_value value, const uint8_t **out, size_t *length);
bool property_int(napi_env env, napi_value object, const char *name, int *out);
bool property_string(napi_env env, napi_value object, const char *name, char *out, size_t size);
napi_value property(napi_env env, napi_value object, const char *name);
void set_int(napi_env env, napi_value object, const char *name, int64_t value);
napi_value undefined(napi_env env);

/* Makes the Error for an errno; `detail` may be NULL. */
napi_value errno_error(napi_env env, int number, const char *syscall, const char *detail);
/* Throws it and returns NULL, so that callers can return the call. */
napi_value throw_errno(napi_env env, int number, const char *syscall, const char *detail);
const char *errno_name(int number);

/*
 * A job on a worker thread that settles a promise. `run` executes there and returns 0 or an errno (it may name the
 * failed call in `syscall`); `result` makes the value on the JavaScript thread, NULL for undefined. The job is the
 * first member of the caller's own struct, which job_start takes over and frees.
 */
struct job {
    int (*run)(struct job *job);
    napi_value (*result)(napi_env env, struct job *job);
    const char *syscall;
    char detail[1024];
    int error;
    napi_async_work work;
    napi_deferred deferred;
};
napi_value job_start(napi_env env, struct job *job);

/*
 * The poller: one thread with an epoll instance, which hands finished items to the JavaScript thread by one
 * threadsafe function. Watched descriptors are one-shot: after its callback a watch sleeps until poller_arm.
 */
struct watch {
    int fd;
    /* On the poller's thread. */
    void (*ready)(struct watch *watch, uint32_t events);
};
struct item {
    struct item *next;
    /* On the JavaScript thread, in the order of poller_post; frees the item. env is NULL when Node is going down. */
    void (*deliver)(napi_env env, struct item *item);
};
/* Starts the poller at the first call; false with a JavaScript exception pending. JavaScript thread only. */
bool poller_use(napi_env env);
/* Node stays alive while more uses than releases were counted. JavaScript thread only. */
void poller_hold(napi_env env);
void poller_release(napi_env env);
/* Any thread. 0 or errno. */
int poller_add(struct watch *watch, uint32_t events);
int poller_arm(struct watch *watch, uint32_t events);
void poller_remove(struct watch *watch);
void poller_post(struct item *item);

#endif
