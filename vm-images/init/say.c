#include "init.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int console = -1;

void say_open(void)
{
	console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
}

void say(const char *format, ...)
{
	/* One write a line, so that the kernel's own lines do not cut it. */
	char line[512];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	/* Where even the console fails there is nobody left to tell. */
	if (write(console, line, (size_t)length) < 0)
		return;
}

void say_stage(const char *name)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	say("@stage %s %lld.%03ld", name, (long long)now.tv_sec, now.tv_nsec / 1000000);
}

long long monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
