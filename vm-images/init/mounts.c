#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct planned_mount {
	const char *source, *target, *type;
	unsigned long flags;
	const char *options;
};

int mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options) == 0)
		return 0;
	int error = errno;
	say("init: mount %s at %s: %s", source, target, strerror(error));
	errno = error;
	return -1;
}

static void mount_each(const struct planned_mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* Targets exist in the read-only root; those below /dev and /run are made here. */
		mkdir(mounts[i].target, 0755);
		mount_at(mounts[i].source, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].options);
	}
}

void mount_kernel_filesystems(void)
{
	static const struct planned_mount mounts[] = {
		{"devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"},
		{"proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
		{"sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	};
	mount_each(mounts, countof(mounts));
}

/* Every controller that the kernel has, for the children of the root: the engine makes its groups there. */
static void delegate_controllers(void)
{
	char controllers[512];
	if (read_file("/sys/fs/cgroup/cgroup.controllers", controllers, sizeof(controllers)) < 0)
		return;
	char *rest = controllers;
	for (char *name; (name = strsep(&rest, " \n"));) {
		if (*name == '\0')
			continue;
		/* One write each: a controller that refuses must not take the others with it. */
		char enable[80];
		snprintf(enable, sizeof(enable), "+%s", name);
		if (write_file("/sys/fs/cgroup/cgroup.subtree_control", enable, 0644) < 0)
			say("init: controller %s: %s", name, strerror(errno));
	}
}

void mount_system_filesystems(void)
{
	static const struct planned_mount mounts[] = {
		{"devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666"},
		{"shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
		{"mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
		/* favordynmods: each start of a container moves a process between groups, which otherwise waits for RCU. */
		{"cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			"nsdelegate,memory_recursiveprot,favordynmods"},
		{"bpf", "/sys/fs/bpf", "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"},
		{"run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"},
		{"tmp", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
	};
	mount_each(mounts, countof(mounts));
	/* As on any Linux with systemd: containers' mount namespaces are slaves of this one, not cut off from it. */
	mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
	delegate_controllers();
	make_dirs(RUN_DIR, 0755);
	make_dirs("/run/log", 0755);
	make_dirs("/run/sshd", 0755);
	make_dirs("/run/lock", 0755);
}

/* Targets in /proc/self/mounts, unescaped in place. */
static char *unescape(char *text)
{
	char *to = text;
	for (char *from = text; *from; to++) {
		unsigned int code;
		if (*from == '\\' && sscanf(from, "\\%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

/*
 * One pass over what is mounted now; true when something was unmounted. Counts the disks that stayed; what lies in
 * memory may be busy (init's own log is) without anything being lost.
 */
static bool unmount_pass(int *left)
{
	static char text[1 << 18];
	if (read_file("/proc/self/mounts", text, sizeof(text)) < 0)
		return false;
	static char *targets[4096];
	static bool disk[4096];
	size_t count = 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n")) && count < countof(targets);) {
		const char *source = strsep(&line, " ");
		char *target = line ? strsep(&line, " ") : NULL;
		if (!target || strcmp(target, "/") == 0 || strncmp(target, "/proc", 5) == 0 || strcmp(target, "/dev") == 0)
			continue;
		disk[count] = strncmp(source, "/dev/", 5) == 0;
		targets[count++] = unescape(target);
	}
	bool any = false;
	*left = 0;
	while (count-- > 0) {
		if (umount2(targets[count], 0) == 0)
			any = true;
		else if (disk[count])
			(*left)++;
	}
	return any;
}

int unmount_all(void)
{
	int left = 0;
	while (unmount_pass(&left))
		;
	return left;
}
