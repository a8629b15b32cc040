#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

/*
 * Directories are flattened, not descended into: what lies in a subdirectory is moved up beside it under a fresh name
 * when it is a directory, and removed when not. So neither depth nor the number of open descriptors grows.
 */
static void empty_into(int top, int directory, unsigned long *fresh) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) fail_errno("open", NULL);
  DIR *stream = fdopendir(copy);
  if (stream == NULL) fail_errno("readdir", NULL);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (unlinkat(directory, entry->d_name, 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR) fail_errno("unlink", entry->d_name);
    if (unlinkat(directory, entry->d_name, AT_REMOVEDIR) == 0 || top == directory) continue;
    char name[32];
    do {
      snprintf(name, sizeof name, "~%lu", ++*fresh);
    } while (renameat2(directory, entry->d_name, top, name, RENAME_NOREPLACE) != 0 && errno == EEXIST);
  }
  closedir(stream);
}

void remove_contents(int directory) {
  unsigned long fresh = 0;
  for (;;) {
    empty_into(directory, directory, &fresh); /* leaves directories that are not empty */
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (stream == NULL) fail_errno("readdir", NULL);
    bool any = false;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      any = true;
      int child = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (child < 0) fail_errno("open", entry->d_name);
      empty_into(directory, child, &fresh);
      close(child);
      if (unlinkat(directory, entry->d_name, AT_REMOVEDIR) != 0) fail_errno("rmdir", entry->d_name);
    }
    closedir(stream);
    if (!any) return;
  }
}
