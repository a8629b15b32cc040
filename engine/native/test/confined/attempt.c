/*
 * A hostile program in the place of berth-unpack: confined in the same way, it then tries to get at something. It says
 * "allowed" or the error of what it tried; the kernel ends it where a system call is not on the list.
 *
 *   attempt write|read|container-write|container-read NAME    with the directory on descriptor 4
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../unpack/confine.h"

static long open_file(const char *path) { return openat(AT_FDCWD, path, O_RDONLY); }

static long absolute(void) { return open_file("/etc/passwd"); }
static long upwards(void) { return open_file("../../../../../../etc/passwd"); }
static long by_process(void) { return open_file("/proc/1/root/etc/passwd"); }
static long own_descriptor(void) { return openat(4, "..", O_RDONLY); }
static long link_out(void) { return linkat(AT_FDCWD, "/../../etc/passwd", AT_FDCWD, "/stolen", 0); }
static long by_symlink(void) {
    if (symlinkat("../../../../etc/passwd", AT_FDCWD, "/lead") != 0) return -1;
    return open_file("/lead");
}
static long device(void) {
    if (mknodat(AT_FDCWD, "/disk", S_IFCHR | 0600, makedev(1, 1)) != 0) return -1; /* /dev/mem */
    return open_file("/disk");
}
static long write_there(void) { return openat(AT_FDCWD, "/written", O_WRONLY | O_CREAT, 0600); }
static long run_there(void) {
    char *const arguments[] = {"/program", NULL};
    return execve("/program", arguments, NULL);
}
static long network(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long local(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static long trace(void) { return ptrace(PTRACE_ATTACH, 1, NULL, NULL); }
static long memory_of(void) { return syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0); }
static long kill_first(void) { return kill(1, 0); }
static long mount_there(void) { return mount("none", "/", "tmpfs", 0, NULL); }
static long change_root(void) { return chroot("/"); }
static long enter(void) { return setns(4, 0); }
static long unshared(void) { return unshare(CLONE_NEWUSER); }
static long handle(void) { return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY); }
static long fork_bomb(void) { return fork(); }
static long program(void) { return syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0); }
static long ring(void) { return syscall(SYS_io_uring_setup, 1, NULL); }
static long key(void) { return syscall(SYS_keyctl, 0, 0); }
static long module(void) { return syscall(SYS_finit_module, 0, "", 0); }
static long kernel(void) { return syscall(SYS_kexec_load, 0, 0, NULL, 0); }
static long dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static long memory(void) {
    char *bytes = malloc(4ul << 30);
    if (bytes != NULL) memset(bytes, 1, 4ul << 30);
    return bytes != NULL ? 0 : -1;
}
static long endless(void) {
    volatile unsigned turns = 1;
    while (turns != 0) turns |= 1;
    return 0;
}
static long nothing(void) { return 0; }

static const struct {
    const char *name;
    long (*run)(void);
} attempts[] = {
    {"absolute", absolute}, {"upwards", upwards}, {"process", by_process}, {"descriptor", own_descriptor},
    {"hard-link", link_out}, {"symlink", by_symlink}, {"device", device}, {"write", write_there},
    {"execute", run_there}, {"network", network}, {"local-socket", local}, {"ptrace", trace},
    {"process-memory", memory_of}, {"kill", kill_first}, {"mount", mount_there}, {"chroot", change_root},
    {"setns", enter}, {"unshare", unshared}, {"file-handle", handle}, {"fork", fork_bomb}, {"bpf", program},
    {"io-uring", ring}, {"keyring", key}, {"module", module}, {"kexec", kernel}, {"dumpable", dumpable},
    {"memory", memory}, {"endless", endless}, {"nothing", nothing},
};

int main(int count, char **arguments) {
    static const char *const kinds[] = {"write", "read", "container-write", "container-read"};
    int kind = 0;
    if (count < 3) return 2;
    while (kind < 3 && strcmp(arguments[1], kinds[kind]) != 0) kind++;
    const int keep[] = {-1};
    confine_namespaces(4, (enum confine_kind)kind, keep);
    confine_limits(1, 1536ull << 20);
    confine_capabilities((enum confine_kind)kind);
    confine_calls((enum confine_kind)kind);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        if (strcmp(attempts[i].name, arguments[2]) != 0) continue;
        const char *words = attempts[i].run() >= 0 ? "allowed" : strerrorname_np(errno);
        if (write(STDOUT_FILENO, words, strlen(words)) < 0) return 2;
        return 0;
    }
    return 2;
}
