#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FW_CFG "/sys/firmware/qemu_fw_cfg/by_name/opt/berth/"

/* fw_cfg items are read-only to root in sysfs, which containers see masked; sshd wants files of its own. */
static int copy_item(const char *name, const char *to)
{
	static char bytes[65537];
	char from[128];
	snprintf(from, sizeof(from), FW_CFG "%s/raw", name);
	ssize_t length = read_file(from, bytes, sizeof(bytes));
	if (length <= 0)
		return -1;
	int result = write_file(to, bytes, 0600);
	memset(bytes, 0, sizeof(bytes));
	return result;
}

static void apply_settings(struct handover *handover)
{
	char text[4096];
	if (read_file(FW_CFG "settings/raw", text, sizeof(text)) < 0)
		return;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "hostname") == 0 && *value)
			snprintf(handover->hostname, sizeof(handover->hostname), "%s", value);
	}
}

void take_handover(struct handover *handover)
{
	snprintf(handover->hostname, sizeof(handover->hostname), "berth");
	make_dirs(RUN_DIR "/ssh", 0700);
	handover->keys = copy_item("authorized_keys", RUN_DIR "/ssh/authorized_keys") == 0 &&
		copy_item("ssh_host_ed25519_key", RUN_DIR "/ssh/ssh_host_ed25519_key") == 0;
	if (!handover->keys)
		say("@problem keys-missing nothing under " FW_CFG " to let anybody in with");
	apply_settings(handover);
}
