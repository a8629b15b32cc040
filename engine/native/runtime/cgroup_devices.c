/* Device rules of version 2: a small BPF program at the group. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"
#include "syscalls.h"

enum { INSNS_PER_RULE = 10, INSNS_FIXED = 10 };

struct program {
    struct bpf_insn *insns;
    size_t count;
};

static void put(struct program *program, uint8_t code, uint8_t target, uint8_t source, int16_t jump, int32_t value) {
    program->insns[program->count++] =
        (struct bpf_insn){.code = code, .dst_reg = target & 0xf, .src_reg = source & 0xf, .off = jump, .imm = value};
}

/* r2 type, r3 access, r4 major, r5 minor, as in struct bpf_cgroup_dev_ctx. */
static void put_rule(struct program *program, const struct oci_device_rule *rule) {
    int32_t access = (rule->read ? BPF_DEVCG_ACC_READ : 0) | (rule->write ? BPF_DEVCG_ACC_WRITE : 0) |
                     (rule->make ? BPF_DEVCG_ACC_MKNOD : 0);
    size_t start = program->count;
    if (rule->type != 'a') {
        put(program, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    }
    if (access != (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)) {
        /* A rule that allows must grant all that is wanted; one that denies counts where it meets any of it. */
        put(program, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
        put(program, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, access);
        if (rule->allow) put(program, BPF_JMP | BPF_JNE | BPF_X, 1, 3, 0, 0);
        else put(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, 0);
    }
    if (rule->type != 'a' && rule->major >= 0) put(program, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, (int32_t)rule->major);
    if (rule->type != 'a' && rule->minor >= 0) put(program, BPF_JMP | BPF_JNE | BPF_K, 5, 0, 0, (int32_t)rule->minor);
    put(program, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, rule->allow);
    put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    /* What does not match goes on behind this rule. */
    for (size_t i = start; i < program->count; i++) {
        struct bpf_insn *insn = &program->insns[i];
        uint8_t operation = BPF_OP(insn->code);
        if (BPF_CLASS(insn->code) == BPF_JMP && operation != BPF_EXIT) insn->off = (int16_t)(program->count - i - 1);
    }
}

static void put_program(struct program *program, const struct oci_device_rule *rules, size_t count) {
    put(program, BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
    put(program, BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
    put(program, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
    put(program, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
    put(program, BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);
    put(program, BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);
    for (size_t i = count; i > 0; i--) {
        put_rule(program, &rules[i - 1]);
        /* Nothing behind a rule for everything can count, and the verifier refuses what cannot be reached. */
        if (rules[i - 1].type == 'a' && rules[i - 1].read && rules[i - 1].write && rules[i - 1].make) return;
    }
    put(program, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
    put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int load_program(const struct program *program) {
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insns = (uint64_t)(uintptr_t)program->insns,
        .insn_cnt = (uint32_t)program->count,
        .license = (uint64_t)(uintptr_t) "Apache-2.0",
    };
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

int cgroup_apply_devices_v2(const char *mount, const char *path, const struct oci_device_rule *rules, size_t count,
                            struct runtime_error *err) {
    char name[CGROUP_PATH_MAX + 128];
    struct program program = {.insns = calloc(count * INSNS_PER_RULE + INSNS_FIXED, sizeof *program.insns)};
    if (!program.insns) return fail(err, "cgroup", ENOMEM, NULL, "out of memory");
    put_program(&program, rules, count);
    AUTO_FD loaded = load_program(&program);
    int number = errno;
    free(program.insns);
    if (loaded < 0) return fail(err, "cgroup", number, NULL, "loading the device rules: %s", strerror(number));
    snprintf(name, sizeof name, "%s%s", mount, path);
    AUTO_FD group = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    union bpf_attr attr = {
        .target_fd = (uint32_t)group,
        .attach_bpf_fd = (uint32_t)loaded,
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };
    if (group < 0 || syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) < 0) {
        return fail(err, "cgroup", errno, name, "attaching the device rules: %s", strerror(errno));
    }
    return 0;
}
