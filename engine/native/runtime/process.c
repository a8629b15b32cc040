#include "process.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "child.h"
#include "error.h"
#include "guards.h"
#include "sync.h"
#include "syscalls.h"
#include "text.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int open_proc(const char *path, struct runtime_error *err) {
    struct statfs system;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstatfs(fd, &system) == 0 && system.f_type == PROC_MAGIC) return fd;
    int number = fd < 0 ? errno : ENODEV;
    if (fd >= 0) close(fd);
    return fail(err, "user", number, path, "%s: %s", path, strerror(number));
}

/* A kernel without a security module has its files all the same, and says no to whatever is written there. */
static bool apparmor_enabled(void) {
    char enabled = 0;
    AUTO_FD file = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
    return file >= 0 && read(file, &enabled, 1) == 1 && enabled == 'Y';
}

static bool selinux_enabled(void) {
    struct statfs system;
    return statfs("/sys/fs/selinux", &system) == 0 && (uint32_t)system.f_type == SELINUX_MAGIC_;
}

int process_open_files(const struct oci_process *process, struct process_files *files, struct runtime_error *err) {
    bool profile = process->apparmor_profile && *process->apparmor_profile;
    bool label = process->selinux_label && *process->selinux_label;
    *files = (struct process_files){.label = -1};
    if (profile && !apparmor_enabled()) {
        return fail(err, "user", ENOTSUP, process->apparmor_profile,
                    "apparmor profile is specified in config, but apparmor is disabled or not supported");
    }
    if (label && !selinux_enabled()) {
        return fail(err, "user", ENOTSUP, process->selinux_label,
                    "selinux label is specified in config, but selinux is disabled or not supported");
    }
    if (profile && label) return fail(err, "user", EINVAL, NULL, "both an AppArmor profile and an SELinux label");
    if (profile) files->label = open_proc("/proc/self/attr/apparmor/exec", err);
    if ((profile || label) && files->label < 0) files->label = open_proc("/proc/self/attr/exec", err);
    return (profile || label) && files->label < 0 ? -1 : 0;
}

int process_stdio(int slave, const int fds[3], struct runtime_error *err) {
    if (slave >= 0 && ioctl(slave, TIOCSCTTY, 0) < 0) {
        return fail(err, "devices", errno, NULL, "taking the terminal: %s", strerror(errno));
    }
    for (int i = 0; i < 3; i++) {
        int from = slave >= 0 ? slave : fds[i];
        AUTO_FD null = from < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
        if (from < 0) from = null;
        if (from == i) {
            fcntl(i, F_SETFD, 0);
            null = -1;
        } else if (from < 0 || dup2(from, i) < 0) {
            return fail(err, "devices", errno, "/dev/null", "%s", strerror(errno));
        }
    }
    return 0;
}

int process_own_stdio(uint32_t uid, struct runtime_error *err) {
    struct stat info;
    for (int i = 0; i < 3; i++) {
        /* The null device may be the host's own. */
        if (fstat(i, &info) < 0 || info.st_uid == uid) continue;
        if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) continue;
        /* So that a user who is not root can open /dev/stdout again; a file system may refuse, which harms nobody. */
        if (fchown(i, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EINVAL && errno != EROFS) {
            return fail(err, "devices", errno, NULL, "owner of the standard streams: %s", strerror(errno));
        }
    }
    return 0;
}

static int write_file(int fd, const char *stage, const char *text, struct runtime_error *err) {
    if (fd < 0 || write(fd, text, strlen(text)) >= 0) return 0;
    return fail(err, stage, errno, NULL, "writing %s: %s", text, strerror(errno));
}

/* The kernel's own answer: one outside of the root begins with "(unreachable)" (CVE-2024-21626). */
static int change_directory(const char *cwd, struct runtime_error *err) {
    char where[PATH_MAX];
    if (chdir(cwd) < 0) return fail(err, "cwd", errno, cwd, "chdir to cwd (\"%s\"): %s", cwd, strerror(errno));
    long length = syscall(SYS_getcwd, where, sizeof where);
    if (GUARD_DESCRIPTORS && (length < 0 || where[0] != '/')) {
        return fail(err, "cwd", EPERM, cwd, "the working directory %s lies outside of the container", cwd);
    }
    return 0;
}

static const char *environment(const struct oci_process *process, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < process->env.count; i++) {
        const char *item = process->env.items[i];
        if (strncmp(item, name, length) == 0 && item[length] == '=') return item + length + 1;
    }
    return NULL;
}

/* The process's environment, with HOME where it has none. */
static char **environment_with_home(const struct oci_process *process, const char *home) {
    char **env = calloc(process->env.count + 2, sizeof *env);
    struct text entry = {0};
    if (!env) return NULL;
    if (process->env.count) memcpy(env, process->env.items, process->env.count * sizeof *env);
    if (environment(process, "HOME")) return env;
    text_add(&entry, "HOME=%s", home);
    env[process->env.count] = entry.bytes;
    return env;
}

/* Only what is a file that may be executed counts, so that a directory of that name does not end the search. */
static bool executable(const char *path, bool *denied) {
    struct stat info;
    if (stat(path, &info) < 0) {
        *denied = *denied || errno == EACCES;
        return false;
    }
    if (S_ISDIR(info.st_mode)) return false;
    if (access(path, X_OK) == 0) return true;
    *denied = *denied || errno == EACCES;
    return false;
}

static char *find_command(const char *name, const char *path) {
    bool denied = false;
    if (strchr(name, '/')) return strdup(name);
    for (const char *at = path;; at++) {
        size_t length = strcspn(at, ":");
        struct text candidate = {0};
        text_add(&candidate, "%.*s%s%s", (int)length, at, length ? "/" : "./", name);
        if (!candidate.failed && executable(candidate.bytes, &denied)) return candidate.bytes;
        text_free(&candidate);
        at += length;
        if (!*at) break;
    }
    errno = denied ? EACCES : ENOENT;
    return NULL;
}

/* Looked up as the user will be able to see it. */
static char *resolve_command(const struct oci_process *process, struct runtime_error *err) {
    const char *path = environment(process, "PATH"), *name = process->args.items[0];
    char *command = *name ? find_command(name, path ? path : DEFAULT_PATH) : NULL;
    if (!*name) errno = ENOENT;
    if (command) return command;
    fail(err, "exec", errno, name, errno == ENOENT ? "executable file not found in $PATH" : "permission denied");
    return NULL;
}

static int write_label(const struct process_start *start, struct runtime_error *err) {
    const struct oci_process *process = start->process;
    bool profile = process->apparmor_profile && *process->apparmor_profile;
    struct text label = {0};
    if (start->files->label < 0) return 0;
    text_add(&label, "%s%s", profile ? "exec " : "", profile ? process->apparmor_profile : process->selinux_label);
    int result = label.failed ? -1 : write_file(start->files->label, "user", label.bytes, err);
    text_free(&label);
    return result;
}

/* Its sendmsg is the one call that a profile cannot ask to be told of. */
static int load_filter(const struct process_start *start, struct runtime_error *err) {
    int listener = -1;
    if (seccomp_load(start->filter, &listener, err) < 0) return -1;
    if (listener < 0) return 0;
    int sent = sync_send(start->sync, SYNC_LISTENER, NULL, 0, &listener, 1);
    close(listener);
    return sent == 0 ? 0 : fail(err, "seccomp", errno, NULL, "handing over the seccomp listener: %s", strerror(errno));
}

static int prepare_process(const struct process_start *start, struct runtime_error *err) {
    const struct oci_process *process = start->process;
    sigset_t none;
    sigemptyset(&none);
    if (process_set_scheduling(process, err) < 0 || credentials_limits(process, err) < 0) return -1;
    if (start->personality.present && syscall(SYS_personality, start->personality.value) < 0) {
        return fail(err, "user", errno, NULL, "personality: %s", strerror(errno));
    }
    if (write_label(start, err) < 0) return -1;
    if (sys_close_range(3 + start->options->preserve_fds, ~0U, CLOSE_RANGE_CLOEXEC_) < 0) {
        return fail(err, "exec", errno, NULL, "closing descriptors: %s", strerror(errno));
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* As root first: a directory of another user may be closed to this one, and yet be its working directory. */
    return change_directory(process->cwd, err);
}

int process_execute(const struct process_start *start, struct runtime_error *err) {
    const struct oci_process *process = start->process;
    char **env = environment_with_home(process, start->identity->home);
    if (!env) return fail(err, "exec", ENOMEM, NULL, "out of memory");
    if (prepare_process(start, err) < 0) return -1;
    if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return fail(err, "seccomp", errno, NULL, "no_new_privs: %s", strerror(errno));
    }
    /* Without no_new_privs a filter needs CAP_SYS_ADMIN, which is about to go. */
    if (!process->no_new_privileges && load_filter(start, err) < 0) return -1;
    if (credentials_apply(process, start->identity, err) < 0) return -1;
    child_tie_to_parent(start->options);
    char *command = resolve_command(process, err);
    if (!command) return -1;
    if (process->no_new_privileges && load_filter(start, err) < 0) return -1;
    if (start->last && start->last(start->context, err) < 0) return -1;
    execve(command, (char *const *)process->args.items, env);
    return fail(err, "exec", errno, process->args.items[0], "%s", strerror(errno));
}
