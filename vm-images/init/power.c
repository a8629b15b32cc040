#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* From the kernel's input.h, which is not among the C library's headers. */
struct input_event {
	struct timeval time;
	unsigned short type, code;
	int value;
};
enum { EV_KEY = 1, KEY_POWER = 116, KEY_MAX = 0x2ff };
#define EVIOCGBIT(type, length) _IOC(_IOC_READ, 'E', 0x20 + (type), length)

enum {
	/* How long processes may take to end after SIGTERM. */
	PATIENCE_MS = 10000,
};

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = {0};
	if (ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) < 0)
		return false;
	return keys[KEY_POWER / 8] & (1 << (KEY_POWER % 8));
}

int open_power_buttons(int *fds, int count)
{
	DIR *inputs = opendir("/dev/input");
	if (!inputs)
		return 0;
	int opened = 0;
	for (struct dirent *entry; opened < count && (entry = readdir(inputs));) {
		if (strncmp(entry->d_name, "event", 5) != 0)
			continue;
		int fd = openat(dirfd(inputs), entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (has_power_key(fd))
			fds[opened++] = fd;
		else
			close(fd);
	}
	closedir(inputs);
	return opened;
}

bool power_button_pressed(int fd)
{
	struct input_event event;
	bool pressed = false;
	while (read(fd, &event, sizeof(event)) == sizeof(event)) {
		if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
			pressed = true;
	}
	return pressed;
}

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
