#define _GNU_SOURCE
#include "namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Own namespace, entered again after a visit. Opened once: /proc/self is the main thread's, which never leaves. */
int network_own(void)
{
    static int fd = -1;
    if (fd < 0)
        fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd;
}

int network_of(int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * A worker thread that stayed in a container's namespace would run the engine's later work there: there is no way to
 * go on.
 */
void network_leave(int own)
{
    if (setns(own, CLONE_NEWNET) < 0)
        abort();
}
