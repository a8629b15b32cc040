#ifndef BERTH_UNPACK_PACK_H
#define BERTH_UNPACK_PACK_H

#include <stdbool.h>

#include "tree.h"

struct pack_options {
  int root;
  /* The directory whose entries are packed, and the first entry's name in the archive. */
  const char *directory, *name;
  /* One entry of the directory (with all below it); NULL: the directory itself. */
  const char *only;
  /* The directory is a writable layer: what overlay notes in it is written as whiteouts of an image's layer. */
  bool layer;
  /* Only what this tree of the directory has is packed, its whiteouts with it. */
  const struct tree *only_nodes;
  /* The root directory itself has no entry. */
  bool without_root;
};

/* Writes a tar of a tree that may be changing, or hostile, to descriptor 1: links are entries, never followed. */
void pack(const struct pack_options *options);

#endif
