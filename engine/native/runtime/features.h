/* Names that the library knows, by index; NULL behind the last. For berth-runtime's `features`. */
#ifndef BERTH_FEATURES_H
#define BERTH_FEATURES_H

#include <stddef.h>

const char *feature_mount_option(size_t index);
const char *feature_namespace(size_t index);
const char *feature_capability(size_t index);
const char *feature_seccomp_action(size_t index);
const char *feature_seccomp_machine(size_t index);
const char *feature_seccomp_flag(size_t index);

#endif
