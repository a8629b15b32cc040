/* config.json with its seccomp profile, rootfs.json, and the process of an exec: one input is read as each. */
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/oci.h"
#include "../../runtime/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The kernel's own rules: every jump lands inside, and the last instruction is a return. */
static void check_filter(const struct sock_fprog *program) {
    if (program->len == 0) return;
    for (size_t at = 0; at < program->len; at++) {
        const struct sock_filter *insn = &program->filter[at];
        if (BPF_CLASS(insn->code) != BPF_JMP) continue;
        size_t far = BPF_OP(insn->code) == BPF_JA ? insn->k : insn->jt > insn->jf ? insn->jt : insn->jf;
        if (at + 1 + far >= program->len) abort();
    }
    if (BPF_CLASS(program->filter[program->len - 1].code) != BPF_RET) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    const char *text = (const char *)bytes;
    struct runtime_error err = {0};
    struct oci_config *config = NULL;
    struct mount_plan *plan = NULL;
    struct oci_process *process = NULL;
    struct arena arena = {0};
    char problem[64];
    if (oci_config_parse(text, length, &config, &err) == 0) {
        struct seccomp_filter filter = {0};
        if (config->seccomp && seccomp_compile(&arena, config->seccomp, &filter, &err) == 0) {
            check_filter(&filter.program);
        }
        oci_config_free(config);
    } else if (!err.message[0]) {
        abort();
    }
    if (mount_plan_parse(text, length, &plan, &err) == 0) mount_plan_free(plan);
    const struct json_value *value = json_parse(&arena, text, length, problem, sizeof problem);
    if (value && oci_process_parse(value, &process, &err) == 0) oci_process_free(process);
    arena_free(&arena);
    return 0;
}
