/* Exchanges two names again and again, until it is ended. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXCHANGE = 2 };

int main(int argc, char **argv) {
    if (argc != 3) return 1;
    puts("exchanging");
    fflush(stdout);
    while (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], EXCHANGE) == 0) continue;
    return 1;
}
