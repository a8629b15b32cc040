#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "guards.h"
#include "features.h"
#include "seccomp_rules.h"
#include "syscalls.h"

enum { MAX_NUMBER = 1024, WAIT_KILLABLE_RECV_ = 1 << 5 };

struct profile {
    struct oci_reader *reader;
    const struct json_value *json;
    uint32_t otherwise;
    bool machines[MACHINE_COUNT];
};

static const struct {
    const char *name;
    uint32_t action;
} actions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
};

static const char *const operators[] = {
    [OP_NE] = "SCMP_CMP_NE", [OP_LT] = "SCMP_CMP_LT", [OP_LE] = "SCMP_CMP_LE", [OP_EQ] = "SCMP_CMP_EQ",
    [OP_GE] = "SCMP_CMP_GE", [OP_GT] = "SCMP_CMP_GT", [OP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

static const char *const machine_names[MACHINE_COUNT] = {
    "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
};

static const uint32_t audit_archs[MACHINE_COUNT] = {
    AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
};

#if defined(__x86_64__)
static const enum machine native = MACHINE_X86_64;
#elif defined(__aarch64__)
static const enum machine native = MACHINE_ARM64;
#else
#error "no seccomp table for this machine"
#endif

static const struct {
    const char *name;
    unsigned flag;
} filter_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", 0}, /* there is one thread to synchronise with */
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WAIT_KILLABLE_RECV_},
};

const char *feature_seccomp_action(size_t index) {
    return index < sizeof actions / sizeof *actions ? actions[index].name : NULL;
}

const char *feature_seccomp_machine(size_t index) {
    return index < MACHINE_COUNT ? machine_names[index] : NULL;
}

const char *feature_seccomp_flag(size_t index) {
    return index < sizeof filter_flags / sizeof *filter_flags ? filter_flags[index].name : NULL;
}

static uint32_t read_action(struct oci_reader *reader, const struct json_value *object, const char *key,
                            const char *errno_key) {
    const char *name = oci_string(reader, object, key);
    struct optional_uint number = oci_uint(reader, object, errno_key);
    for (size_t i = 0; name && i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(name, actions[i].name) != 0) continue;
        uint32_t action = actions[i].action;
        if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE) return action;
        return action | (number.present ? (uint32_t)number.value & SECCOMP_RET_DATA : EPERM);
    }
    oci_problem(reader, "linux.seccomp.action", "an action that is supported");
    return SECCOMP_RET_KILL_PROCESS;
}

static struct seccomp_argument read_argument(struct oci_reader *reader, const struct json_value *object) {
    struct seccomp_argument argument = {
        .index = (unsigned)oci_uint(reader, object, "index").value,
        .value = oci_uint(reader, object, "value").value,
        .second = oci_uint(reader, object, "valueTwo").value,
    };
    const char *name = oci_string(reader, object, "op");
    size_t i = 0, count = sizeof operators / sizeof *operators;
    while (name && i < count && strcmp(name, operators[i]) != 0) i++;
    if (!name || i == count || argument.index > 5) oci_problem(reader, "linux.seccomp.args", "an argument's test");
    argument.operator= (enum seccomp_operator) i;
    return argument;
}

static void add_clause(struct oci_reader *reader, struct seccomp_answer *answer, const struct seccomp_argument *arguments,
                       unsigned count, uint32_t action) {
    struct seccomp_clause *clause = arena_alloc(reader->arena, sizeof *clause);
    if (!clause) {
        oci_problem(reader, "linux.seccomp", "out of memory");
        return;
    }
    memcpy(clause->arguments, arguments, count * sizeof *arguments);
    clause->argument_count = count;
    clause->action = action;
    if (!answer->tail) answer->tail = &answer->clauses;
    *answer->tail = clause;
    answer->tail = &clause->next;
}

/* Two tests of one argument in one rule are alternatives, as runc and crun hand them to libseccomp. */
static void add_rule(struct oci_reader *reader, struct seccomp_answer *answer, const struct json_value *args,
                     uint32_t action) {
    struct seccomp_argument arguments[SECCOMP_MAX_ARGS];
    unsigned count = 0, seen = 0;
    bool alternatives = false;
    for (const struct json_value *item = args ? args->first : NULL; item && count < SECCOMP_MAX_ARGS; item = item->next) {
        arguments[count] = read_argument(reader, item);
        alternatives = alternatives || (seen >> arguments[count].index & 1);
        seen |= 1U << arguments[count].index;
        count++;
    }
    if (count == 0 && !answer->decided) {
        answer->decided = true;
        answer->otherwise = action;
    } else if (alternatives) {
        for (unsigned i = 0; i < count; i++) add_clause(reader, answer, &arguments[i], 1, action);
    } else if (count > 0) {
        add_clause(reader, answer, arguments, count, action);
    }
}

static int by_name(const void *name, const void *entry) {
    return strcmp(name, ((const struct syscall_numbers *)entry)->name);
}

/* One answer for each number of the machine; *end is behind the highest that the profile names. */
static struct seccomp_answer *read_answers(const struct profile *profile, enum machine machine, uint32_t *end) {
    struct oci_reader *reader = profile->reader;
    struct seccomp_answer *answers = arena_alloc(reader->arena, MAX_NUMBER * sizeof *answers);
    const struct json_value *rules = oci_get(reader, profile->json, "syscalls", JSON_ARRAY);
    *end = 0;
    if (!answers) oci_problem(reader, "linux.seccomp", "out of memory");
    for (size_t i = 0; answers && i < MAX_NUMBER; i++) answers[i].otherwise = profile->otherwise;
    for (const struct json_value *rule = rules ? rules->first : NULL; answers && rule; rule = rule->next) {
        const struct json_value *args = oci_get(reader, rule, "args", JSON_ARRAY);
        struct string_list names = oci_strings(reader, rule, "names");
        uint32_t action = read_action(reader, rule, "action", "errnoRet");
        if (action == profile->otherwise && !(args && args->first)) continue;
        for (size_t i = 0; i < names.count; i++) {
            const struct syscall_numbers *found =
                bsearch(names.items[i], syscall_table, syscall_table_count, sizeof *syscall_table, by_name);
            /* A profile names calls of other machines and of newer kernels. */
            int32_t number = found ? found->numbers[machine] : -1;
            if (number < 0 || number >= MAX_NUMBER) continue;
            add_rule(reader, &answers[number], args, action);
            if ((uint32_t)number >= *end) *end = (uint32_t)number + 1;
        }
    }
    return answers;
}

static bool same_answer(const struct seccomp_answer *left, const struct seccomp_answer *right) {
    return !left->clauses && !right->clauses && left->otherwise == right->otherwise;
}

/*
 * Programs that try a call newer than the profile must be told that it does not exist (ENOSYS), so that they fall
 * back; "not permitted" would end them. As runc does it.
 */
static uint32_t answer_of_unknown(uint32_t otherwise) {
    if (otherwise == SECCOMP_RET_ALLOW || otherwise == SECCOMP_RET_LOG) return otherwise;
    return SECCOMP_RET_ERRNO | ENOSYS;
}

static void add_ranges(const struct profile *profile, enum machine machine, struct seccomp_machine *result,
                       struct seccomp_answer *unknown) {
    uint32_t base = machine == MACHINE_X32 ? SECCOMP_X32_BIT : 0, end;
    const struct seccomp_answer *answers = read_answers(profile, machine, &end);
    if (!answers) return;
    for (uint32_t number = 0; number < end; number++) {
        if (number > 0 && same_answer(&answers[number], &answers[number - 1])) continue;
        result->ranges[result->count++] = (struct seccomp_range){base + number, &answers[number]};
    }
    result->ranges[result->count++] = (struct seccomp_range){base + end, unknown};
}

static void read_machines(struct profile *profile) {
    struct string_list list = oci_strings(profile->reader, profile->json, "architectures");
    profile->machines[native] = true;
    for (size_t i = 0; i < list.count; i++) {
        for (int machine = 0; machine < MACHINE_COUNT; machine++) {
            if (strcmp(list.items[i], machine_names[machine]) == 0) profile->machines[machine] = true;
        }
    }
}

static int compile(const struct profile *profile, struct seccomp_filter *filter, struct runtime_error *err) {
    static const enum machine order[] = {MACHINE_X86_64, MACHINE_X32, MACHINE_X86, MACHINE_ARM64, MACHINE_ARM};
    struct arena *arena = profile->reader->arena;
    struct seccomp_machine machines[MACHINE_COUNT] = {0};
    struct seccomp_answer *unknown = arena_alloc(arena, 2 * sizeof *unknown), *foreign = unknown + 1;
    size_t count = 0;
    if (!unknown) return fail(err, "seccomp", ENOMEM, NULL, "out of memory");
    unknown->otherwise = answer_of_unknown(profile->otherwise);
    foreign->otherwise = GUARD_FOREIGN_CALLS ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        enum machine machine = order[i];
        if (!profile->machines[machine] || (machine == MACHINE_X32 && count == 0)) continue;
        /* x32 calls come under the arch of x86-64, with a bit in their numbers. */
        struct seccomp_machine *target = machine == MACHINE_X32 ? &machines[count - 1] : &machines[count++];
        if (!target->ranges) target->ranges = arena_alloc(arena, (2 * MAX_NUMBER + 4) * sizeof *target->ranges);
        if (!target->ranges) return fail(err, "seccomp", ENOMEM, NULL, "out of memory");
        target->audit_arch = audit_archs[machine];
        add_ranges(profile, machine, target, unknown);
        if (machine == MACHINE_X86_64 && !profile->machines[MACHINE_X32]) {
            target->ranges[target->count++] = (struct seccomp_range){SECCOMP_X32_BIT, foreign};
        }
    }
    if (profile->reader->failed) return -1;
    return seccomp_emit(arena, machines, count, &filter->program, err);
}

static unsigned read_flags(struct oci_reader *reader, const struct json_value *json) {
    struct string_list names = oci_strings(reader, json, "flags");
    unsigned flags = 0;
    for (size_t i = 0; i < names.count; i++) {
        size_t known = 0, count = sizeof filter_flags / sizeof *filter_flags;
        while (known < count && strcmp(names.items[i], filter_flags[known].name) != 0) known++;
        if (known < count) flags |= filter_flags[known].flag;
        else oci_problem(reader, "linux.seccomp.flags", "flags that are supported");
    }
    return flags;
}

/*
 * Calls that the listener's own way to its agent takes: nobody could answer them yet. write is no such call here, but
 * no agent that was made for runc expects it.
 */
static void check_notified(struct oci_reader *reader, const struct json_value *json) {
    static const char *const needed[] = {"write", "sendmsg"};
    const struct json_value *rules = oci_get(reader, json, "syscalls", JSON_ARRAY);
    for (const struct json_value *rule = rules ? rules->first : NULL; rule; rule = rule->next) {
        const char *action = oci_string(reader, rule, "action");
        struct string_list names = oci_strings(reader, rule, "names");
        if (!action || strcmp(action, "SCMP_ACT_NOTIFY") != 0) continue;
        for (size_t i = 0; i < names.count; i++) {
            for (size_t j = 0; j < sizeof needed / sizeof *needed; j++) {
                if (strcmp(names.items[i], needed[j]) != 0 || reader->failed) continue;
                reader->failed = true;
                fail(reader->err, "bundle", EINVAL, names.items[i],
                     "SCMP_ACT_NOTIFY cannot be used for the %s syscall", needed[j]);
            }
        }
    }
}

/* Whether any call is answered by an agent. */
static bool notifies(const struct sock_fprog *program) {
    for (unsigned i = 0; i < program->len; i++) {
        const struct sock_filter *insn = &program->filter[i];
        if (BPF_CLASS(insn->code) == BPF_RET && insn->k == SECCOMP_RET_USER_NOTIF) return true;
    }
    return false;
}

int seccomp_compile(struct arena *arena, const struct json_value *json, struct seccomp_filter *filter,
                    struct runtime_error *err) {
    struct oci_reader reader = {.arena = arena, .err = err};
    struct profile profile = {.reader = &reader, .json = json};
    *filter = (struct seccomp_filter){0};
    profile.otherwise = read_action(&reader, json, "defaultAction", "defaultErrnoRet");
    if (profile.otherwise == SECCOMP_RET_USER_NOTIF) {
        oci_problem(&reader, "linux.seccomp.defaultAction", "SCMP_ACT_NOTIFY cannot be used as default action");
    }
    filter->flags = read_flags(&reader, json);
    check_notified(&reader, json);
    read_machines(&profile);
    if (reader.failed || compile(&profile, filter, err) < 0) return -1;
    if (!notifies(&filter->program)) return 0;
    const char *path = oci_string(&reader, json, "listenerPath");
    filter->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    if (path && *path) return 0;
    return fail(err, "bundle", EINVAL, NULL, "linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath");
}

int seccomp_load(const struct seccomp_filter *filter, int *listener, struct runtime_error *err) {
    if (filter->program.len == 0) return 0;
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &filter->program);
    if (result < 0) return fail(err, "seccomp", errno, NULL, "loading the filter: %s", strerror(errno));
    if (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) *listener = (int)result;
    return 0;
}
