/*
 * What stands against published escapes. Each guard can be left out of a build by -DBERTH_WITHOUT_<NAME>, for one
 * purpose: to show that the attack of its test (e2e/runtime/escapes.test.ts) succeeds then, so that the test is known
 * to test it (e2e/proof/runtime/escapes.ts). No other build has fewer.
 */
#ifndef BERTH_GUARDS_H
#define BERTH_GUARDS_H

/* Descriptors of the host are closed, and the working directory must lie in the root: CVE-2024-21626. */
#ifdef BERTH_WITHOUT_DESCRIPTORS
#define GUARD_DESCRIPTORS 0
#else
#define GUARD_DESCRIPTORS 1
#endif

/* The program runs from a sealed copy: CVE-2019-5736. */
#ifdef BERTH_WITHOUT_SEALED_BINARY
#define GUARD_SEALED_BINARY 0
#else
#define GUARD_SEALED_BINARY 1
#endif

/* Paths of the image are resolved in its root: CVE-2021-30465, CVE-2019-19921, CVE-2023-27561. */
#ifdef BERTH_WITHOUT_IN_ROOT
#define GUARD_IN_ROOT 0
#else
#define GUARD_IN_ROOT 1
#endif

/* procfs and sysfs are mounted on plain directories, and nothing on procfs: CVE-2019-19921, CVE-2025-52881. */
#ifdef BERTH_WITHOUT_PROC
#define GUARD_PROC 0
#else
#define GUARD_PROC 1
#endif

/* What masks a path is the null device: CVE-2025-31133. */
#ifdef BERTH_WITHOUT_NULL_DEVICE
#define GUARD_NULL_DEVICE 0
#else
#define GUARD_NULL_DEVICE 1
#endif

/* The console is bound on a file of /dev, on nothing that a link there leads to: CVE-2025-52565. */
#ifdef BERTH_WITHOUT_CONSOLE
#define GUARD_CONSOLE 0
#else
#define GUARD_CONSOLE 1
#endif

/* Cgroups are as read-only in the container as their mount says: CVE-2023-25809. */
#ifdef BERTH_WITHOUT_CGROUP_READ_ONLY
#define GUARD_CGROUP_READ_ONLY 0
#else
#define GUARD_CGROUP_READ_ONLY 1
#endif

/* Kernel settings are read-only in the container: core_pattern, release_agent (CVE-2022-0492). */
#ifdef BERTH_WITHOUT_READ_ONLY_PATHS
#define GUARD_READ_ONLY_PATHS 0
#else
#define GUARD_READ_ONLY_PATHS 1
#endif

/* A session of its own, so that a terminal of the host is not the container's to type into (TIOCSTI). */
#ifdef BERTH_WITHOUT_SESSION
#define GUARD_SESSION 0
#else
#define GUARD_SESSION 1
#endif

/* A session keyring of its own. */
#ifdef BERTH_WITHOUT_KEYRING
#define GUARD_KEYRING 0
#else
#define GUARD_KEYRING 1
#endif

/* Calls of machines that the filter does not know end the process. */
#ifdef BERTH_WITHOUT_FOREIGN_CALLS
#define GUARD_FOREIGN_CALLS 0
#else
#define GUARD_FOREIGN_CALLS 1
#endif

/* Only the capabilities that the config names, in the sets that it names: CVE-2022-29162, CVE-2022-24769. */
#ifdef BERTH_WITHOUT_INHERITABLE
#define GUARD_INHERITABLE 0
#else
#define GUARD_INHERITABLE 1
#endif

#endif
