/*
 * Paths of an image, resolved inside a directory that is taken as the root: symbolic links and ".." lead nowhere
 * else (openat2 RESOLVE_IN_ROOT), magic links are refused. All descriptors are O_PATH.
 */
#ifndef BERTH_IN_ROOT_H
#define BERTH_IN_ROOT_H

#include <stdbool.h>

int in_root_open(int root, const char *path);
/* Opens the path, making what is missing: directories 0755, and an empty file 0644 at the end where `directory` is
 * false. What dangling links point to is made inside the root. */
int in_root_make(int root, const char *path, bool directory);
/* Descriptor of the directory that holds the path's last part, which is copied to `name` (NAME_MAX + 1 bytes). */
int in_root_parent(int root, const char *path, char *name);

#endif
