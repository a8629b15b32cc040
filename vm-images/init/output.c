#include "init.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Logs lie in memory, so that a full data disk cannot silence them; two files of this size at most each. */
	LOG_MOST_BYTES = 8 << 20,
};

static void open_log(struct output *output)
{
	if (output->log >= 0)
		close(output->log);
	output->log = open(output->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct stat status;
	output->size = output->log >= 0 && fstat(output->log, &status) == 0 ? status.st_size : 0;
}

static void rotate(struct output *output)
{
	char old[128];
	snprintf(old, sizeof(old), "%s.1", output->path);
	if (rename(output->path, old) == 0)
		open_log(output);
}

int output_open(struct output *output)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	/* Only this end may be non-blocking: the program's writes should wait, not fail. */
	fcntl(ends[1], F_SETFL, 0);
	output_close(output);
	output->fd = ends[0];
	if (output->log < 0)
		open_log(output);
	return ends[1];
}

void output_take(struct output *output)
{
	char bytes[16384];
	ssize_t count = -1;
	while (output->fd >= 0 && (count = read(output->fd, bytes, sizeof(bytes) - 1)) > 0) {
		bytes[count] = '\0';
		if (output->heard)
			output->heard(bytes);
		if (output->size + count > LOG_MOST_BYTES)
			rotate(output);
		/* A log that cannot be written must not stop the program, so what does not fit is lost. */
		if (output->log >= 0 && write(output->log, bytes, (size_t)count) > 0)
			output->size += count;
	}
	/* End of file while the program lives: it closed its outputs, and poll would report that for ever. */
	if (count == 0)
		output_close(output);
}

void output_close(struct output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
}
