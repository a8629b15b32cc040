#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Two kinds of power button: an input device (ACPI on q35), and a bare GPIO line (virt on arm64, which starts without
 * ACPI, and whose kernel has no driver for keys on GPIO lines).
 */

/* From the kernel's input.h and gpio.h, which are not among the C library's headers. */
struct input_event {
	struct timeval time;
	uint16_t type, code;
	int32_t value;
};
enum { EV_KEY = 1, KEY_POWER = 116, KEY_MAX = 0x2ff };
#define EVIOCGBIT(type, length) _IOC(_IOC_READ, 'E', 0x20 + (type), length)

struct gpio_v2_line_request {
	uint32_t offsets[64];
	char consumer[32];
	uint64_t flags;
	uint32_t attribute_count, padding[5];
	uint64_t attributes[10][3];
	uint32_t line_count, event_buffer_size, padding_after[5];
	int32_t fd;
};
_Static_assert(sizeof(struct gpio_v2_line_request) == 592, "the kernel's layout");
struct gpio_v2_line_event {
	uint64_t time_ns;
	uint32_t id, offset, sequence, line_sequence, padding[6];
};
enum { GPIO_INPUT = 1 << 2, GPIO_EDGE_RISING = 1 << 4 };
#define GPIO_V2_GET_LINE_IOCTL _IOWR(0xB4, 0x07, struct gpio_v2_line_request)

enum {
	/* The line of QEMU's virt machine that system_powerdown pulses. */
	VIRT_POWER_LINE = 3,
};

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = {0};
	if (ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) < 0)
		return false;
	return keys[KEY_POWER / 8] & (1 << (KEY_POWER % 8));
}

static int open_input_buttons(int *fds, int count)
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

static int open_gpio_button(void)
{
	if (access("/proc/device-tree/gpio-keys", F_OK) < 0)
		return -1;
	int chip = open("/dev/gpiochip0", O_RDONLY | O_CLOEXEC);
	if (chip < 0)
		return -1;
	struct gpio_v2_line_request request = {
		.offsets = {VIRT_POWER_LINE},
		.consumer = "init",
		.flags = GPIO_INPUT | GPIO_EDGE_RISING,
		.line_count = 1,
	};
	int result = ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request);
	close(chip);
	if (result < 0)
		return -1;
	fcntl(request.fd, F_SETFD, FD_CLOEXEC);
	fcntl(request.fd, F_SETFL, O_NONBLOCK);
	return request.fd;
}

int open_power_buttons(int *fds, int count)
{
	int opened = open_input_buttons(fds, count);
	if (opened > 0 || count == 0)
		return opened;
	fds[0] = open_gpio_button();
	return fds[0] < 0 ? 0 : 1;
}

bool power_button_pressed(int fd)
{
	struct input_event key;
	struct gpio_v2_line_event line;
	bool pressed = false;
	for (;;) {
		ssize_t length = read(fd, &key, sizeof(key));
		if (length == sizeof(key)) {
			pressed |= key.type == EV_KEY && key.code == KEY_POWER && key.value == 1;
			continue;
		}
		/* A line's event is larger than a key's, and reading it in part is refused. */
		if (length < 0 && errno == EINVAL && read(fd, &line, sizeof(line)) == sizeof(line)) {
			pressed = true;
			continue;
		}
		return pressed;
	}
}
