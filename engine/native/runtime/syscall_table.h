#ifndef BERTH_SYSCALL_TABLE_H
#define BERTH_SYSCALL_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum machine { MACHINE_X86_64, MACHINE_X86, MACHINE_X32, MACHINE_ARM64, MACHINE_ARM, MACHINE_COUNT };

struct syscall_numbers {
    const char *name;
    int32_t numbers[MACHINE_COUNT];
};

/* Sorted by name. */
extern const struct syscall_numbers syscall_table[];
extern const size_t syscall_table_count;

#endif
