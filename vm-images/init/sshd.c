#include "init.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESTART_MS = 500 };

static pid_t sshd;
static long long start_at = -1;

/* sshd has no other way of saying so. A connection that comes before is reset. */
static void heard(const char *piece)
{
	if (strstr(piece, "Server listening on "))
		say_stage("ssh");
}

struct output sshd_output = OUTPUT_INITIAL(RUN_DIR "/sshd.log", heard);

void sshd_start(void)
{
	start_at = -1;
	int output = output_open(&sshd_output);
	const char *const argv[] = {"/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_config", NULL};
	const char *const env[] = {"PATH=/usr/sbin:/usr/bin", NULL};
	sshd = spawn(argv, env, "/", output);
	if (output >= 0)
		close(output);
	say_stage("sshd");
}

bool sshd_reaped(pid_t pid, int status)
{
	if (pid != sshd)
		return false;
	/* Its sessions live on, with the pipe; what they say from now on is lost with it. */
	output_take(&sshd_output);
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
