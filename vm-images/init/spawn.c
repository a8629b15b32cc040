#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(const char *const argv[], const char *const env[], const char *directory, int output_fd)
{
	/* Pid 1 takes its signals from a signalfd, so they are blocked there; nobody else should inherit that. */
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	int null = open("/dev/null", O_RDWR);
	if (null >= 0)
		dup2(null, 0);
	if (output_fd >= 0) {
		dup2(output_fd, 1);
		dup2(output_fd, 2);
	}
	if (null > 2)
		close(null);
	if (!directory || chdir(directory) == 0)
		execve(argv[0], (char *const *)argv, (char *const *)env);
	_exit(127);
}

pid_t spawn(const char *const argv[], const char *const env[], const char *directory, int output_fd)
{
	pid_t pid = fork();
	if (pid == 0)
		become(argv, env, directory, output_fd);
	return pid;
}

int run(const char *const argv[])
{
	const char *const env[] = {"PATH=/usr/sbin:/usr/bin", NULL};
	int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	pid_t pid = spawn(argv, env, "/", console);
	if (console >= 0)
		close(console);
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return pid < 0 ? -1 : status;
}
