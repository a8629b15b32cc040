#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUTTONS_MOST = 4, FIXED_FDS = 3 };

struct loop {
	int signals;
	int buttons[BUTTONS_MOST];
	int button_count;
	/* The child that loads what containers may need; 0 once it is done. */
	pid_t loader;
	/* A clean stop has begun; the power goes off as soon as the engine has ended. */
	bool stopping;
};

static void set_kernel_values(void)
{
	static const struct {
		const char *path, *value;
	} values[] = {
		{"/proc/sys/net/ipv4/ip_forward", "1"},
		/* Databases and watchers of large trees run into the defaults. */
		{"/proc/sys/vm/max_map_count", "1048576"},
		{"/proc/sys/fs/inotify/max_user_watches", "1048576"},
		{"/proc/sys/fs/inotify/max_user_instances", "8192"},
		{"/proc/sys/kernel/keys/maxkeys", "20000"},
		{"/proc/sys/kernel/keys/maxbytes", "2000000"},
		{"/proc/sys/kernel/pid_max", "4194304"},
		/* Fork finds memory even while a large process runs, as container hosts are set up. */
		{"/proc/sys/vm/overcommit_memory", "1"},
	};
	for (size_t i = 0; i < countof(values); i++) {
		if (write_file(values[i].path, values[i].value, 0644) < 0)
			say("init: %s: %s", values[i].path, strerror(errno));
	}
	/* One descriptor a forwarded channel in sshd, several a container in the engine. */
	struct rlimit files = {1048576, 1048576};
	setrlimit(RLIMIT_NOFILE, &files);
}

static int take_signals(void)
{
	sigset_t taken;
	sigfillset(&taken);
	sigprocmask(SIG_SETMASK, &taken, NULL);
	return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void begin_stop(struct loop *loop)
{
	if (loop->stopping)
		return;
	loop->stopping = true;
	say_stage("stopping");
	engine_stop();
}

/* In a child, because it takes a second under emulation and pid 1 has to be there for everybody else. */
static pid_t load_late_modules(void)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	load_modules(MODULES_LATE);
	say_stage("modules");
	_exit(0);
}

static void reap(struct loop *loop)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (engine_reaped(pid, status) || sshd_reaped(pid, status) || pid != loop->loader)
			continue;
		/* The buttons' drivers were among the modules. */
		loop->loader = 0;
		loop->button_count = open_power_buttons(loop->buttons, BUTTONS_MOST);
	}
}

static void handle_signals(struct loop *loop)
{
	struct signalfd_siginfo signal;
	while (read(loop->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		switch (signal.ssi_signo) {
		case SIGCHLD:
			reap(loop);
			break;
		case SIGHUP:
			if (!loop->stopping)
				engine_restart();
			break;
		case SIGUSR1:
		case SIGUSR2:
		case SIGTERM:
		case SIGINT:
		case SIGPWR:
			begin_stop(loop);
			break;
		default:
			break;
		}
	}
}

static int milliseconds_until(long long deadline)
{
	if (deadline < 0)
		return -1;
	long long left = deadline - monotonic_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static long long sooner(long long a, long long b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static void turn(struct loop *loop)
{
	struct pollfd fds[FIXED_FDS + BUTTONS_MOST] = {
		{.fd = loop->signals, .events = POLLIN},
		{.fd = engine_output.fd, .events = POLLIN},
		{.fd = sshd_output.fd, .events = POLLIN},
	};
	for (int i = 0; i < loop->button_count; i++)
		fds[FIXED_FDS + i] = (struct pollfd){.fd = loop->buttons[i], .events = POLLIN};
	int button_count = loop->button_count;
	long long deadline = sooner(engine_deadline(), loop->stopping ? -1 : sshd_deadline());
	poll(fds, (nfds_t)(FIXED_FDS + button_count), milliseconds_until(deadline));

	output_take(&engine_output);
	output_take(&sshd_output);
	handle_signals(loop);
	for (int i = 0; i < button_count; i++) {
		if (fds[FIXED_FDS + i].revents && power_button_pressed(loop->buttons[i]))
			begin_stop(loop);
	}
	engine_tick();
	if (!loop->stopping)
		sshd_tick();
	else if (!engine_alive())
		power_off();
}

/* The machine's own world up to the first program; each step says when it is done. */
static void start_system(void)
{
	struct handover handover;
	mount_system_filesystems();
	set_kernel_values();
	load_modules(MODULES_EARLY);
	take_handover(&handover);
	if (start_network(handover.hostname) < 0)
		say("init: network: %s", strerror(errno));
	say_stage("network");
	mount_data();
	if (handover.keys)
		sshd_start();
}

static _Noreturn void system_main(void)
{
	say_open();
	umask(022);
	start_system();
	struct loop loop = {.signals = take_signals()};
	write_file(RUN_DIR "/supervisor.pid", "1\n", 0644);
	symlink(RUN_DIR "/default/engine.sock", "/run/docker.sock");
	engine_start();
	loop.loader = load_late_modules();
	/* Ctrl-Alt-Del asks us like the power button instead of restarting at once. */
	reboot(RB_DISABLE_CAD);
	for (;;)
		turn(&loop);
}

int main(void)
{
	if (getpid() != 1) {
		dprintf(2, "init: only the kernel starts this program\n");
		return 1;
	}
	/* The initramfs has the list of modules in its root, the system image has it elsewhere. */
	if (access(MODULES_INITRAMFS, F_OK) == 0)
		early_main();
	system_main();
}
