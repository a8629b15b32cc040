/* Kernel settings of linux.sysctl: only those that belong to a namespace of the container's own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "init.h"
#include "syscalls.h"

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

/* Settings of the ipc namespace that do not begin with fs.mqueue. */
static bool is_ipc(const char *key) {
    static const char *const names[] = {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
        "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(key, names[i]) == 0) return true;
    }
    return starts_with(key, "fs.mqueue.");
}

static bool is_own(const struct oci_config *config, const char *key) {
    if (starts_with(key, "net.")) return config->namespaces[NS_NETWORK].present;
    if (is_ipc(key)) return config->namespaces[NS_IPC].present;
    if (strcmp(key, "kernel.domainname") == 0) return config->namespaces[NS_UTS].present;
    return false;
}

static int set(const struct oci_config *config, const char *name, const char *value, struct runtime_error *err) {
    char key[192], path[256] = "/proc/sys/";
    struct statfs system;
    snprintf(key, sizeof key, "%s", name);
    /* As sysctl(8): where a slash comes first, the slashes separate, and dots belong to names (an interface's). */
    bool slashes = key[strcspn(key, "./")] == '/';
    for (char *at = key; *at; at++) {
        if (slashes && (*at == '/' || *at == '.')) *at = *at == '/' ? '.' : '/';
    }
    if (strlen(name) >= sizeof key || strstr(key, "..") || !is_own(config, key)) {
        return fail(err, "namespaces", EPERM, name, "sysctl %s is not of a namespace of the container", name);
    }
    size_t length = strlen(path);
    for (const char *at = key; *at; at++) path[length++] = *at == '.' ? '/' : *at == '/' ? '.' : *at;
    path[length] = 0;
    AUTO_FD fd = sys_openat2(AT_FDCWD, path, O_WRONLY, 0, RESOLVE_NO_MAGICLINKS_);
    if (fd < 0 || fstatfs(fd, &system) < 0 || system.f_type != PROC_MAGIC || write(fd, value, strlen(value)) < 0) {
        return fail(err, "namespaces", errno, name, "sysctl %s = %s: %s", name, value, strerror(errno));
    }
    return 0;
}

int init_sysctl(const struct oci_config *config, struct runtime_error *err) {
    for (size_t i = 0; i < config->sysctl_count; i++) {
        if (set(config, config->sysctl[i].key, config->sysctl[i].value, err) < 0) return -1;
    }
    return 0;
}
