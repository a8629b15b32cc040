/* User namespaces: of containers, and of mounts whose owners are shifted. */
#ifndef BERTH_USER_NAMESPACE_H
#define BERTH_USER_NAMESPACE_H

#include "oci.h"

/* Writes the id maps of a process that has just made its user namespace. */
int user_namespace_map(pid_t pid, const struct oci_mappings *mappings, struct runtime_error *err);
/* In a namespace that was mapped: its user and group 0, and no other groups. */
int user_namespace_become_root(struct runtime_error *err);
/* Descriptor of a new namespace with these maps that no process is in. */
int user_namespace_make(const struct oci_mappings *mappings, struct runtime_error *err);

#endif
