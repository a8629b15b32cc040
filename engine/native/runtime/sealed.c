/* Running from a copy of the program that nobody can change. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "guards.h"
#include "runtime.h"

enum {
    MFD_CLOEXEC_ = 1,
    MFD_ALLOW_SEALING_ = 2,
    MFD_EXEC_ = 0x10,
    ADD_SEALS = 1033,
    GET_SEALS = 1034,
    SEALS = 0x1 | 0x2 | 0x4 | 0x8, /* seal, shrink, grow, write */
};

extern char **environ;

int sealed_binary(char *const argv[], struct runtime_error *err) {
    if (!GUARD_SEALED_BINARY) return 0;
    AUTO_FD own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (own < 0) return fail(err, "exec", errno, "/proc/self/exe", "%s", strerror(errno));
    int seals = fcntl(own, GET_SEALS);
    if (seals >= 0 && (seals & SEALS) == SEALS) return 0;

    struct stat info;
    /* Kernels before 6.3 do not know MFD_EXEC, and make every memfd executable. */
    AUTO_FD copy = memfd_create("berth", MFD_CLOEXEC_ | MFD_ALLOW_SEALING_ | MFD_EXEC_);
    if (copy < 0 && errno == EINVAL) copy = memfd_create("berth", MFD_CLOEXEC_ | MFD_ALLOW_SEALING_);
    if (copy < 0 || fstat(own, &info) < 0) return fail(err, "exec", errno, NULL, "memfd: %s", strerror(errno));
    for (off_t left = info.st_size; left > 0;) {
        ssize_t sent = sendfile(copy, own, NULL, (size_t)left);
        if (sent <= 0) return fail(err, "exec", errno, NULL, "copying the program: %s", strerror(errno));
        left -= sent;
    }
    if (fcntl(copy, ADD_SEALS, SEALS) < 0) return fail(err, "exec", errno, NULL, "sealing: %s", strerror(errno));
    fexecve(copy, argv, environ);
    return fail(err, "exec", errno, NULL, "executing the sealed program: %s", strerror(errno));
}
