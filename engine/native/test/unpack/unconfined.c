/*
 * In the place of unpack/confine.c under sanitizers, which reserve more memory than the limit and make calls that are
 * not on the list. The root is the layer's directory all the same: a path that leads out of it finds nothing.
 */
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../unpack/confine.h"
#include "../../unpack/report.h"

void confine_namespaces(int directory, enum confine_kind kind, const int *keep) {
    (void)kind;
    if (fchdir(directory) != 0 || chroot(".") != 0 || chdir("/") != 0) fail_errno("chroot", NULL);
    confine_descriptors(keep);
    umask(0);
}

void confine_descriptors(const int *keep) {
    unsigned from = 4;
    for (; *keep >= 0; keep++) {
        if ((unsigned)*keep > from) syscall(SYS_close_range, from, (unsigned)*keep - 1, 0);
        from = (unsigned)*keep + 1;
    }
    syscall(SYS_close_range, from, ~0u, 0);
}

void confine_limits(unsigned seconds, unsigned long long memory_bytes) {
    (void)seconds;
    (void)memory_bytes;
}

void confine_capabilities(enum confine_kind kind) { (void)kind; }

void confine_calls(enum confine_kind kind) { (void)kind; }
