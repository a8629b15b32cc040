#ifndef BERTH_UNPACK_TAR_WRITE_H
#define BERTH_UNPACK_TAR_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tree.h"

/* A tar on descriptor 1: POSIX headers, with an extended header before an entry that they cannot hold. */
struct tar_out_entry {
  const char *name; /* a directory's ends with a slash */
  const char *link; /* of a symlink its target, of a hard link the first name; else NULL */
  char type;        /* '0' to '6' */
  struct stat status;
  uint64_t size; /* of the data that follows */
  const struct xattr *xattrs;
  bool exact_time; /* fractions of a second too, which a plain header cannot hold */
};

void tar_write_entry(const struct tar_out_entry *entry);
void tar_write_data(const void *bytes, size_t length);
/* Fills the last block of an entry's data. */
void tar_write_padding(uint64_t size);
void tar_write_end(void);

#endif
