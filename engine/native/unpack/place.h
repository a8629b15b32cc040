#ifndef BERTH_UNPACK_PLACE_H
#define BERTH_UNPACK_PLACE_H

#include <stdbool.h>

#include "frame.h"
#include "tree.h"

/* Where names lie: look-ups in the tree, and the directories on disk that belong to its nodes. */
struct place {
  struct tree *tree;
  struct frame *frame;
  int root;
  struct {
    struct node *node;
    int fd;
  } open[2]; /* the directories used last */
};

/* A cleaned name: its parts without ".", ".." and empty ones. */
struct parts {
  char *text;
  size_t count;
  char **items;
};

/* Cleans `name` in the way of Go's filepath.Clean, in place. False when it leads out of the root. */
bool parts_of(char *name, struct parts *parts);
void parts_free(struct parts *parts);

/* The directory of the first `count` parts, symlinks followed within the layer. With `make`, missing ones are made. */
struct node *place_directory(struct place *place, const struct parts *parts, size_t count, bool make);
/* Open directory of a node; valid until the next but one call. */
int place_open(struct place *place, struct node *directory);
/* Removes what lies at the node, a directory with all below; contents that the tar needs go into the frame. */
void place_remove(struct place *place, struct node *node);
void place_close(struct place *place);

#endif
