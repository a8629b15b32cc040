/* What has become of a container: its process, its state for others to read, its start socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "../runtime/syscalls.h"
#include "instance.h"

const char *const instance_status_names[] = {
    [INSTANCE_CREATING] = "creating", [INSTANCE_CREATED] = "created", [INSTANCE_RUNNING] = "running",
    [INSTANCE_PAUSED] = "paused",     [INSTANCE_STOPPED] = "stopped",
};

uint64_t process_started(pid_t pid) {
    char path[32], text[1024], state = 0;
    unsigned long long started = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (got <= 0) return 0;
    text[got] = 0;
    /* The second field is the command's name, which may hold anything: the last parenthesis ends it. */
    const char *end = strrchr(text, ')');
    if (!end || sscanf(end + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                       &state, &started) != 2) {
        return 0;
    }
    return state == 'Z' || state == 'X' ? 0 : started;
}

int instance_pidfd(const struct instance *instance) {
    int pidfd = instance->pid > 0 ? sys_pidfd_open(instance->pid) : -1;
    /* Only now: a number that was given away anew before the descriptor was made shows another start time. */
    if (pidfd >= 0 && process_started(instance->pid) == instance->started) return pidfd;
    close_fd(&pidfd);
    errno = ESRCH;
    return -1;
}

enum instance_status instance_status(const struct instance *instance) {
    if (instance->pid == 0) {
        bool abandoned = flock(instance->directory, LOCK_SH | LOCK_NB) == 0;
        return abandoned ? INSTANCE_STOPPED : INSTANCE_CREATING;
    }
    if (process_started(instance->pid) != instance->started) return INSTANCE_STOPPED;
    if (instance->cgroup && *instance->cgroup && cgroup_frozen(instance->cgroup)) return INSTANCE_PAUSED;
    return faccessat(instance->directory, "start.sock", F_OK, 0) == 0 ? INSTANCE_CREATED : INSTANCE_RUNNING;
}

struct container instance_container(const struct instance *instance) {
    struct container container = {
        .pid = instance->pid, .pidfd = instance_pidfd(instance), .sync = -1, .mounts = -1, .id = instance->id};
    if (instance->cgroup) snprintf(container.cgroup, sizeof container.cgroup, "%s", instance->cgroup);
    return container;
}

static void put(struct text *text, bool indented, bool first, const char *key, const char *value) {
    text_add(text, "%s%s\"%s\":%s", first ? "" : ",", indented ? "\n  " : "", key, indented ? " " : "");
    text_json(text, value ? value : "");
}

void instance_describe(const struct instance *instance, struct text *text, bool indented) {
    enum instance_status status = instance_status(instance);
    const char *space = indented ? " " : "", *line = indented ? "\n  " : "";
    text_add(text, "{");
    put(text, indented, true, "ociVersion", OCI_VERSION);
    put(text, indented, false, "id", instance->id);
    text_add(text, ",%s\"pid\":%s%d", line, space, status == INSTANCE_STOPPED ? 0 : instance->pid);
    put(text, indented, false, "status", instance_status_names[status]);
    put(text, indented, false, "bundle", instance->bundle);
    put(text, indented, false, "rootfs", instance->rootfs);
    put(text, indented, false, "created", instance->created);
    if (instance->annotations) {
        text_add(text, ",%s\"annotations\":%s", line, space);
        text_json_value(text, instance->annotations);
    }
    put(text, indented, false, "owner", "");
    text_add(text, "%s}", indented ? "\n" : "");
}

static void socket_address(const struct instance *instance, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    /* Short however long the root is. */
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/start.sock", instance->directory);
}

int instance_listen(const struct instance *instance) {
    struct sockaddr_un address;
    socket_address(instance, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4) == 0) return fd;
    close_fd(&fd);
    return -1;
}

int instance_connect(const struct instance *instance) {
    struct sockaddr_un address;
    socket_address(instance, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close_fd(&fd);
    return -1;
}
