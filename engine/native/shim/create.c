/* CREATE and EXEC: a session, its streams and its process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../runtime/error.h"
#include "../runtime/syscalls.h"
#include "shim.h"

static int load_bundle(const struct shim *shim, struct oci_config **config, struct mount_plan **plan,
                       struct runtime_error *err) {
    struct text path = {0};
    text_add(&path, "%s/config.json", shim->options.bundle);
    int result = oci_config_load(path.bytes, config, err);
    path.length = 0;
    text_add(&path, "%s/rootfs.json", shim->options.bundle);
    if (result == 0 && mount_plan_load(path.bytes, plan, err) < 0 && err->number != ENOENT) result = -1;
    text_free(&path);
    return result;
}

/* The container's log; a driver that is not known is as `local`, which engines of later releases may name anew. */
static int open_log(struct shim *shim, struct oci_reader *reader, const struct json_value *body,
                    struct runtime_error *err) {
    const struct json_value *options = oci_get(reader, body, "log", JSON_OBJECT);
    const struct json_value *attributes = oci_get(reader, options, "attributes", JSON_OBJECT);
    const char *driver = oci_string(reader, options, "driver");
    uint64_t max_bytes = oci_uint(reader, options, "maxBytes").value;
    uint32_t max_files = (uint32_t)oci_uint(reader, options, "maxFiles").value;
    struct session *session = &shim->main;
    struct text path = {0};
    session->to_log = !driver || strcmp(driver, "none") != 0;
    if (!session->to_log) return 0;
    text_add(&path, "%s/log", shim->options.dir);
    int result = log_open(&session->log, path.bytes, max_bytes, max_files, err);
    text_free(&path);
    if (result < 0 || !driver || strcmp(driver, "json-file") != 0) return result;
    return json_lines_open(&session->json, shim->options.dir, shim->options.id, attributes, max_bytes, max_files, err);
}

/* The log of an exec, `dir`/exec/<execId>, where its request asks for one. */
static int open_exec_log(struct shim *shim, struct session *session, struct oci_reader *reader,
                         const struct json_value *body, struct runtime_error *err) {
    const struct json_value *options = oci_get(reader, body, "log", JSON_OBJECT);
    uint64_t max_bytes = oci_uint(reader, options, "maxBytes").value;
    uint32_t max_files = (uint32_t)oci_uint(reader, options, "maxFiles").value;
    struct text path = {0};
    session->to_log = options != NULL;
    if (!options || reader->failed) return reader->failed ? -1 : 0;
    if (!*session->exec_id || strchr(session->exec_id, '/') || session->exec_id[0] == '.') {
        return fail(err, "protocol", EINVAL, NULL, "an execId that names no directory");
    }
    text_add(&path, "%s/exec", shim->options.dir);
    mkdir(path.bytes, 0700);
    text_add(&path, "/%s", session->exec_id);
    int result = log_open(&session->log, path.bytes, max_bytes, max_files, err);
    text_free(&path);
    return result;
}

static int run_container(struct shim *shim, const struct oci_config *config, const struct mount_plan *plan,
                         bool terminal, bool stdin_open, struct runtime_error *err) {
    struct container *container = &shim->container;
    struct container_io io = {
        .stdin_fd = -1,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .terminal = terminal,
        .rows = config->process.rows,
        .columns = config->process.columns,
    };
    int console = -1;
    if (!terminal && session_pipes(&shim->main, stdin_open, &io, err) < 0) return -1;
    int result = unit_take(shim, config) ? 0 : container_prepare(config, NULL, container, err);
    if (result == 0) {
        result = container_configure(container, config, plan, shim->options.bundle, shim->options.cgroup, &io, &console,
                                     err);
    }
    session_pipes_done(&io);
    if (result == 0 && console >= 0) session_terminal(&shim->main, console, stdin_open);
    return result;
}

static void undo_create(struct shim *shim) {
    struct runtime_error ignored;
    unit_drop(shim);
    if (shim->container.pidfd >= 0) sys_pidfd_send_signal(shim->container.pidfd, SIGKILL);
    container_delete(&shim->container, &ignored);
    session_close(&shim->main);
    session_new(shim, &shim->main, 0);
    text_free(&shim->config);
}

int create_container(struct shim *shim, const struct json_value *body, struct runtime_error *err) {
    struct arena arena = {0};
    struct oci_reader reader = {.arena = &arena, .err = err};
    struct oci_config *config = NULL;
    struct mount_plan *plan = NULL;
    bool stdin_open = oci_bool(&reader, body, "stdin"), terminal = oci_bool(&reader, body, "terminal");
    const struct json_value *unit = oci_get(&reader, body, "unit", JSON_OBJECT);
    int result = unit ? unit_become(shim, &reader, unit, err) : 0;
    if (result == 0) result = open_log(shim, &reader, body, err);
    if (reader.failed) result = -1;
    if (result == 0) result = load_bundle(shim, &config, &plan, err);
    if (result == 0) result = run_container(shim, config, plan, terminal, stdin_open, err);
    if (result == 0) text_bytes(&shim->config, config->text, config->length);
    oci_config_free(config);
    mount_plan_free(plan);
    arena_free(&arena);
    if (result < 0) {
        undo_create(shim);
        return -1;
    }
    shim->main.pid = shim->container.pid;
    shim->main.pidfd = fcntl(shim->container.pidfd, F_DUPFD_CLOEXEC, 3);
    shim->phase = PHASE_CREATED;
    session_begin(&shim->main);
    return 0;
}

/* A body that is too large for a packet lies in a file of the container's directory. */
static const struct json_value *exec_body(const struct shim *shim, struct oci_reader *reader,
                                          const struct json_value *body, struct text *content) {
    const char *file = oci_string(reader, body, "file");
    char problem[128], buffer[16384];
    if (!file) return body;
    AUTO_FD directory = open(shim->options.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FD fd = sys_openat2(directory, file, O_RDONLY, 0, RESOLVE_IN_ROOT_ | RESOLVE_NO_SYMLINKS_);
    for (ssize_t got; fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0;) text_bytes(content, buffer, (size_t)got);
    const struct json_value *value =
        content->failed || !content->bytes
            ? NULL
            : json_parse(reader->arena, content->bytes, content->length, problem, sizeof problem);
    if (!value) oci_problem(reader, "file", fd < 0 ? strerror(errno) : "a JSON object");
    return value;
}

static int run_exec(struct shim *shim, struct session *session, const struct oci_process *process, bool terminal,
                    bool stdin_open, struct runtime_error *err) {
    struct container_io io = {
        .stdin_fd = -1,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .terminal = terminal,
        .rows = process->rows,
        .columns = process->columns,
    };
    struct oci_config *config = NULL;
    int console = -1;
    if (oci_config_parse(shim->config.bytes, shim->config.length, &config, err) < 0) return -1;
    int result = terminal ? 0 : session_pipes(session, stdin_open, &io, err);
    if (result == 0) {
        result = container_exec(&shim->container, config, process, NULL, &io, &console, &session->pid,
                                &session->pidfd, err);
    }
    oci_config_free(config);
    session_pipes_done(&io);
    if (result == 0 && console >= 0) session_terminal(session, console, stdin_open);
    return result;
}

static bool wants_output(const struct json_value *body) {
    const struct json_value *output = json_member(body, "output");
    return !output || output->type != JSON_FALSE;
}

int create_exec(struct shim *shim, const struct json_value *body, struct session **session,
                struct runtime_error *err) {
    struct arena arena = {0};
    struct text content = {0};
    struct oci_reader reader = {.arena = &arena, .err = err};
    struct oci_process *process = NULL;
    body = exec_body(shim, &reader, body, &content);
    bool terminal = oci_bool(&reader, body, "terminal"), stdin_open = oci_bool(&reader, body, "stdin");
    const char *exec_id = oci_string(&reader, body, "execId");
    const struct json_value *object = oci_get(&reader, body, "process", JSON_OBJECT);
    int result = reader.failed ? -1 : oci_process_parse(object, &process, err);
    struct session *made = calloc(1, sizeof *made);
    if (result == 0 && !made) result = fail(err, "protocol", ENOMEM, NULL, "out of memory");
    if (result == 0) {
        session_new(shim, made, ++shim->last_session);
        made->exec_id = strdup(exec_id ? exec_id : "");
        made->discard = !wants_output(body);
        made->owned = !made->discard;
        result = open_exec_log(shim, made, &reader, body, err);
        if (result == 0) result = run_exec(shim, made, process, terminal, stdin_open, err);
        if (result < 0) session_close(made);
    }
    oci_process_free(process);
    arena_free(&arena);
    text_free(&content);
    if (result < 0) {
        free(made);
        return -1;
    }
    made->next = shim->execs;
    shim->execs = made;
    session_begin(made);
    *session = made;
    return 0;
}
