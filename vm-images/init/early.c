#include "init.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stage one, in the initramfs: everything is in memory, nothing but the kernel's own file systems is mounted. */

static _Noreturn void give_up(const char *code, const char *words)
{
	say("@problem %s %s: %s", code, words, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Moves what is mounted already below the new root, then makes that the root. pivot_root cannot leave the initramfs. */
static void enter_system(void)
{
	static const char *const moved[] = {"/dev", "/proc", "/sys"};
	for (size_t i = 0; i < countof(moved); i++) {
		char target[32] = "/system";
		mount_at(moved[i], strcat(target, moved[i]), NULL, MS_MOVE, NULL);
	}
	if (chdir("/system") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		give_up("system-damaged", "the system image cannot become the root");
}

_Noreturn void early_main(void)
{
	mount_kernel_filesystems();
	say_open();
	say_stage("init");
	load_modules(MODULES_INITRAMFS);

	char disk[32];
	if (find_disk("berth-system", disk, sizeof(disk)) < 0)
		give_up("system-missing", "no disk with the serial berth-system");
	mkdir("/system", 0755);
	if (mount_at(disk, "/system", "erofs", MS_RDONLY, NULL) < 0)
		give_up("system-damaged", disk);
	enter_system();
	say_stage("system");
	execl("/sbin/init", "init", (char *)NULL);
	give_up("system-damaged", "/sbin/init");
}
