#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	long result = syscall(SYS_finit_module, fd, "", 0);
	int error = errno;
	close(fd);
	/* EEXIST: built in, or loaded by the kernel on demand. ENODEV: a driver for hardware that this processor lacks. */
	if (result == 0 || error == EEXIST || error == ENODEV)
		return 0;
	errno = error;
	return -1;
}

int load_modules(const char *list)
{
	static char text[16384];
	if (read_file(list, text, sizeof(text)) < 0) {
		say("init: %s: %s", list, strerror(errno));
		return 1;
	}
	int failed = 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		if (*line == '\0' || load_module(line) == 0)
			continue;
		say("init: module %s: %s", line, strerror(errno));
		failed++;
	}
	return failed;
}
