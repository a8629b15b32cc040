#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

static bool writes(enum confine_kind kind) { return kind == CONFINE_WRITE || kind == CONFINE_CONTAINER_WRITE; }

void confine_descriptors(const int *keep) {
  unsigned from = 4;
  for (; *keep >= 0; keep++) {
    if ((unsigned)*keep > from) syscall(SYS_close_range, from, (unsigned)*keep - 1, 0);
    from = (unsigned)*keep + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0);
}

void confine_namespaces(int directory, enum confine_kind kind, const int *keep) {
  /* unshare moves the working directory into the new mount namespace; a descriptor would stay in the old one. */
  if (fchdir(directory) != 0) fail_errno("chdir", NULL);
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) fail_errno("unshare", NULL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail_errno("making mounts private", NULL);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE_FLAG | O_CLOEXEC);
  if (tree < 0) fail_errno("open_tree", NULL);
  struct mount_attributes attributes = {.set = ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC |
                                               (writes(kind) ? 0 : ATTR_RDONLY)};
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    fail_errno("mount_setattr", NULL);
  }
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_FROM_FD) != 0) fail_errno("move_mount", NULL);
  if (fchdir(tree) != 0) fail_errno("chdir", NULL);
  /* Stacks the old root on the new one's place; detaching it leaves nothing of the machine's tree. */
  if (syscall(SYS_pivot_root, ".", ".") != 0) fail_errno("pivot_root", NULL);
  if (umount2(".", MNT_DETACH) != 0) fail_errno("umount", NULL);
  if (chdir("/") != 0) fail_errno("chdir", NULL);
  confine_descriptors(keep);
  umask(0);
}

void confine_limits(unsigned seconds, unsigned long long memory_bytes) {
  struct rlimit memory = {memory_bytes, memory_bytes}, none = {0, 0}, files = {64, 64}, processor = {seconds, seconds};
  if (setrlimit(RLIMIT_AS, &memory) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
      setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_CPU, &processor) != 0) {
    fail_errno("setrlimit", NULL);
  }
  prctl(PR_SET_DUMPABLE, 0);
}

void confine_capabilities(enum confine_kind kind) {
  /* trusted.* xattrs are CAP_SYS_ADMIN's: the list of system calls keeps the rest of that capability away. */
  static const int writing[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP};
  static const int reading[] = {CAP_DAC_READ_SEARCH};
  const int *list = writes(kind) ? writing : reading;
  size_t count = writes(kind) ? sizeof writing / sizeof *writing : sizeof reading / sizeof *reading;
  bool layer = kind == CONFINE_WRITE || kind == CONFINE_READ;
  uint64_t kept = layer ? UINT64_C(1) << CAP_SYS_ADMIN : 0;
  for (size_t i = 0; i < count; i++) kept |= UINT64_C(1) << list[i];
  for (int capability = 0; capability <= 63; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) break;
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{(uint32_t)kept, (uint32_t)kept, 0},
                                           {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0}};
  if (syscall(SYS_capset, &header, data) != 0) fail_errno("capset", NULL);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail_errno("no_new_privs", NULL);
}

#if defined(__x86_64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "no list of system calls for this architecture"
#endif

static const uint32_t always[] = {
    SYS_read, SYS_pread64, SYS_write, SYS_close, SYS_openat, SYS_openat2, SYS_getdents64, SYS_newfstatat, SYS_fstat,
    SYS_statx, SYS_fstatfs, SYS_statfs, SYS_readlinkat, SYS_lseek, SYS_fchdir, SYS_fgetxattr, SYS_lgetxattr, SYS_flistxattr,
    SYS_llistxattr, SYS_fcntl, SYS_futex, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_brk, SYS_madvise,
    SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall, SYS_set_robust_list, SYS_rseq,
    SYS_getrandom, SYS_sched_yield, SYS_clock_gettime, SYS_sched_getaffinity,
    SYS_sysinfo, /* qsort asks how much memory there is */
};
static const uint32_t writing[] = {
    SYS_pwrite64, SYS_ftruncate, SYS_mkdirat, SYS_mknodat, SYS_symlinkat, SYS_linkat, SYS_unlinkat, SYS_fchown,
    SYS_fchownat, SYS_fchmod, SYS_fchmodat, SYS_utimensat, SYS_renameat2, SYS_fsetxattr, SYS_lsetxattr,
};

void confine_calls(enum confine_kind kind) {
  struct sock_filter code[160];
  unsigned short length = 0;
  const size_t always_count = sizeof always / sizeof *always;
  const size_t count = always_count + (writes(kind) ? sizeof writing / sizeof *writing : 0);
  code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCHITECTURE, 1, 0);
  code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < count; i++) {
    uint32_t number = i < always_count ? always[i] : writing[i - always_count];
    code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = {length, code};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
    fail_errno("seccomp", NULL);
  }
}
