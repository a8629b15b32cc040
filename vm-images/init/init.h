/*
 * The machine's init: one static program that is the initramfs' /init (stage one: reach the system disk) and then
 * /sbin/init of the system image (stage two: mounts, network, data disk, sshd, engine, and pid 1's duties).
 * docs/machine.md is the contract with the host.
 *
 * Errors: functions that can fail return -1 with errno set, and the caller says what that means for the machine.
 * Nothing here ends pid 1: what cannot be had is said on the serial line, and the machine goes on as far as it can.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* Where the image keeps what only init reads; written by vm-images/system.ts. */
#define MODULES_EARLY "/usr/lib/berth/modules.early"
#define MODULES_LATE "/usr/lib/berth/modules.late"
/* In the initramfs: paths of the modules for the system disk, in loading order. */
#define MODULES_INITRAMFS "/modules.list"

#define RUN_DIR "/run/berth"
#define DATA_DIR "/data"

/* say.c: the serial line */

/* Opens the console; until then everything said is lost. */
void say_open(void);
/* "@stage NAME SECONDS" */
void say_stage(const char *name);
/* A whole line, formatted; "@" lines are for the host, anything else for readers of the log. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* file.c: small files */

int make_dirs(const char *path, mode_t mode);
int write_file(const char *path, const char *text, mode_t mode);
/* Reads at most size - 1 bytes and ends them with NUL; returns the count, or -1. */
ssize_t read_file(const char *path, char *bytes, size_t size);

/* modules.c */

/* Loads the modules that the list names, one path a line, in its order; says which failed. Returns how many failed. */
int load_modules(const char *list);

/* mounts.c */

int mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *options);
void mount_kernel_filesystems(void);
void mount_system_filesystems(void);
/* Unmounts everything but the root, newest first. Returns how many disks stayed. */
int unmount_all(void);

/* disk.c */

/* Finds the virtio disk with this serial; writes "/dev/vdX" to path. */
int find_disk(const char *serial, char *path, size_t size);

/* data.c */

/* Mounts the data disk, or memory in its place; says which. */
void mount_data(void);

/* network.c */

int start_network(const char *hostname);

/* handover.c: what the host hands in through fw_cfg */

struct handover {
	bool keys;
	char hostname[65];
};
/* Copies the keys to where sshd reads them. */
void take_handover(struct handover *handover);

/* spawn.c */

/* Starts a program with stdin from /dev/null and both outputs on output_fd, in a session of its own, with no signal
 * blocked. Returns its pid, or -1. */
pid_t spawn(const char *const argv[], const char *const env[], const char *directory, int output_fd);
/* Runs a program to its end. Returns its wait status, or -1. Only before the loop in supervise() takes SIGCHLD. */
int run(const char *const argv[]);

/* output.c: what a supervised program writes, taken through a pipe into a log of bounded size */

struct output {
	const char *path;
	/* Told of each piece as it comes, ended with NUL; may be NULL. */
	void (*heard)(const char *piece);
	/* To poll and then to hand to output_take; -1 while there is none. */
	int fd;
	int log;
	off_t size;
};
#define OUTPUT_INITIAL(file, function) {.path = (file), .heard = (function), .fd = -1, .log = -1}
/* Opens the pipe; returns the program's end, which the caller closes after starting it, or -1. */
int output_open(struct output *output);
void output_take(struct output *output);
void output_close(struct output *output);

/* engine.c: the supervised engine; times in milliseconds of the monotonic clock */

/* Starts the engine where a bundle is there. */
void engine_start(void);
/* Ends it and starts the current bundle at once. */
void engine_restart(void);
/* Ends it for good. */
void engine_stop(void);
/* To be told of each child's end; returns whether it was the engine. */
bool engine_reaped(pid_t pid, int status);
/* When engine_tick wants to be called, or -1. */
long long engine_deadline(void);
void engine_tick(void);
bool engine_alive(void);
extern struct output engine_output;

/* sshd.c: the only way in */

void sshd_start(void);
bool sshd_reaped(pid_t pid, int status);
long long sshd_deadline(void);
void sshd_tick(void);
extern struct output sshd_output;

/* buttons.c */

/* Opens the machine's power buttons; writes at most count descriptors, returns how many. */
int open_power_buttons(int *fds, int count);
/* Reads pending events of one; true when the button was pressed. */
bool power_button_pressed(int fd);

/* power.c */

/* Ends every process, writes everything, switches off. Returns never. */
_Noreturn void power_off(void);

/* clock */
long long monotonic_ms(void);

/* early.c */
_Noreturn void early_main(void);
