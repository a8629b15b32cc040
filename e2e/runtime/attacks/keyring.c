/* hold COMMAND...: runs it with a secret in its session keyring. find: prints that secret, where it can. */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SESSION = -3, JOIN_SESSION = 1, SEARCH = 10, READ = 11 };

int main(int argc, char **argv) {
    char secret[64] = "";
    if (argc > 2 && strcmp(argv[1], "hold") == 0) {
        syscall(SYS_keyctl, JOIN_SESSION, NULL);
        if (syscall(SYS_add_key, "user", "berth-secret", "opensesame", 10, SESSION) < 0) return 2;
        execvp(argv[2], argv + 2);
        return 3;
    }
    long key = syscall(SYS_keyctl, SEARCH, SESSION, "user", "berth-secret", 0);
    if (key > 0 && syscall(SYS_keyctl, READ, key, secret, sizeof secret - 1) > 0) puts(secret);
    return 0;
}
