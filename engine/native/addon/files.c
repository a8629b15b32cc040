/* File system calls that Node lacks. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static napi_value js_try_lock(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument, result;
    int fd;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_int(env, argument, &fd))
        return NULL;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!locked && errno != EWOULDBLOCK)
        return throw_errno(env, errno, "flock", NULL);
    napi_get_boolean(env, locked, &result);
    return result;
}

static napi_value js_rename_no_replace(napi_env env, napi_callback_info info)
{
    size_t argc = 2;
    napi_value arguments[2], result;
    char from[PATH_MAX], to[PATH_MAX];
    napi_get_cb_info(env, info, &argc, arguments, NULL, NULL);
    if (!value_string(env, arguments[0], from, sizeof from) || !value_string(env, arguments[1], to, sizeof to))
        return NULL;
    bool renamed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;
    if (!renamed && errno != EEXIST)
        return throw_errno(env, errno, "renameat2", from);
    napi_get_boolean(env, renamed, &result);
    return result;
}

static napi_value js_close_fd(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    int fd;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_int(env, argument, &fd))
        return NULL;
    if (close(fd) < 0)
        return throw_errno(env, errno, "close", NULL);
    return undefined(env);
}

/* Writes the whole file into `copy` and seals it. 0 or errno. */
static int copy_and_seal(int file, int copy)
{
    struct stat info;
    if (fstat(file, &info) < 0)
        return errno;
    for (off_t left = info.st_size; left > 0;) {
        ssize_t sent = sendfile(copy, file, NULL, (size_t)left);
        if (sent <= 0)
            return sent < 0 ? errno : EIO;
        left -= sent;
    }
    return fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0 ? errno : 0;
}

/* sealedCopy(path) -> fd of a copy in memory that nobody can change, close-on-exec. */
static napi_value js_sealed_copy(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument, result;
    char path[PATH_MAX];
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    if (!value_string(env, argument, path, sizeof path))
        return NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return throw_errno(env, errno, "open", path);
    int copy = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error = copy < 0 ? errno : copy_and_seal(file, copy);
    close(file);
    if (error != 0) {
        if (copy >= 0)
            close(copy);
        return throw_errno(env, error, "memfd_create", path);
    }
    napi_create_int32(env, copy, &result);
    return result;
}

/* pipe() -> [reader, writer], both close-on-exec. */
static napi_value js_pipe(napi_env env, napi_callback_info info)
{
    (void)info;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return throw_errno(env, errno, "pipe2", NULL);
    napi_value result;
    napi_create_array_with_length(env, 2, &result);
    for (uint32_t i = 0; i < 2; i++) {
        napi_value number;
        napi_create_int32(env, fds[i], &number);
        napi_set_element(env, result, i, number);
    }
    return result;
}

struct sync_job {
    struct job job;
    char path[PATH_MAX];
};

static int run_sync(struct job *job)
{
    struct sync_job *sync = (struct sync_job *)job;
    int fd = open(sync->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        job->syscall = "open";
        return errno;
    }
    job->syscall = "syncfs";
    int error = syncfs(fd) < 0 ? errno : 0;
    close(fd);
    return error;
}

static napi_value js_sync_filesystem(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argument;
    napi_get_cb_info(env, info, &argc, &argument, NULL, NULL);
    struct sync_job *sync = calloc(1, sizeof *sync);
    if (sync == NULL)
        return throw_errno(env, ENOMEM, "calloc", NULL);
    if (!value_string(env, argument, sync->path, sizeof sync->path)) {
        free(sync);
        return NULL;
    }
    sync->job.run = run_sync;
    return job_start(env, &sync->job);
}

void files_register(napi_env env, napi_value exports)
{
    value_function(env, exports, "tryLock", js_try_lock);
    value_function(env, exports, "renameNoReplace", js_rename_no_replace);
    value_function(env, exports, "closeFd", js_close_fd);
    value_function(env, exports, "pipe", js_pipe);
    value_function(env, exports, "sealedCopy", js_sealed_copy);
    value_function(env, exports, "syncFilesystem", js_sync_filesystem);
}
