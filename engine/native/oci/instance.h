/*
 * A container between two calls of the program: the directory <root>/<id>.
 *
 *   state.json   what is known: written by temporary file and rename, by whoever holds the directory's lock
 *   config.json  the bundle's, as it was when the container was made
 *   start.sock   there from create to start: the waiting process listens on it
 *
 * The directory is made first. One without state.json belongs to a program that is at work, which holds the lock, or
 * to one that was ended: then the next create or delete takes it away.
 */
#ifndef BERTH_OCI_INSTANCE_H
#define BERTH_OCI_INSTANCE_H

#include <stdint.h>
#include <sys/types.h>

#include "../runtime/oci.h"
#include "../runtime/text.h"

enum instance_status { INSTANCE_CREATING, INSTANCE_CREATED, INSTANCE_RUNNING, INSTANCE_PAUSED, INSTANCE_STOPPED };
extern const char *const instance_status_names[];

struct instance {
    struct arena arena;
    const char *id;
    int directory;    /* descriptor; holds the lock where one was asked for */
    pid_t pid;        /* 0 before there is a process */
    uint64_t started; /* start time of the process, in the kernel's ticks: with the pid, its identity */
    const char *bundle, *rootfs, *created, *cgroup; /* created: RFC 3339 */
    uid_t owner;
    const struct json_value *resources;   /* limits as last updated, or NULL */
    const struct json_value *annotations; /* of config.json, or NULL */
};

/* Takes the id for a new container: the directory, locked and empty but for nothing. */
int instance_reserve(const char *id, struct instance *instance, struct runtime_error *err);
/* ENOENT with "container does not exist". With `lock` it waits for others at work on the same container. */
int instance_load(const char *id, bool lock, struct instance *instance, struct runtime_error *err);
int instance_load_config(const struct instance *instance, struct oci_config **config, struct runtime_error *err);
int instance_save(const struct instance *instance, struct runtime_error *err);
int instance_save_config(const struct instance *instance, const struct oci_config *config, struct runtime_error *err);
void instance_free(struct instance *instance);
/* Removes the directory; frees nothing. */
int instance_remove(const struct instance *instance, struct runtime_error *err);

enum instance_status instance_status(const struct instance *instance);
/* A pidfd of the container's first process, -1 with ESRCH when it has ended. */
int instance_pidfd(const struct instance *instance);
/* Start time of a process, 0 when it has ended (a zombie has). */
uint64_t process_started(pid_t pid);
/* The library's view; its descriptors are the caller's. */
struct container instance_container(const struct instance *instance);

/* runtime-spec's state as JSON, on one line or with indents; as runc's list and state show it. */
void instance_describe(const struct instance *instance, struct text *text, bool indented);
/* Loads every container in the order of ids and calls; one that vanishes meanwhile is left out. */
int instance_each(void (*each)(const struct instance *instance, void *context), void *context,
                  struct runtime_error *err);

/* A listening socket start.sock, and a connection to it. -1 with errno. */
int instance_listen(const struct instance *instance);
int instance_connect(const struct instance *instance);

#endif
