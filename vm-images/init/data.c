#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum disk_state { DISK_BLANK, DISK_EXT4, DISK_UNREADABLE };

static bool ext4_magic(const unsigned char *superblock)
{
	return superblock[56] == 0x53 && superblock[57] == 0xef;
}

/*
 * Blank means: nothing in the first 4 KiB (boot sector, ext4's first superblock, LVM, LUKS, xfs) and no copy of an
 * ext4 superblock where mkfs puts the first one (block 32768). Anything else is somebody's data, and stays.
 */
static enum disk_state inspect(const char *disk)
{
	static unsigned char start[4096], copy[1024];
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return DISK_UNREADABLE;
	bool whole = pread(fd, start, sizeof(start), 0) == sizeof(start);
	ssize_t copied = pread(fd, copy, sizeof(copy), 32768LL * 4096);
	close(fd);
	if (!whole)
		return DISK_UNREADABLE;
	if (ext4_magic(start + 1024) || (copied == sizeof(copy) && ext4_magic(copy)))
		return DISK_EXT4;
	for (size_t i = 0; i < sizeof(start); i++) {
		if (start[i])
			return DISK_UNREADABLE;
	}
	return DISK_BLANK;
}

static bool format(const char *disk)
{
	/* Tables are zeroed in the background after the mount; a fresh qcow2 reads as zeros anyhow. */
	const char *const mkfs[] = {"/usr/sbin/mkfs.ext4", "-q", "-F", "-L", "berth-data", "-m", "0", "-b", "4096", "-E",
		"lazy_itable_init=1,lazy_journal_init=1,nodiscard,assume_storage_prezeroed=1", disk, NULL};
	int status = run(mkfs);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool mount_ext4(const char *disk)
{
	return mount_at(disk, DATA_DIR, "ext4", MS_NOATIME, "discard") == 0;
}

/* The journal mends an unclean stop at mount; e2fsck is for what the journal cannot mend. */
static bool mount_or_mend(const char *disk)
{
	if (mount_ext4(disk))
		return true;
	const char *const preen[] = {"/usr/sbin/e2fsck", "-p", disk, NULL};
	int status = run(preen);
	say("init: e2fsck %s ended with %d", disk, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return WIFEXITED(status) && WEXITSTATUS(status) < 4 && mount_ext4(disk);
}

static bool mount_disk(void)
{
	char disk[32];
	if (find_disk("berth-data", disk, sizeof(disk)) < 0) {
		say("@problem data-disk-missing no disk with the serial berth-data");
		return false;
	}
	enum disk_state state = inspect(disk);
	if (state == DISK_BLANK && format(disk) && mount_ext4(disk))
		return true;
	if (state == DISK_EXT4 && mount_or_mend(disk))
		return true;
	say("@problem data-disk-damaged %s is neither blank nor a whole ext4", disk);
	return false;
}

void mount_data(void)
{
	if (!mount_disk())
		mount_at("data", DATA_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755");
	make_dirs(DATA_DIR "/bundles", 0755);
	make_dirs(DATA_DIR "/cache/node", 0755);
	make_dirs(DATA_DIR "/lib/berth", 0711);
	mount_at(DATA_DIR "/lib/berth", "/var/lib/berth", NULL, MS_BIND, NULL);
	say_stage("data");
}
