/* Ranges of answers, written as classic BPF. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "error.h"
#include "guards.h"
#include "seccomp_rules.h"

/* Targets of jumps that are known only behind the code they skip. */
enum { NEXT_CLAUSE = 0xff, ARGUMENT_HOLDS = 0xfe, MAX_SHORT_JUMP = 0xfd };

struct emitter {
    struct sock_filter *insns;
    size_t count;
    bool overflow;
};

static void put(struct emitter *emitter, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
    if (emitter->count == SECCOMP_MAX_INSNS) {
        emitter->overflow = true;
        return;
    }
    emitter->insns[emitter->count++] = (struct sock_filter){code, if_true, if_false, value};
}

static void put_return(struct emitter *emitter, uint32_t action) {
    put(emitter, BPF_RET | BPF_K, action, 0, 0);
}

static void put_load(struct emitter *emitter, size_t offset) {
    put(emitter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_jump(struct emitter *emitter, uint16_t operation, uint32_t value, uint8_t if_true, uint8_t if_false) {
    put(emitter, BPF_JMP | operation | BPF_K, value, if_true, if_false);
}

static void resolve(struct emitter *emitter, size_t start, uint8_t mark) {
    for (size_t i = start; i < emitter->count; i++) {
        struct sock_filter *insn = &emitter->insns[i];
        if (BPF_CLASS(insn->code) != BPF_JMP || BPF_OP(insn->code) == BPF_JA) continue;
        uint8_t distance = (uint8_t)(emitter->count - i - 1);
        if (insn->jt == mark) insn->jt = distance;
        if (insn->jf == mark) insn->jf = distance;
    }
}

/* The upper halves decide where they differ; where they are equal the lower ones do. */
static void put_argument(struct emitter *emitter, const struct seccomp_argument *argument) {
    size_t start = emitter->count, low = offsetof(struct seccomp_data, args) + argument->index * 8, high = low + 4;
    uint32_t value_high = (uint32_t)(argument->value >> 32), value_low = (uint32_t)argument->value;
    const uint8_t no = NEXT_CLAUSE, yes = ARGUMENT_HOLDS;
    put_load(emitter, high);
    switch (argument->operator) {
    case OP_EQ:
        put_jump(emitter, BPF_JEQ, value_high, 0, no);
        put_load(emitter, low);
        put_jump(emitter, BPF_JEQ, value_low, yes, no);
        break;
    case OP_NE:
        put_jump(emitter, BPF_JEQ, value_high, 0, yes);
        put_load(emitter, low);
        put_jump(emitter, BPF_JEQ, value_low, no, yes);
        break;
    case OP_LT:
    case OP_LE:
        put_jump(emitter, BPF_JGT, value_high, no, 0);
        put_jump(emitter, BPF_JEQ, value_high, 0, yes);
        put_load(emitter, low);
        put_jump(emitter, argument->operator== OP_LT ? BPF_JGE : BPF_JGT, value_low, no, yes);
        break;
    case OP_GT:
    case OP_GE:
        put_jump(emitter, BPF_JGT, value_high, yes, 0);
        put_jump(emitter, BPF_JEQ, value_high, 0, no);
        put_load(emitter, low);
        put_jump(emitter, argument->operator== OP_GT ? BPF_JGT : BPF_JGE, value_low, yes, no);
        break;
    case OP_MASKED_EQ:
        put(emitter, BPF_ALU | BPF_AND | BPF_K, value_high, 0, 0);
        put_jump(emitter, BPF_JEQ, (uint32_t)(argument->second >> 32), 0, no);
        put_load(emitter, low);
        put(emitter, BPF_ALU | BPF_AND | BPF_K, value_low, 0, 0);
        put_jump(emitter, BPF_JEQ, (uint32_t)argument->second, yes, no);
        break;
    }
    resolve(emitter, start, ARGUMENT_HOLDS);
}

static void put_answer(struct emitter *emitter, const struct seccomp_answer *answer) {
    for (const struct seccomp_clause *clause = answer->clauses; clause; clause = clause->next) {
        size_t start = emitter->count;
        for (unsigned i = 0; i < clause->argument_count; i++) put_argument(emitter, &clause->arguments[i]);
        put_return(emitter, clause->action);
        resolve(emitter, start, NEXT_CLAUSE);
    }
    put_return(emitter, answer->otherwise);
}

/* Half of the ranges at a time; the jump over the lower half is a long one where a byte cannot tell it. */
static void put_ranges(struct emitter *emitter, const struct seccomp_range *ranges, size_t count) {
    if (count == 1) {
        put_answer(emitter, ranges->answer);
        return;
    }
    size_t half = count / 2, at = emitter->count;
    put_jump(emitter, BPF_JGE, ranges[half].first, 0, 1);
    put(emitter, BPF_JMP | BPF_JA, 0, 0, 0);
    put_ranges(emitter, ranges, half);
    if (emitter->overflow) return;
    emitter->insns[at + 1].k = (uint32_t)(emitter->count - at - 2);
    put_ranges(emitter, ranges + half, count - half);
}

int seccomp_emit(struct arena *arena, const struct seccomp_machine *machines, size_t count, struct sock_fprog *program,
                 struct runtime_error *err) {
    struct emitter emitter = {.insns = arena_alloc(arena, SECCOMP_MAX_INSNS * sizeof *emitter.insns)};
    if (!emitter.insns) return fail(err, "seccomp", ENOMEM, NULL, "out of memory");
    put_load(&emitter, offsetof(struct seccomp_data, arch));
    for (size_t i = 0; i < count; i++) {
        size_t at = emitter.count;
        put_jump(&emitter, BPF_JEQ, machines[i].audit_arch, 1, 0);
        put(&emitter, BPF_JMP | BPF_JA, 0, 0, 0);
        put_load(&emitter, offsetof(struct seccomp_data, nr));
        put_ranges(&emitter, machines[i].ranges, machines[i].count);
        if (!emitter.overflow) emitter.insns[at + 1].k = (uint32_t)(emitter.count - at - 2);
    }
    put_return(&emitter, GUARD_FOREIGN_CALLS ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW);
    if (emitter.overflow) return fail(err, "seccomp", E2BIG, NULL, "the profile has too many rules for one filter");
    program->filter = emitter.insns;
    program->len = (unsigned short)emitter.count;
    return 0;
}
