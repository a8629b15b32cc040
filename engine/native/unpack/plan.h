#ifndef BERTH_UNPACK_PLAN_H
#define BERTH_UNPACK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a task about a container's file system is told on descriptor 5: words "key=value", each with a NUL behind. The
 * engine is trusted to say which file system it is about; the path and all that lies there are hostile.
 */

struct plan_mount {
  const char *source, *target;
  bool read_only;
};

struct plan {
  bool joined;        /* descriptor 4 is the mount namespace of a running container */
  bool bare;          /* the root file system alone, without what is mounted on it */
  bool read_only;     /* the root file system of a container that does not run must not be written */
  bool stat_only;
  bool keep_kinds;    /* no directory is replaced by something else, nor the reverse */
  bool any_links;     /* links may lead out of the directory, which is the whole root */
  bool owned;         /* everything belongs to uid and gid */
  unsigned uid, gid;
  const char *target; /* where the overlay is mounted, in a mount namespace of our own */
  const char *upper, *work;
  const char *root;   /* a directory that is the root file system, instead of an overlay */
  const char *path;   /* in the container */
  const char *name;   /* of the first entry of an archive */
  const char **lower; /* topmost first */
  size_t lower_count;
  struct plan_mount *mounts;
  size_t mount_count;
};

/* Reads the plan; all its texts live as long as the process. */
void plan_read(struct plan *plan);

#endif
