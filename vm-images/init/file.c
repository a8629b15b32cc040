#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int make_dirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -1 : 0;
}

int write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	size_t length = strlen(text);
	ssize_t written = write(fd, text, length);
	int error = written < 0 ? errno : EIO;
	close(fd);
	if (written == (ssize_t)length)
		return 0;
	errno = error;
	return -1;
}

ssize_t read_file(const char *path, char *bytes, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t count = 0;
	while (length < size - 1 && (count = read(fd, bytes + length, size - 1 - length)) > 0)
		length += (size_t)count;
	close(fd);
	bytes[length] = '\0';
	return count < 0 ? -1 : (ssize_t)length;
}
