/* config.json and rootfs.json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/oci.h"
#include "check.h"

static struct runtime_error err;

static struct oci_config *load(const char *text) {
    struct oci_config *config = NULL;
    memset(&err, 0, sizeof err);
    return oci_config_parse(text, strlen(text), &config, &err) == 0 ? config : NULL;
}

/* config.json with `process` and `linux` replaced by what is given; either may be NULL. */
static struct oci_config *load_with(const char *process, const char *linux_) {
    char text[4096];
    snprintf(text, sizeof text, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"process\":%s,\"linux\":%s}",
             process ? process : "{\"args\":[\"sh\"],\"cwd\":\"/\"}", linux_ ? linux_ : "{}");
    return load(text);
}

static void whole(void) {
    struct oci_config *config = load_with(
        "{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\"args\":[\"sh\",\"-c\",\"x\"],\"env\":[\"A=1\"],"
        "\"cwd\":\"/w\",\"noNewPrivileges\":true,\"oomScoreAdj\":-5,\"user\":{\"uid\":3,\"gid\":4,\"umask\":18,"
        "\"additionalGids\":[5,6],\"username\":\"app\"},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\","
        "\"CAP_FROM_THE_FUTURE\"]},\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20}]}",
        "{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"},{\"type\":\"ipc\",\"path\":\"\"}],"
        "\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":384}],"
        "\"resources\":{\"memory\":{\"limit\":1000000},\"pids\":{\"limit\":9},\"cpu\":{\"quota\":-1,\"shares\":512}},"
        "\"maskedPaths\":[\"/proc/kcore\"],\"sysctl\":{\"net.x\":\"1\"},\"cgroupsPath\":\"/a\"}");
    CHECK_TEXT(err.message, "");
    CHECK(config);
    const struct oci_process *process = &config->process;
    CHECK(process->terminal && process->rows == 24 && process->columns == 80 && process->no_new_privileges);
    CHECK_INT(process->args.count, 3);
    CHECK_TEXT(process->args.items[2], "x");
    CHECK(process->args.items[3] == NULL);
    CHECK(process->oom_score_adj.present && process->oom_score_adj.value == -5);
    CHECK(process->user.uid == 3 && process->user.gid == 4 && process->user.umask.value == 18);
    CHECK(process->user.additional_gid_count == 2 && process->user.additional_gids[1] == 6);
    CHECK_INT(process->capabilities.bounding, 1 << 0 | 1 << 5);
    CHECK(process->rlimit_count == 1 && process->rlimits[0].soft == 10 && process->rlimits[0].hard == 20);
    CHECK(config->namespaces[NS_PID].present && !config->namespaces[NS_PID].path);
    CHECK_TEXT(config->namespaces[NS_NETWORK].path, "/n");
    CHECK(config->namespaces[NS_IPC].present && !config->namespaces[NS_IPC].path && !config->namespaces[NS_UTS].present);
    CHECK(config->device_count == 1 && config->devices[0].mode == 0600 && config->devices[0].type == 'c');
    CHECK(config->resources.memory_limit.value == 1000000 && config->resources.pids_limit.value == 9);
    CHECK(config->resources.cpu_quota.value == -1 && config->resources.cpu_shares.value == 512);
    CHECK(!config->resources.memory_swap.present);
    CHECK_TEXT(config->masked_paths.items[0], "/proc/kcore");
    CHECK_TEXT(config->sysctl[0].value, "1");
    oci_config_free(config);
}

static void null_reads_as_absent(void) {
    struct oci_config *config = load_with("{\"args\":[\"sh\"],\"cwd\":\"/\",\"env\":null,\"user\":null}",
                                          "{\"devices\":null,\"resources\":null,\"seccomp\":null}");
    CHECK(config && config->process.env.count == 0 && config->device_count == 0 && !config->seccomp);
    oci_config_free(config);
}

static void refused(void) {
    static const struct {
        const char *process, *linux_, *names;
    } cases[] = {
        {"{\"args\":[],\"cwd\":\"/\"}", NULL, "process.args"},
        {"{\"args\":[\"a\",1],\"cwd\":\"/\"}", NULL, "args"},
        {"{\"args\":\"sh\",\"cwd\":\"/\"}", NULL, "args"},
        {"{\"args\":[\"sh\"],\"cwd\":\"w\"}", NULL, "process.cwd"},
        {"{\"args\":[\"sh\"]}", NULL, "process.cwd"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":-1}}", NULL, "uid"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":4294967295}}", NULL, "uid"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"additionalGids\":[\"a\"]}}", NULL, "additionalGids"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"terminal\":1}", NULL, "terminal"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_X\"}]}", NULL, "rlimits"},
        {"{\"args\":[\"sh\"],\"cwd\":\"/\",\"oomScoreAdj\":1.5}", NULL, "oomScoreAdj"},
        {"[]", NULL, "process"},
        {NULL, "[]", "linux"},
        {NULL, "{\"namespaces\":[{\"type\":\"moon\"}]}", "namespaces"},
        {NULL, "{\"namespaces\":[{}]}", "namespaces"},
        {NULL, "{\"devices\":[{\"path\":\"dev/x\",\"type\":\"c\"}]}", "devices"},
        {NULL, "{\"devices\":[{\"path\":\"/dev/x\",\"type\":\"q\"}]}", "devices"},
        {NULL, "{\"resources\":{\"devices\":[{\"type\":\"z\"}]}}", "devices"},
        {NULL, "{\"sysctl\":{\"net.x\":1}}", "sysctl"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *what = cases[i].process ? cases[i].process : cases[i].linux_;
        CHECK_CASE(!load_with(cases[i].process, cases[i].linux_), what);
        CHECK_CASE(strstr(err.message, cases[i].names), what);
        CHECK_CASE(strcmp(err.stage, "bundle") == 0 && err.number == EINVAL, what);
    }
}

static void documents_refused(void) {
    static const char *const cases[] = {"", "[]", "1", "{", "{\"mounts\":[{\"destination\":\"x\"}]}",
                                        "{\"mounts\":[{}]}", "{\"mounts\":{}}", "{\"root\":[]}", "{\"hostname\":5}"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_CASE(!load(cases[i]), cases[i]);
        CHECK_CASE(err.message[0], cases[i]);
    }
}

static void device_rules_get_the_defaults_behind_them(void) {
    struct oci_config *config =
        load_with(NULL, "{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,"
                        "\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"}]}}");
    CHECK(config && config->resources.device_count > 2);
    const struct oci_device_rule *rules = config->resources.devices;
    CHECK(!rules[0].allow && rules[0].type == 'a' && rules[0].major == -1 && rules[0].minor == -1);
    CHECK(rules[1].allow && rules[1].major == 10 && rules[1].minor == 229 && rules[1].read && !rules[1].make);
    oci_config_free(config);
}

static struct mount_plan *load_plan(const char *text) {
    struct mount_plan *plan = NULL;
    memset(&err, 0, sizeof err);
    return mount_plan_parse(text, strlen(text), &plan, &err) == 0 ? plan : NULL;
}

static void plans(void) {
    struct mount_plan *plan = load_plan("{\"type\":\"overlay\",\"lower\":[\"/a\",\"/b\"],\"upper\":\"/u\",\"work\":\"/w\","
                                        "\"volatile\":true}");
    CHECK(plan && plan->overlay && plan->lower.count == 2 && plan->is_volatile && !plan->read_only);
    mount_plan_free(plan);
    static const char *const bad[] = {
        "{}",
        "{\"type\":\"overlay\"}",
        "{\"type\":\"overlay\",\"lower\":[]}",
        "{\"type\":\"overlay\",\"lower\":[\"/a\"],\"upper\":\"/u\"}",
        "{\"type\":\"bind\",\"lower\":[\"/a\",\"/b\"]}",
        "{\"type\":\"tape\",\"lower\":[\"/a\"]}",
        "{\"type\":\"bind\",\"lower\":\"/a\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK_CASE(!load_plan(bad[i]) && err.message[0], bad[i]);
}

static void a_missing_file_says_so(void) {
    struct oci_config *config;
    CHECK_INT(oci_config_load("/no/such/config.json", &config, &err), -1);
    CHECK_INT(err.number, ENOENT);
    CHECK(strstr(err.message, "/no/such/config.json"));
}

void config_tests(void) {
    test("config: a whole document", whole);
    test("config: null reads as absent", null_reads_as_absent);
    test("config: wrong values are refused by name", refused);
    test("config: wrong documents are refused", documents_refused);
    test("config: device rules get the default devices behind them", device_rules_get_the_defaults_behind_them);
    test("config: mount plans", plans);
    test("config: a file that is missing is named", a_missing_file_says_so);
}
