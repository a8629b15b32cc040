/* Jobs on libuv's worker threads that settle a promise. */
#include "addon.h"

#include <errno.h>
#include <stdlib.h>

static void execute(napi_env env, void *data)
{
    (void)env;
    struct job *job = data;
    job->error = job->run(job);
}

static void complete(napi_env env, napi_status status, void *data)
{
    struct job *job = data;
    if (status == napi_cancelled)
        job->error = ECANCELED;
    if (job->error != 0)
        napi_reject_deferred(env, job->deferred, errno_error(env, job->error, job->syscall, job->detail));
    else
        napi_resolve_deferred(env, job->deferred, job->result == NULL ? undefined(env) : job->result(env, job));
    napi_delete_async_work(env, job->work);
    free(job);
}

napi_value job_start(napi_env env, struct job *job)
{
    napi_value promise, name;
    napi_create_string_utf8(env, "berth", NAPI_AUTO_LENGTH, &name);
    napi_create_promise(env, &job->deferred, &promise);
    napi_create_async_work(env, NULL, name, execute, complete, job, &job->work);
    napi_queue_async_work(env, job->work);
    return promise;
}
