/* A profile as rules by number, between reading it (seccomp.c) and writing instructions (seccomp_emit.c). */
#ifndef BERTH_SECCOMP_RULES_H
#define BERTH_SECCOMP_RULES_H

#include <linux/filter.h>

#include "oci.h"
#include "syscall_table.h"

enum seccomp_operator { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

enum { SECCOMP_MAX_ARGS = 6, SECCOMP_X32_BIT = 0x40000000, SECCOMP_MAX_INSNS = 4096 };

struct seccomp_argument {
    unsigned index;
    enum seccomp_operator operator;
    uint64_t value, second; /* OP_MASKED_EQ: mask, wanted */
};

/* One condition on a system call: all arguments must hold. */
struct seccomp_clause {
    struct seccomp_clause *next;
    struct seccomp_argument arguments[SECCOMP_MAX_ARGS];
    unsigned argument_count;
    uint32_t action;
};

/* What happens to one number: the first clause that holds, else `otherwise`. */
struct seccomp_answer {
    struct seccomp_clause *clauses, **tail;
    bool decided; /* a rule without conditions has set `otherwise` */
    uint32_t otherwise;
};

/* Numbers from `first` to the next range's first have the same answer. */
struct seccomp_range {
    uint32_t first;
    const struct seccomp_answer *answer;
};

struct seccomp_machine {
    uint32_t audit_arch;
    struct seccomp_range *ranges;
    size_t count;
};

/* The instructions for all machines; what is of no machine is killed. */
int seccomp_emit(struct arena *arena, const struct seccomp_machine *machines, size_t count, struct sock_fprog *program,
                 struct runtime_error *err);

#endif
