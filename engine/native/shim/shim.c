/* The container's life: its processes' ends, cleaning up, and the shim's own end. */
#include "shim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/error.h"
#include "../runtime/syscalls.h"

/* Between two attempts to remove a cgroup whose processes were killed and are still leaving. */
enum { CLEAN_RETRY_MS = 5 };

struct session *session_new(struct shim *shim, struct session *session, uint32_t number) {
    *session = (struct session){
        .shim = shim,
        .number = number,
        .pidfd = -1,
        .console = -1,
        .log = {.file = -1, .directory = -1},
        .json = {.file = -1, .directory = -1},
        .outputs = {{.fd = -1}, {.fd = -1}},
        .input = {.fd = -1},
    };
    return session;
}

struct session *shim_session(struct shim *shim, uint64_t number) {
    if (number == 0) return shim->phase == PHASE_IDLE ? NULL : &shim->main;
    struct session *session = shim->execs;
    while (session && session->number != number) session = session->next;
    return session;
}

static void remove_exec(struct shim *shim, struct session *session) {
    struct session **link = &shim->execs;
    while (*link != session) link = &(*link)->next;
    *link = session->next;
    session_close(session);
    free(session);
}

static void tell_exec_exit(struct shim *shim, struct session *session) {
    struct text text = {0};
    text_add(&text, "{\"session\":%u,\"execId\":", session->number);
    text_json(&text, session->exec_id);
    text_add(&text, ",\"exitCode\":%d,\"signal\":%d}", session->exit_code, session->signal);
    shim_send_text(shim, PACKET_EXEC_EXIT, 0, &text);
    remove_exec(shim, session);
}

void shim_progress(struct shim *shim, struct session *session) {
    session_pump(session);
    bool ended = session->exited && session_output_ended(session) && !session->output.head;
    if (!ended || session->end_told || !shim_has_client(shim)) return;
    if (session != &shim->main) {
        tell_exec_exit(shim, session);
    } else if (!session->to_log) {
        session->end_told = true;
        shim_send(shim, PACKET_OUTPUT_END, 0, "{\"session\":0}", strlen("{\"session\":0}"));
    }
}

static void container_exited(struct shim *shim, int status) {
    shim->oom_killed = container_oom_kills(&shim->container) > 0;
    shim->phase = PHASE_EXITED;
    session_exited(&shim->main, status);
    json_lines_close(&shim->main.json);
    /* A container that could not be started has its record, and one that never was needs none. */
    if (shim->exit_record.bytes || (shim->deleting && shim->started_at.tv_sec == 0)) return;
    record_exit(shim, NULL);
    shim_send(shim, PACKET_EXIT, 0, shim->exit_record.bytes, shim->exit_record.length);
}

static void child_exited(struct shim *shim, pid_t pid, int status) {
    if (shim->prepared && pid == shim->container.pid) {
        unit_drop(shim);
        return;
    }
    if (pid == shim->main.pid && !shim->main.exited) {
        container_exited(shim, status);
        return;
    }
    for (struct session *session = shim->execs; session; session = session->next) {
        if (session->pid != pid || session->exited) continue;
        session_exited(session, status);
        return;
    }
    /* Else an orphan of a container that shares the host's pid namespace, or a process that could not be started. */
}

void shim_children(struct shim *shim, void *context, uint32_t events) {
    struct signalfd_siginfo info;
    int status;
    (void)context;
    (void)events;
    while (read(shim->signals.fd, &info, sizeof info) > 0) continue;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) child_exited(shim, pid, status);
}

void shim_delete(struct shim *shim, uint32_t request) {
    struct runtime_error ignored;
    shim->deleting = true;
    shim->delete_request = request;
    if (shim->phase == PHASE_IDLE || shim->phase == PHASE_EXITED) return;
    container_signal_all(&shim->container, SIGKILL, &ignored);
    sys_pidfd_send_signal(shim->container.pidfd, SIGKILL);
}

static void tell_log(struct shim *shim, struct session *session) {
    struct text text = {0};
    if (!session->log_grown || session->log_in_flight || !shim_can_send(shim)) return;
    session->log_grown = false;
    session->log_in_flight = true;
    session->log_told = session->log.segment;
    text_add(&text, "{\"session\":%u,\"segment\":%u,\"offset\":%llu}", session->number, session->log.segment,
             (unsigned long long)session->log.offset);
    shim_send_text(shim, PACKET_LOG, 0, &text);
}

static void end(struct shim *shim) {
    if (shim->deleting) shim_send(shim, PACKET_OK, shim->delete_request, "{}", 2);
    record_forget(shim);
    shim->ending = true;
}

int shim_tick(struct shim *shim) {
    struct runtime_error ignored;
    tell_log(shim, &shim->main);
    for (struct session *session = shim->execs; session; session = session->next) tell_log(shim, session);
    if (shim->phase == PHASE_EXITED && !shim->cleaned) {
        /* Behind the EXIT notice: removing groups and unmounting takes longer than all that came before. */
        shim->cleaned = container_delete(&shim->container, &ignored) == 0;
        if (!shim->cleaned) return CLEAN_RETRY_MS;
    }
    bool done = shim->phase == PHASE_IDLE ? shim->deleting || shim->released : shim->cleaned;
    /* Output that no log keeps is still on its way to a client that wants it. */
    bool drained = shim->main.to_log || shim->main.end_told || !shim->main.owned;
    if (done && (shim->deleting || (shim->released && drained))) end(shim);
    return -1;
}
