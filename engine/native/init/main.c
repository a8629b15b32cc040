/*
 * berth-init -- COMMAND [ARG...]: the first process of a container with --init. It starts the command, passes every
 * signal on to it, and reaps what loses its parent; it ends as the command did, and the kernel ends the rest.
 *
 * It runs inside the container with the rights of the container's user and trusts nothing there: it reads no file.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As a shell tells them. */
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, SIGNAL_BASE = 128 };

static _Noreturn void run_command(char **argv, const sigset_t *mask) {
    /* A group of its own, in front of the terminal where there is one, as a shell would give it. */
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, getpid());
    signal(SIGTTOU, SIG_DFL);
    signal(SIGTTIN, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "berth-init: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT || errno == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE);
}

/* Reaps all that has ended; the exit code of `command` once it is among them, else -1. */
static int reap(pid_t command) {
    int status, code = -1;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid != command) continue;
        code = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return code;
}

int main(int argc, char **argv) {
    sigset_t all, before;
    if (argc < 3 || strcmp(argv[1], "--") != 0) {
        fprintf(stderr, "usage: berth-init -- COMMAND [ARG...]\n");
        return 2;
    }
    /* Where the pid namespace is shared it is not the first process: orphans must still come to it. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    sigfillset(&all);
    /* Its own faults are not the command's. */
    const int faults[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
    sigprocmask(SIG_BLOCK, &all, &before);
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    pid_t command = fork();
    if (command < 0) {
        fprintf(stderr, "berth-init: fork: %s\n", strerror(errno));
        return NOT_EXECUTABLE;
    }
    if (command == 0) run_command(argv + 2, &before);
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number < 0) continue;
        if (number != SIGCHLD) {
            kill(command, number);
            continue;
        }
        int code = reap(command);
        if (code >= 0) return code;
    }
}
