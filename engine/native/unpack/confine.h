#ifndef BERTH_UNPACK_CONFINE_H
#define BERTH_UNPACK_CONFINE_H

/*
 * What a hostile layer can reach if it takes this process over: one directory, as the root of a mount namespace of its
 * own, a network namespace without interfaces, the few capabilities that writing owners, devices and xattrs needs, a
 * short list of system calls (no socket, mount, ptrace, kill, exec, fork), bounded memory and time.
 */

enum confine_kind { CONFINE_WRITE, CONFINE_READ };

/* Makes `directory` the root. Closes it, and all descriptors from 5 on but `keep` ones listed (-1 ends the list). */
void confine_namespaces(int directory, enum confine_kind kind, const int *keep);
void confine_limits(unsigned seconds, unsigned long long memory_bytes);
void confine_capabilities(enum confine_kind kind);
/* For all threads; nothing of the input was touched before. */
void confine_calls(enum confine_kind kind);

#endif
