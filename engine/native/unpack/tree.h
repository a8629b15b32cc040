#ifndef BERTH_UNPACK_TREE_H
#define BERTH_UNPACK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The tree of one layer in memory: what the index is written from, and, while a tar is unpacked, the one authority on
 * where a name lies (nobody else writes there, so a look-up needs no system call and cannot be raced).
 */

enum node_type {
  NODE_FILE,
  NODE_DIRECTORY,
  NODE_SYMLINK,
  NODE_CHAR,
  NODE_BLOCK,
  NODE_FIFO,
  NODE_WHITEOUT,
  NODE_SOCKET, /* in a writable layer only: tar cannot hold it */
};

enum node_flags {
  NODE_OPAQUE = 1,   /* a directory that hides what lower layers have under its name */
  NODE_IMPLICIT = 2, /* a parent that the tar did not name */
};

/* The longest path that a system call takes, without its NUL: longer ones no container could open either. */
enum { PATH_LIMIT = 4095, NAME_LIMIT = 255, SYMLINK_HOPS = 40 };

struct xattr {
  struct xattr *next;
  size_t value_length;
  uint8_t *value;
  char name[];
};

/* What hard links share. */
struct inode {
  enum node_type type;
  uint16_t mode; /* 07777 */
  uint32_t uid, gid;
  uint32_t mtime_ns;
  int64_t mtime;
  uint64_t size; /* of a file */
  uint32_t major, minor;
  uint32_t content; /* number of its content in the frame, 0: none */
  char *target;     /* of a symlink, NUL-terminated */
  struct xattr *xattrs;
  struct node *names; /* in the order of their making */
};

struct node {
  struct node *parent;
  struct node *children; /* unordered until tree_number */
  struct node *sibling;
  struct node *bucket;
  struct node *next_name;
  struct inode *inode;
  uint64_t bytes_below; /* by tree_number: of a directory, all files below; of a name that is not the first: 0 */
  uint32_t child_count;
  uint32_t files_below;
  uint32_t number;      /* by tree_number */
  uint32_t first_child; /* by tree_number */
  uint16_t path_length; /* without leading slash; 0 for the root */
  uint8_t flags;
  uint8_t name_length;
  char name[];
};

struct tree {
  struct node *root;
  struct node **buckets;
  size_t bucket_count, count;
  size_t max_count;
  struct node **order; /* by tree_number: breadth first, each directory's names sorted by bytes */
};

void tree_init(struct tree *tree, size_t max_count);
struct inode *inode_new(enum node_type type);
struct node *tree_child(const struct tree *tree, const struct node *parent, const char *name, size_t length);
/* Adds a name that is not there yet. */
struct node *tree_add(struct tree *tree, struct node *parent, const char *name, size_t length, struct inode *inode);
/* Takes one node without children out of the tree; its inode lives on while it has other names. */
void tree_remove(struct tree *tree, struct node *node);
/* Path without leading slash, NUL-terminated; `out` has PATH_LIMIT + 1 bytes. */
void node_path(const struct node *node, char *out);
/* Sorts and numbers all nodes and sums what lies below; after a change, once more. */
void tree_number(struct tree *tree);

/* Memory that lives as long as the process; fails with FAIL_LIMIT where there is none. */
void *keep(size_t size);
void *keep_copy(const void *bytes, size_t length); /* with a NUL behind */

#endif
