/* Resource limits, capabilities, user and groups. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "error.h"
#include "guards.h"
#include "process.h"
#include "syscalls.h"

int credentials_limits(const struct oci_process *process, struct runtime_error *err) {
    for (size_t i = 0; i < process->rlimit_count; i++) {
        const struct oci_rlimit *limit = &process->rlimits[i];
        struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
        if (setrlimit(limit->resource, &value) < 0) {
            return fail(err, "user", errno, limit->name, "setting %s: %s", limit->name, strerror(errno));
        }
    }
    return 0;
}

/* What this host does not have cannot be given; asking for it is no error, as in Docker on such hosts. */
static uint64_t host_bounding_set(void) {
    uint64_t set = 0;
    for (unsigned long number = 0; number < 64; number++) {
        int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (held < 0) break;
        if (held > 0) set |= UINT64_C(1) << number;
    }
    return set;
}

static int set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

static int drop_bounding(uint64_t keep, struct runtime_error *err) {
    for (unsigned long number = 0; number < 64; number++) {
        if (keep >> number & 1) continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0) {
            if (errno == EINVAL) return 0; /* beyond the last one of this kernel */
            return fail(err, "user", errno, NULL, "dropping capability %lu: %s", number, strerror(errno));
        }
    }
    return 0;
}

static int raise_ambient(uint64_t set, struct runtime_error *err) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) {
        return fail(err, "user", errno, NULL, "clearing ambient capabilities: %s", strerror(errno));
    }
    for (unsigned long number = 0; number < 64; number++) {
        if ((set >> number & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0) {
            return fail(err, "user", errno, NULL, "ambient capability %lu: %s", number, strerror(errno));
        }
    }
    return 0;
}

/* A user namespace that was made without privileges denies any change of groups: then there are none to set. */
static int set_groups(const struct identity *identity) {
    if (setgroups(identity->group_count, identity->groups) == 0) return 0;
    return errno == EPERM && identity->group_count == 0 ? 0 : -1;
}

int credentials_apply(const struct oci_process *process, const struct identity *identity, struct runtime_error *err) {
    const struct oci_capabilities *wanted = &process->capabilities;
    uint64_t host = host_bounding_set();
    uint64_t permitted = wanted->permitted & host, inheritable = (GUARD_INHERITABLE ? wanted->inheritable : wanted->permitted) & host;
    if (drop_bounding(wanted->bounding & host, err) < 0) return -1;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || set_groups(identity) < 0 ||
        syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) < 0 ||
        syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) < 0) {
        return fail(err, "user", errno, NULL, "becoming user %u: %s", identity->uid, strerror(errno));
    }
    if (set_capabilities(wanted->effective & permitted, permitted, inheritable) < 0) {
        return fail(err, "user", errno, NULL, "setting capabilities: %s", strerror(errno));
    }
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    umask(process->user.umask.present ? (mode_t)process->user.umask.value : 022);
    return raise_ambient(wanted->ambient & permitted & inheritable, err);
}
