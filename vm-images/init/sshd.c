#include "init.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_FILE RUN_DIR "/sshd.log"

enum { RESTART_MS = 500 };

static pid_t sshd;
static long long start_at = -1;

void sshd_start(void)
{
	start_at = -1;
	int log = open(LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	const char *const argv[] = {"/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_config", NULL};
	const char *const env[] = {"PATH=/usr/sbin:/usr/bin", NULL};
	sshd = spawn(argv, env, "/", log);
	if (log >= 0)
		close(log);
	say_stage("sshd");
}

bool sshd_reaped(pid_t pid, int status)
{
	if (pid != sshd)
		return false;
	sshd = 0;
	say("@problem sshd-exited %s %d", WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	start_at = monotonic_ms() + RESTART_MS;
	return true;
}

long long sshd_deadline(void)
{
	return start_at;
}

void sshd_tick(void)
{
	if (start_at >= 0 && monotonic_ms() >= start_at)
		sshd_start();
}
