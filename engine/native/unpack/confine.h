#ifndef BERTH_UNPACK_CONFINE_H
#define BERTH_UNPACK_CONFINE_H

/*
 * What a hostile layer can reach if it takes this process over: one directory, as the root of a mount namespace of its
 * own, a network namespace without interfaces, the few capabilities that writing owners, devices and xattrs needs, a
 * short list of system calls (no socket, mount, ptrace, kill, exec, fork), bounded memory and time.
 */

#include <stdint.h>

/* The container kinds have a container's own file system as root, and no need of what overlay keeps in xattrs. */
enum confine_kind { CONFINE_WRITE, CONFINE_READ, CONFINE_CONTAINER_WRITE, CONFINE_CONTAINER_READ };

/* Names that sys/mount.h of the oldest C library lacks, and that linux/mount.h cannot be included beside it for. */
enum {
  OPEN_TREE_CLONE_FLAG = 1,
  AT_RECURSIVE_FLAG = 0x8000,
  MOVE_MOUNT_FROM_FD = 4,
  MOVE_MOUNT_TO_FD = 0x40,
  ATTR_RDONLY = 1,
  ATTR_NOSUID = 2,
  ATTR_NODEV = 4,
  ATTR_NOEXEC = 8,
};
struct mount_attributes {
  uint64_t set, clear, propagation, userns_fd;
};

/* Makes `directory` the root. Closes it, and all descriptors from 5 on but `keep` ones listed (-1 ends the list). */
void confine_namespaces(int directory, enum confine_kind kind, const int *keep);
/* Closes all descriptors from 4 on but the `keep` ones, which ascend (-1 ends the list). */
void confine_descriptors(const int *keep);
void confine_limits(unsigned seconds, unsigned long long memory_bytes);
void confine_capabilities(enum confine_kind kind);
/* For all threads; nothing of the input was touched before. */
void confine_calls(enum confine_kind kind);

#endif
