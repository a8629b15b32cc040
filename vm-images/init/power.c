#include "init.h"

#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* How long processes may take to end after SIGTERM. */
	PATIENCE_MS = 10000,
	/* How long monitors may take to record that their containers were killed. */
	RECORD_MS = 2000,
};

/* Reaps until no child is left or the time is over; a child is every process here, since orphans become ours. */
static bool reap_all(int children, int patience_ms)
{
	long long end = monotonic_ms() + patience_ms;
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);
		if (pid < 0)
			return true;
		if (pid > 0)
			continue;
		long long left = end - monotonic_ms();
		struct pollfd wait = {.fd = children, .events = POLLIN};
		if (left <= 0 || poll(&wait, 1, (int)left) == 0)
			return false;
		char drained[4096];
		if (read(children, drained, sizeof(drained)) < 0)
			continue;
	}
}

/* Each instance has its containers below <root>/<instance>/c, its monitors beside that. */
static void kill_containers(void)
{
	glob_t found;
	if (glob("/sys/fs/cgroup/*/c/cgroup.kill", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		write_file(found.gl_pathv[i], "1", 0644);
	globfree(&found);
}

_Noreturn void power_off(void)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	kill(-1, SIGTERM);
	/* Shells ignore SIGTERM, stopped processes cannot hear it. */
	kill(-1, SIGCONT);
	if (!reap_all(children, PATIENCE_MS)) {
		/* Containers before their monitors, so that those still write down how their containers ended. */
		kill_containers();
		reap_all(children, RECORD_MS);
		kill(-1, SIGKILL);
		reap_all(children, PATIENCE_MS);
	}
	sync();
	int left = unmount_all();
	if (left > 0)
		say("init: %d mounts of disks stay", left);
	sync();
	say_stage("off");
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
