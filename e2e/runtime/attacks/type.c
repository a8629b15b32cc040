/* Types a command into the terminal on standard input, as if its user had. */
#include <stdio.h>
#include <sys/ioctl.h>

int main(void) {
    for (const char *at = "\n"; *at; at++) {
        if (ioctl(0, TIOCSTI, at) < 0) return 1;
    }
    puts("typed");
    return 0;
}
