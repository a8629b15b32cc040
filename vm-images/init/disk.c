#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int find_disk(const char *serial, char *path, size_t size)
{
	DIR *blocks = opendir("/sys/block");
	if (!blocks)
		return -1;
	int found = -1;
	for (struct dirent *entry; found < 0 && (entry = readdir(blocks));) {
		if (strncmp(entry->d_name, "vd", 2) != 0)
			continue;
		char file[300], value[64];
		snprintf(file, sizeof(file), "/sys/block/%s/serial", entry->d_name);
		if (read_file(file, value, sizeof(value)) < 0)
			continue;
		value[strcspn(value, "\n")] = '\0';
		if (strcmp(value, serial) != 0)
			continue;
		snprintf(path, size, "/dev/%s", entry->d_name);
		found = 0;
	}
	closedir(blocks);
	if (found < 0)
		errno = ENODEV;
	return found;
}
