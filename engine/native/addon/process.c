/* Processes: posix_spawn with exact descriptors, pidfds. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors of a child: more than any of our programs takes. */
enum { max_fds = 16 };

static int pidfd_open_call(int pid)
{
    /* pidfds are close-on-exec always. */
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void free_strings(char **strings)
{
    for (size_t i = 0; strings != NULL && strings[i] != NULL; i++)
        free(strings[i]);
    free(strings);
}

/* An array of strings as a NULL-terminated vector; NULL with an exception pending. */
static char **string_vector(napi_env env, napi_value array)
{
    uint32_t count;
    if (array == NULL || napi_get_array_length(env, array, &count) != napi_ok) {
        napi_throw_type_error(env, NULL, "an array of strings was expected");
        return NULL;
    }
    char **vector = calloc((size_t)count + 1, sizeof *vector);
    for (uint32_t i = 0; vector != NULL && i < count; i++) {
        napi_value element;
        napi_get_element(env, array, i, &element);
        vector[i] = value_string_copy(env, element);
        if (vector[i] == NULL) {
            free_strings(vector);
            return NULL;
        }
    }
    return vector;
}

/* Copies of the descriptors above every target number, so that no dup2 in the child overwrites a source. */
static int lift_fds(napi_env env, napi_value array, int lifted[max_fds], uint32_t *count)
{
    *count = 0;
    uint32_t length;
    if (array == NULL || napi_get_array_length(env, array, &length) != napi_ok || length > max_fds)
        return EINVAL;
    for (uint32_t i = 0; i < length; i++) {
        napi_value element;
        int fd;
        napi_get_element(env, array, i, &element);
        if (napi_get_value_int32(env, element, &fd) != napi_ok)
            return EINVAL;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, max_fds);
        if (copy < 0)
            return errno;
        lifted[(*count)++] = copy;
    }
    return 0;
}

static int spawn_child(const char *path, char **args, char **environment, const int *fds, uint32_t count, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (uint32_t i = 0; i < count; i++)
        posix_spawn_file_actions_adddup2(&actions, fds[i], (int)i);
    posix_spawn_file_actions_addclosefrom_np(&actions, (int)count);
    /* Node ignores SIGPIPE and may block signals: the child starts with neither. */
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn(pid, path, &actions, &attributes, args, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

struct spawn {
    struct job job;
    char **args, **environment;
    int fds[max_fds];
    uint32_t count;
    pid_t pid;
    int pidfd;
};

static void free_spawn(struct spawn *spawn)
{
    for (uint32_t i = 0; i < spawn->count; i++)
        close(spawn->fds[i]);
    spawn->count = 0;
    free_strings(spawn->args);
    free_strings(spawn->environment);
    spawn->args = spawn->environment = NULL;
}

/* On a worker thread: the caller of posix_spawn sleeps until the child has executed, which a busy machine makes long. */
static int spawn_run(struct job *job)
{
    struct spawn *spawn = (struct spawn *)job;
    int error = spawn_child(job->detail, spawn->args, spawn->environment, spawn->fds, spawn->count, &spawn->pid);
    free_spawn(spawn);
    if (error != 0)
        return error;
    /* The child is ours and not yet waited for, so its pid cannot have been given away. */
    spawn->pidfd = pidfd_open_call(spawn->pid);
    return spawn->pidfd < 0 ? errno : 0;
}

static napi_value spawn_result(napi_env env, struct job *job)
{
    struct spawn *spawn = (struct spawn *)job;
    napi_value result;
    napi_create_object(env, &result);
    set_int(env, result, "pid", spawn->pid);
    set_int(env, result, "pidfd", spawn->pidfd);
    return result;
}

/* spawn({path, args, env, fds}) -> Promise<{pid, pidfd}>. `args` begins with argv[0]; the descriptors may be closed. */
static napi_value js_spawn(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value options;
    napi_get_cb_info(env, info, &argc, &options, NULL, NULL);
    struct spawn *spawn = calloc(1, sizeof *spawn);
    if (spawn == NULL)
        return throw_errno(env, ENOMEM, "calloc", NULL);
    spawn->job.run = spawn_run;
    spawn->job.result = spawn_result;
    spawn->job.syscall = "spawn";
    if (argc >= 1 && property_string(env, options, "path", spawn->job.detail, sizeof spawn->job.detail))
        spawn->args = string_vector(env, property(env, options, "args"));
    if (spawn->args != NULL)
        spawn->environment = string_vector(env, property(env, options, "env"));
    if (spawn->environment != NULL) {
        int error = lift_fds(env, property(env, options, "fds"), spawn->fds, &spawn->count);
        if (error == 0)
            return job_start(env, &spawn->job);
        throw_errno(env, error, "spawn", spawn->job.detail);
    }
    free_spawn(spawn);
    free(spawn);
    return NULL;
}

static napi_value js_pidfd_open(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    int pid;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_int(env, argument, &pid))
        return NULL;
    int fd = pidfd_open_call(pid);
    if (fd < 0)
        return throw_errno(env, errno, "pidfd_open", NULL);
    napi_value result;
    napi_create_int32(env, fd, &result);
    return result;
}

static napi_value js_pidfd_send_signal(napi_env env, napi_callback_info info)
{
    size_t argc = 2;
    napi_value arguments[2];
    int pidfd, signal_number;
    napi_get_cb_info(env, info, &argc, arguments, NULL, NULL);
    if (!value_int(env, arguments[0], &pidfd) || !value_int(env, arguments[1], &signal_number))
        return NULL;
    if (syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) < 0)
        return throw_errno(env, errno, "pidfd_send_signal", NULL);
    return undefined(env);
}

struct pidfd_wait {
    struct watch watch;
    struct item item;
    napi_deferred deferred;
    int code, signal;
};

static void wait_deliver(napi_env env, struct item *item)
{
    struct pidfd_wait *wait = (struct pidfd_wait *)((char *)item - offsetof(struct pidfd_wait, item));
    poller_release(env);
    if (env != NULL) {
        napi_value result;
        napi_create_object(env, &result);
        set_int(env, result, "code", wait->code);
        set_int(env, result, "signal", wait->signal);
        napi_resolve_deferred(env, wait->deferred, result);
    }
    free(wait);
}

static void wait_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct pidfd_wait *wait = (struct pidfd_wait *)watch;
    siginfo_t status = {0};
    wait->code = -1;
    wait->signal = 0;
    if (waitid(P_PIDFD, (id_t)watch->fd, &status, WEXITED) == 0) {
        bool by_itself = status.si_code == CLD_EXITED;
        wait->code = by_itself ? status.si_status : 0;
        wait->signal = by_itself ? 0 : status.si_status;
    }
    poller_remove(watch);
    close(watch->fd);
    poller_post(&wait->item);
}

/* waitPidfd(pidfd) -> Promise<{code, signal}>. Watches a copy: the caller may close its own. */
static napi_value js_wait_pidfd(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument, promise;
    int pidfd;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_int(env, argument, &pidfd) || !poller_use(env))
        return NULL;
    struct pidfd_wait *wait = calloc(1, sizeof *wait);
    if (wait == NULL)
        return throw_errno(env, ENOMEM, "calloc", NULL);
    wait->watch.fd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
    wait->watch.ready = wait_ready;
    wait->item.deliver = wait_deliver;
    if (wait->watch.fd < 0) {
        int error = errno;
        free(wait);
        return throw_errno(env, error, "dup", NULL);
    }
    napi_create_promise(env, &wait->deferred, &promise);
    poller_hold(env);
    int fd = wait->watch.fd;
    int error = poller_add(&wait->watch, EPOLLIN);
    if (error != 0) {
        poller_release(env);
        napi_reject_deferred(env, wait->deferred, errno_error(env, error, "epoll_ctl", NULL));
        close(fd);
        free(wait);
    }
    return promise;
}

void process_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "spawn", js_spawn);
    value_function(env, exports, "waitPidfd", js_wait_pidfd);
    value_function(env, exports, "pidfdOpen", js_pidfd_open);
    value_function(env, exports, "pidfdSendSignal", js_pidfd_send_signal);
}
