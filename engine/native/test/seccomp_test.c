/*
 * The seccomp compiler, by carrying its programs out: each answer must be what a plain reading of the profile gives,
 * for every call of every machine, with arguments at and around the values that the rules name.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/seccomp.h"
#include "../runtime/seccomp_rules.h"
#include "bpf.h"
#include "check.h"

enum { ERRNO_EPERM = SECCOMP_RET_ERRNO | EPERM, ERRNO_ENOSYS = SECCOMP_RET_ERRNO | ENOSYS };

static struct arena arena;
static struct runtime_error err;

static const struct json_value *parse(const char *text) {
    char problem[128];
    const struct json_value *value = json_parse(&arena, text, strlen(text), problem, sizeof problem);
    if (!value) check_failed(__FILE__, __LINE__, "%s", problem);
    return value;
}

static struct seccomp_filter compile(const char *text) {
    struct seccomp_filter filter;
    if (seccomp_compile(&arena, parse(text), &filter, &err) < 0) check_failed(__FILE__, __LINE__, "%s", err.message);
    return filter;
}

static uint32_t ask(const struct seccomp_filter *filter, uint32_t arch, uint32_t number, const uint64_t *arguments) {
    struct seccomp_data data = {.nr = (int)number, .arch = arch};
    if (arguments) memcpy(data.args, arguments, sizeof data.args);
    return bpf_run(&filter->program, &data);
}

static uint32_t ask1(const struct seccomp_filter *filter, uint32_t number, uint64_t argument) {
    const uint64_t arguments[6] = {argument};
    return ask(filter, AUDIT_ARCH_X86_64, number, arguments);
}

/* The profile in which read(2) — number 0 — is allowed where one test of its first argument holds. */
static struct seccomp_filter one_test(const char *operator, uint64_t value, uint64_t second) {
    char text[512];
    snprintf(text, sizeof text,
             "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\","
             "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_%s\",\"value\":%llu,\"valueTwo\":%llu}]}]}",
             operator, (unsigned long long)value, (unsigned long long)second);
    return compile(text);
}

static bool holds(const char *operator, uint64_t argument, uint64_t value, uint64_t second) {
    if (strcmp(operator, "NE") == 0) return argument != value;
    if (strcmp(operator, "LT") == 0) return argument < value;
    if (strcmp(operator, "LE") == 0) return argument <= value;
    if (strcmp(operator, "EQ") == 0) return argument == value;
    if (strcmp(operator, "GE") == 0) return argument >= value;
    if (strcmp(operator, "GT") == 0) return argument > value;
    return (argument & value) == second;
}

#define HIGH UINT64_C(0x100000000)

static void operators(void) {
    static const char *const names[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
    static const uint64_t values[] = {0, 1, 7, 0x7fffffff, 0xffffffff, HIGH, HIGH + 7, 5 * HIGH - 1, UINT64_MAX};
    static const uint64_t arguments[] = {0, 1, 2, 6, 7, 8, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, HIGH, HIGH + 1,
                                         HIGH + 6, HIGH + 7, HIGH + 8, 2 * HIGH + 7, 5 * HIGH - 2, 5 * HIGH - 1, 5 * HIGH,
                                         UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            struct seccomp_filter filter = one_test(names[i], values[j], values[j] & 5);
            for (size_t k = 0; k < sizeof arguments / sizeof *arguments; k++) {
                uint32_t wanted = holds(names[i], arguments[k], values[j], values[j] & 5) ? SECCOMP_RET_ALLOW
                                                                                           : ERRNO_EPERM;
                uint32_t got = ask1(&filter, 0, arguments[k]);
                if (got != wanted) {
                    check_failed(__FILE__, __LINE__, "%s %#llx of %#llx is %#x", names[i],
                                 (unsigned long long)values[j], (unsigned long long)arguments[k], got);
                }
            }
            arena_free(&arena);
        }
    }
}

static void tests_of_one_rule(void) {
    /* Of different arguments: all must hold. Of the same one: any. Rules: any. */
    struct seccomp_filter filter = compile(
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
        "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":1},"
        "{\"index\":1,\"op\":\"SCMP_CMP_EQ\",\"value\":2}]},"
        "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":5}]},"
        "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":8},"
        "{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":9}]}]}");
    static const struct {
        uint32_t number;
        uint64_t arguments[6];
        bool allowed;
    } cases[] = {
        {0, {1, 2}, true}, {0, {1, 3}, false}, {0, {2, 2}, false}, {0, {5, 9}, true},
        {1, {8}, true},    {1, {9}, true},     {1, {7}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t wanted = cases[i].allowed ? SECCOMP_RET_ALLOW : ERRNO_EPERM;
        CHECK_INT(ask(&filter, AUDIT_ARCH_X86_64, cases[i].number, cases[i].arguments), wanted);
    }
    arena_free(&arena);
}

static void actions(void) {
    struct seccomp_filter filter = compile(
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"},"
        "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},{\"names\":[\"open\"],\"action\":\"SCMP_ACT_TRAP\"},"
        "{\"names\":[\"close\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
        "{\"names\":[\"stat\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7},{\"names\":[\"fstat\"],\"action\":\"SCMP_ACT_LOG\"},"
        "{\"names\":[\"lstat\",\"a_call_of_tomorrow\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
    static const uint32_t wanted[] = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_TRAP, ERRNO_ENOSYS,
                                      SECCOMP_RET_TRACE | 7,   SECCOMP_RET_LOG,          ERRNO_EPERM,      SECCOMP_RET_ALLOW};
    for (uint32_t number = 0; number < 8; number++) CHECK_INT(ask1(&filter, number, 0), wanted[number]);
    CHECK_INT(ask1(&filter, 5000, 0), SECCOMP_RET_ALLOW);
    arena_free(&arena);
}

static void machines(void) {
    static const char profile[] =
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[%s],\"syscalls\":[{\"names\":[\"read\",\"socketcall\"],"
        "\"action\":\"SCMP_ACT_ALLOW\"}]}";
    char text[512];
    snprintf(text, sizeof text, profile, "\"SCMP_ARCH_X86_64\"");
    struct seccomp_filter alone = compile(text);
    /* A 32-bit call, or one by x32's numbers, must not slip past the numbers of x86-64. */
    CHECK_INT(ask(&alone, AUDIT_ARCH_I386, 3, NULL), SECCOMP_RET_KILL_PROCESS);
    CHECK_INT(ask(&alone, AUDIT_ARCH_AARCH64, 0, NULL), SECCOMP_RET_KILL_PROCESS);
    CHECK_INT(ask(&alone, AUDIT_ARCH_X86_64, SECCOMP_X32_BIT, NULL), SECCOMP_RET_KILL_PROCESS);
    CHECK_INT(ask(&alone, AUDIT_ARCH_X86_64, 0xffffffff, NULL), SECCOMP_RET_KILL_PROCESS);
    snprintf(text, sizeof text, profile, "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"");
    struct seccomp_filter all = compile(text);
    CHECK_INT(ask(&all, AUDIT_ARCH_X86_64, 0, NULL), SECCOMP_RET_ALLOW);
    CHECK_INT(ask(&all, AUDIT_ARCH_X86_64, SECCOMP_X32_BIT, NULL), SECCOMP_RET_ALLOW);
    CHECK_INT(ask(&all, AUDIT_ARCH_I386, 3, NULL), SECCOMP_RET_ALLOW);
    CHECK_INT(ask(&all, AUDIT_ARCH_I386, 102, NULL), SECCOMP_RET_ALLOW);
    CHECK_INT(ask(&all, AUDIT_ARCH_I386, 0, NULL), ERRNO_EPERM);
    CHECK_INT(ask(&all, AUDIT_ARCH_ARM, 3, NULL), SECCOMP_RET_KILL_PROCESS);
    arena_free(&arena);
}

static void calls_newer_than_the_profile(void) {
    struct seccomp_filter filter = compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"openat2\"],"
                                           "\"action\":\"SCMP_ACT_ALLOW\"}]}");
    CHECK_INT(ask1(&filter, 436, 0), ERRNO_EPERM);
    CHECK_INT(ask1(&filter, 437, 0), SECCOMP_RET_ALLOW);
    CHECK_INT(ask1(&filter, 438, 0), ERRNO_ENOSYS);
    CHECK_INT(ask1(&filter, 900, 0), ERRNO_ENOSYS);
    arena_free(&arena);
}

static void profiles_refused(void) {
    static const char *const bad[] = {
        "{}",
        "{\"defaultAction\":\"SCMP_ACT_DANCE\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"?\"}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{"
        "\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{"
        "\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[{"
        "\"index\":0,\"value\":1,\"op\":\"LIKE\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_FUTURE\"]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":7}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct seccomp_filter filter;
        CHECK_CASE(seccomp_compile(&arena, parse(bad[i]), &filter, &err) < 0, bad[i]);
        arena_free(&arena);
    }
}

static void too_many_rules(void) {
    static char text[1 << 20];
    size_t at = (size_t)snprintf(text, sizeof text, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
    for (int i = 0; i < 1500; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%s{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
                               "\"op\":\"SCMP_CMP_EQ\",\"value\":%d}]}",
                               i ? "," : "", i);
    }
    snprintf(text + at, sizeof text - at, "]}");
    struct seccomp_filter filter;
    CHECK(seccomp_compile(&arena, parse(text), &filter, &err) < 0);
    CHECK_INT(err.number, E2BIG);
    arena_free(&arena);
}

/* --- the default profile, read plainly --- */

static bool names_call(const struct json_value *rule, const char *name) {
    const struct json_value *names = json_member(rule, "names");
    for (const struct json_value *item = names ? names->first : NULL; item; item = item->next) {
        if (strcmp(item->text, name) == 0) return true;
    }
    return false;
}

static uint64_t number_of(const struct json_value *object, const char *key) {
    uint64_t value = 0;
    json_uint64(json_member(object, key), &value);
    return value;
}

static bool rule_holds(const struct json_value *rule, const uint64_t *arguments) {
    const struct json_value *args = json_member(rule, "args");
    for (const struct json_value *item = args ? args->first : NULL; item; item = item->next) {
        const char *operator= json_member(item, "op")->text + strlen("SCMP_CMP_");
        if (!holds(operator, arguments[number_of(item, "index")], number_of(item, "value"), number_of(item, "valueTwo"))) {
            return false;
        }
    }
    return true;
}

static uint32_t plain_answer(const struct json_value *profile, const char *name, const uint64_t *arguments) {
    const struct json_value *rules = json_member(profile, "syscalls");
    for (const struct json_value *rule = rules->first; rule; rule = rule->next) {
        if (!names_call(rule, name) || !rule_holds(rule, arguments)) continue;
        if (strcmp(json_member(rule, "action")->text, "SCMP_ACT_ALLOW") == 0) return SECCOMP_RET_ALLOW;
        return SECCOMP_RET_ERRNO | (uint32_t)number_of(rule, "errnoRet");
    }
    return SECCOMP_RET_ERRNO | (uint32_t)number_of(profile, "defaultErrnoRet");
}

static char *read_profile(void) {
    static char text[256 * 1024];
    FILE *file = fopen(default_profile_path, "r");
    if (!file) check_failed(__FILE__, __LINE__, "%s: %s", default_profile_path, strerror(errno));
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    return text;
}

static uint32_t highest_named(const struct json_value *profile, enum machine machine) {
    uint32_t highest = 0;
    const struct json_value *rules = json_member(profile, "syscalls");
    for (size_t i = 0; i < syscall_table_count; i++) {
        int32_t number = syscall_table[i].numbers[machine];
        bool named = false;
        for (const struct json_value *rule = rules->first; rule; rule = rule->next) {
            named = named || names_call(rule, syscall_table[i].name);
        }
        if (named && number > (int32_t)highest) highest = (uint32_t)number;
    }
    return highest;
}

static void check_machine(const struct seccomp_filter *filter, const struct json_value *profile, enum machine machine,
                          uint32_t arch) {
    static const uint64_t samples[] = {0, 1, 2, 8, 0x20008, 0x7fffffff, 0xffffffff, 0x7e020000, 0x10000000, 0x02000000,
                                       16, 38, 40, 41, HIGH, HIGH + 8, HIGH + 40, UINT64_MAX};
    uint32_t end = highest_named(profile, machine), base = machine == MACHINE_X32 ? SECCOMP_X32_BIT : 0;
    for (size_t i = 0; i < syscall_table_count; i++) {
        const struct syscall_numbers *call = &syscall_table[i];
        if (call->numbers[machine] < 0) continue;
        for (size_t j = 0; j < sizeof samples / sizeof *samples; j++) {
            const uint64_t arguments[6] = {samples[j], samples[(j + 1) % 18], samples[j], 0, 0, 0};
            uint32_t number = (uint32_t)call->numbers[machine];
            uint32_t wanted = number > end ? (uint32_t)ERRNO_ENOSYS : plain_answer(profile, call->name, arguments);
            uint32_t got = ask(filter, arch, base + number, arguments);
            if (got == wanted) continue;
            check_failed(__FILE__, __LINE__, "%s (%u) of machine %d with %#llx: %#x, not %#x", call->name, number,
                         machine, (unsigned long long)samples[j], got, wanted);
        }
    }
}

static void default_profile(void) {
    const struct json_value *profile = parse(read_profile());
    struct seccomp_filter filter;
    CHECK(seccomp_compile(&arena, profile, &filter, &err) == 0);
    check_machine(&filter, profile, MACHINE_X86_64, AUDIT_ARCH_X86_64);
    check_machine(&filter, profile, MACHINE_X86, AUDIT_ARCH_I386);
    check_machine(&filter, profile, MACHINE_X32, AUDIT_ARCH_X86_64);
    CHECK_INT(ask(&filter, AUDIT_ARCH_AARCH64, 63, NULL), SECCOMP_RET_KILL_PROCESS);
    arena_free(&arena);
}

/* What the profile is for, said without it: by Docker's documentation these are refused to a container. */
static void what_a_container_must_not(void) {
    struct seccomp_filter filter;
    CHECK(seccomp_compile(&arena, parse(read_profile()), &filter, &err) == 0);
    static const struct {
        const char *what;
        uint32_t arch, number;
        uint64_t arguments[6];
        bool allowed;
    } cases[] = {
        {"mount", AUDIT_ARCH_X86_64, 165, {0}, false},
        {"mount, 32 bits", AUDIT_ARCH_I386, 21, {0}, false},
        {"mount, x32", AUDIT_ARCH_X86_64, SECCOMP_X32_BIT + 165, {0}, false},
        {"keyctl", AUDIT_ARCH_X86_64, 250, {0}, false},
        {"keyctl, 32 bits", AUDIT_ARCH_I386, 288, {0}, false},
        {"bpf", AUDIT_ARCH_X86_64, 321, {0}, false},
        {"reboot", AUDIT_ARCH_X86_64, 169, {0}, false},
        {"unshare", AUDIT_ARCH_X86_64, 272, {0x10000000}, false},
        {"clone with a user namespace", AUDIT_ARCH_X86_64, 56, {0x10000000}, false},
        {"clone of a thread", AUDIT_ARCH_X86_64, 56, {0x3d0f00}, true},
        {"socket of AF_INET", AUDIT_ARCH_X86_64, 41, {2}, true},
        {"socket of AF_VSOCK", AUDIT_ARCH_X86_64, 41, {40}, false},
        {"socket of AF_VSOCK, 32 bits", AUDIT_ARCH_I386, 359, {40}, false},
        {"personality of Linux", AUDIT_ARCH_X86_64, 135, {0}, true},
        {"personality READ_IMPLIES_EXEC", AUDIT_ARCH_X86_64, 135, {0x0400000}, false},
        {"read", AUDIT_ARCH_X86_64, 0, {0}, true},
        {"execve", AUDIT_ARCH_X86_64, 59, {0}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t got = ask(&filter, cases[i].arch, cases[i].number, cases[i].arguments);
        CHECK_CASE((got == SECCOMP_RET_ALLOW) == cases[i].allowed, cases[i].what);
    }
    /* A C library that is told that clone3 does not exist goes back to clone, whose flags can be seen. */
    CHECK_INT(ask1(&filter, 435, 0), ERRNO_ENOSYS);
    arena_free(&arena);
}

static void the_kernel_takes_it(void) {
    struct seccomp_filter filter;
    int status, listener = -1;
    CHECK(seccomp_compile(&arena, parse(read_profile()), &filter, &err) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (seccomp_load(&filter, &listener, &err) < 0) _exit(1);
        /* Not permitted, whoever asks. */
        _exit(syscall(SYS_keyctl, 0, 0, 0) == -1 && errno == EPERM ? 0 : 2);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    arena_free(&arena);
}

void seccomp_tests(void) {
    test("seccomp: every comparison, with arguments of 64 bits", operators);
    test("seccomp: several tests in a rule, several rules for a call", tests_of_one_rule);
    test("seccomp: every action", actions);
    test("seccomp: calls of another machine, of 32 bits, of x32", machines);
    test("seccomp: a call newer than the profile does not exist", calls_newer_than_the_profile);
    test("seccomp: wrong profiles are refused", profiles_refused);
    test("seccomp: a profile that is too large is refused", too_many_rules);
    test("seccomp: the default profile answers as it reads, for every call", default_profile);
    test("seccomp: what a container must not do", what_a_container_must_not);
    test("seccomp: the kernel takes the default filter", the_kernel_takes_it);
}
