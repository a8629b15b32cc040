/* spec: a config.json to begin with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../runtime/cgroup.h"
#include "../runtime/error.h"
#include "../runtime/oci.h"
#include "command.h"

static const char *bundle;
static bool rootless;

static const struct option options[] = {
    {"bundle", "b", OPTION_TEXT, &bundle, "directory that the file is written to (default: where it is called)"},
    {"rootless", NULL, OPTION_FLAG, &rootless, "refused: this runtime needs root"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

#define CAPABILITIES "[\n\t\t\t\t\"CAP_AUDIT_WRITE\",\n\t\t\t\t\"CAP_KILL\",\n\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n\t\t\t]"

static const char process_part[] =
    "{\n"
    "\t\"ociVersion\": \"" OCI_VERSION "\",\n"
    "\t\"process\": {\n"
    "\t\t\"terminal\": true,\n"
    "\t\t\"user\": {\n\t\t\t\"uid\": 0,\n\t\t\t\"gid\": 0\n\t\t},\n"
    "\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"
    "\t\t\"env\": [\n"
    "\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
    "\t\t\t\"TERM=xterm\"\n"
    "\t\t],\n"
    "\t\t\"cwd\": \"/\",\n"
    "\t\t\"capabilities\": {\n"
    "\t\t\t\"bounding\": " CAPABILITIES ",\n"
    "\t\t\t\"effective\": " CAPABILITIES ",\n"
    "\t\t\t\"permitted\": " CAPABILITIES "\n"
    "\t\t},\n"
    "\t\t\"rlimits\": [\n\t\t\t{\n\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n\t\t\t\t\"hard\": 1024,\n"
    "\t\t\t\t\"soft\": 1024\n\t\t\t}\n\t\t],\n"
    "\t\t\"noNewPrivileges\": true\n"
    "\t},\n"
    "\t\"root\": {\n\t\t\"path\": \"rootfs\",\n\t\t\"readonly\": true\n\t},\n"
    "\t\"hostname\": \"berth\",\n";

struct mount_line {
    const char *destination, *type, *source, *options;
};

static const struct mount_line mounts[] = {
    {"/proc", "proc", "proc", NULL},
    {"/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k"},
    {"/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5"},
    {"/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k"},
    {"/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev"},
    {"/sys", "sysfs", "sysfs", "nosuid noexec nodev ro"},
    {"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro"},
};

static const char linux_part[] =
    "\t\"linux\": {\n"
    "\t\t\"resources\": {\n"
    "\t\t\t\"devices\": [\n\t\t\t\t{\n\t\t\t\t\t\"allow\": false,\n\t\t\t\t\t\"access\": \"rwm\"\n\t\t\t\t}\n\t\t\t]\n"
    "\t\t},\n";

static const char *const masked = "/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats "
                                  "/proc/timer_list /proc/timer_stats /proc/sched_debug /sys/firmware /proc/scsi";
static const char *const read_only = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger";

/* Each word of a list on a line of its own, between `before` and `after`. */
static void put_words(FILE *file, const char *words, const char *before, const char *after) {
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        fprintf(file, "%s%.*s%s", before, (int)length, at, after);
        at += length;
        at += *at == ' ';
        fprintf(file, *at ? ",\n" : "\n");
    }
}

static void put_mounts(FILE *file) {
    size_t count = sizeof mounts / sizeof *mounts;
    fprintf(file, "\t\"mounts\": [\n");
    for (size_t i = 0; i < count; i++) {
        const struct mount_line *mount = &mounts[i];
        fprintf(file, "\t\t{\n\t\t\t\"destination\": \"%s\",\n\t\t\t\"type\": \"%s\",\n\t\t\t\"source\": \"%s\"",
                mount->destination, mount->type, mount->source);
        if (mount->options) {
            fprintf(file, ",\n\t\t\t\"options\": [\n");
            put_words(file, mount->options, "\t\t\t\t\"", "\"");
            fprintf(file, "\t\t\t]");
        }
        fprintf(file, "\n\t\t}%s\n", i + 1 < count ? "," : "");
    }
    fprintf(file, "\t],\n");
}

static void put_spec(FILE *file) {
    fputs(process_part, file);
    put_mounts(file);
    fputs(linux_part, file);
    fprintf(file, "\t\t\"namespaces\": [\n");
    /* Where version 1 is mounted, bundles of others look for their paths as the host has them. */
    struct cgroup_layout layout;
    struct runtime_error ignored;
    bool unified = cgroup_detect(&layout, &ignored) == 0 && layout.unified;
    put_words(file, unified ? "pid network ipc uts mount cgroup" : "pid network ipc uts mount", "\t\t\t{\n\t\t\t\t\"type\": \"", "\"\n\t\t\t}");
    fprintf(file, "\t\t],\n\t\t\"maskedPaths\": [\n");
    put_words(file, masked, "\t\t\t\"", "\"");
    fprintf(file, "\t\t],\n\t\t\"readonlyPaths\": [\n");
    put_words(file, read_only, "\t\t\t\"", "\"");
    fprintf(file, "\t\t]\n\t}\n}\n");
}

static int run_spec(char **arguments, size_t count) {
    (void)arguments;
    (void)count;
    if (rootless) return log_failure("--rootless is not supported: this runtime needs root");
    if (bundle && chdir(bundle) < 0) return log_failure("chdir %s: %s", bundle, strerror(errno));
    FILE *file = fopen("config.json", "wxe");
    if (!file && errno == EEXIST) return log_failure("File config.json exists. Remove it first");
    if (!file) return log_failure("config.json: %s", strerror(errno));
    put_spec(file);
    bool written = !ferror(file);
    return fclose(file) == 0 && written ? 0 : log_failure("config.json: %s", strerror(errno));
}

const struct command command_spec = {
    "spec", "create a new specification file", "", options, false, 0, 0, run_spec,
};
