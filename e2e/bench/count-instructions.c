/*
 * A plugin for QEMU's emulator that counts the guest's instructions into a file that it maps: eight bytes, little
 * endian, readable at any moment. For one processor (-smp 1): the counter is not locked.
 *
 * Use: -plugin count-instructions.so,out=FILE. The interface is that of QEMU's documentation ("TCG plugins"); only what
 * is used of it is declared, so that no header of QEMU is needed to build it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

enum register_use { no_registers };

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
	void (*translated)(plugin_id id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
	void (*executed)(unsigned int processor, void *count), enum register_use use, void *count);

/* The oldest version of the interface whose calls above are those of today. */
__attribute__((visibility("default"))) int qemu_plugin_version = 2;

static uint64_t *counter;

static void block_executed(unsigned int processor, void *count)
{
	(void)processor;
	*counter += (uintptr_t)count;
}

static void block_translated(plugin_id id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(block, block_executed, no_registers,
		(void *)qemu_plugin_tb_n_insns(block));
}

__attribute__((visibility("default"))) int qemu_plugin_install(
	plugin_id id, const void *info, int count, char **words)
{
	int fd;

	(void)info;
	if (count != 1 || strncmp(words[0], "out=", 4) != 0)
		return -1;
	fd = open(words[0] + 4, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*counter)) < 0)
		return -1;
	counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (counter == MAP_FAILED)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	return 0;
}
