#include <stdint.h>
#include <string.h>

#include "bpf.h"
#include "check.h"

static bool jump_taken(const struct sock_filter *insn, uint32_t accumulator) {
    switch (BPF_OP(insn->code)) {
    case BPF_JEQ: return accumulator == insn->k;
    case BPF_JGT: return accumulator > insn->k;
    case BPF_JGE: return accumulator >= insn->k;
    case BPF_JSET: return (accumulator & insn->k) != 0;
    default: check_failed(__FILE__, __LINE__, "jump %#x", insn->code);
    }
}

uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data) {
    uint32_t accumulator = 0;
    for (size_t at = 0; at < program->len; at++) {
        const struct sock_filter *insn = &program->filter[at];
        switch (insn->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            CHECK(insn->k % 4 == 0 && insn->k <= sizeof *data - 4);
            memcpy(&accumulator, (const char *)data + insn->k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= insn->k; break;
        case BPF_JMP | BPF_JA: at += insn->k; break;
        case BPF_RET | BPF_K: return insn->k;
        default:
            CHECK(BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K);
            at += jump_taken(insn, accumulator) ? insn->jt : insn->jf;
        }
    }
    check_failed(__FILE__, __LINE__, "the filter has no end");
}
