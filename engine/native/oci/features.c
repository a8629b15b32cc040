/* features: what of the runtime-spec this program knows, in the spec's own form (features.md). */
#include <stdio.h>

#include "../runtime/features.h"
#include "../runtime/oci.h"
#include "command.h"

static void put_strings(const char *key, const char *const *items, const char *after) {
    printf("\"%s\":[", key);
    for (size_t i = 0; items[i]; i++) printf("%s\"%s\"", i ? "," : "", items[i]);
    printf("]%s", after);
}

static void put_list(const char *key, const char *(*item)(size_t index), const char *after) {
    const char *name;
    printf("\"%s\":[", key);
    for (size_t i = 0; (name = item(i)); i++) printf("%s\"%s\"", i ? "," : "", name);
    printf("]%s", after);
}

static int run_features(char **arguments, size_t count) {
    static const char *const operators[] = {"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
                                            "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL};
    (void)arguments;
    (void)count;
    printf("{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"%s\",", OCI_VERSION);
    put_strings("hooks", oci_hook_names, ",");
    put_list("mountOptions", feature_mount_option, ",\"linux\":{");
    put_list("namespaces", feature_namespace, ",");
    put_list("capabilities", feature_capability, ",");
    printf("\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":false,\"systemdUser\":false,\"rdma\":true},");
    printf("\"seccomp\":{\"enabled\":true,");
    put_list("actions", feature_seccomp_action, ",");
    put_strings("operators", operators, ",");
    put_list("archs", feature_seccomp_machine, ",");
    put_list("knownFlags", feature_seccomp_flag, ",");
    put_list("supportedFlags", feature_seccomp_flag, "},");
    printf("\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},\"intelRdt\":{\"enabled\":false},");
    printf("\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}}\n");
    return 0;
}

const struct command command_features = {
    "features", "show the enabled features", "", NULL, false, 0, 0, run_features,
};
