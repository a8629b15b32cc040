/*
 * berth-unpack: the only program that reads hostile bytes of layers and hostile trees of containers, one short-lived
 * process a task, confined before it reads the first byte. Descriptors: 0 input, 1 output, 3 reports (report.h),
 * 4 the directory that the task is about.
 *
 *   unpack  blob on 0; writes diff/, index and frame into the directory
 *   rebuild the very tar of the layer in the directory, on 1; with --gzip 1 in gzip form
 *   verify  that tar's digest, and whether all that lies there is of the layer
 *   read    one file's contents, asked on 0, on 1
 *   walk    index of a writable layer, on 1
 *   pack    a writable layer as an image's layer, a tar on 1
 *           both with --copied 1 where it is a whole copy of the directory on 5
 *   copy    what lies in the directory on 5, onto the directory
 *   remove  everything in the directory
 *   sync    the directory's file system
 *
 * With a plan of a container's file system on 5 (plan.h) and, where it runs, its mount namespace on 4:
 *
 *   get     status of a path, told; an archive of what lies there, on 1
 *   put     an archive on 0, unpacked into a directory
 *   export  all of the root file system, a tar on 1
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "confine.h"
#include "copy.h"
#include "extract.h"
#include "index.h"
#include "pack.h"
#include "plan.h"
#include "read.h"
#include "rebuild.h"
#include "reduce.h"
#include "remove.h"
#include "report.h"
#include "source.h"
#include "view.h"
#include "walk.h"

enum { DIRECTORY_FD = 4, ORIGINAL_FD = 5, DEFAULT_SECONDS = 3600 };
#define MEMORY_BYTES (1536ull << 20)
/* Each entry costs about 200 bytes here: the memory limit would be reached at about this many. */
enum { DEFAULT_ENTRIES = 5000000 };

static unsigned long long option(int count, char **arguments, const char *name, unsigned long long otherwise) {
  for (int i = 2; i + 1 < count; i += 2) {
    if (strcmp(arguments[i], name) == 0) return strtoull(arguments[i + 1], NULL, 10);
  }
  return otherwise;
}

static int open_in(int directory, const char *name, int flags) {
  int fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno("open", name);
  return fd;
}

static void confine(int directory, enum confine_kind kind, const int *keep, unsigned seconds) {
  confine_namespaces(directory, kind, keep);
  confine_limits(seconds, MEMORY_BYTES);
  confine_capabilities(kind);
}

static int open_root(void) { return open_in(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY); }

/*
 * Marks the directory that the layer's lies in, so that ext4 spreads its children over the whole disk. Otherwise a new
 * layer lands where one was deleted a moment ago, and each file waits for a search through recently deleted inodes:
 * five times as long for the whole. Other file systems have no such mark, and need none.
 */
static void spread_siblings(void) {
  int above = openat(DIRECTORY_FD, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags = 0;
  if (above < 0) return;
  if (ioctl(above, FS_IOC_GETFLAGS, &flags) == 0 && !(flags & FS_TOPDIR_FL)) {
    flags |= FS_TOPDIR_FL;
    (void)ioctl(above, FS_IOC_SETFLAGS, &flags);
  }
  close(above);
}

static void unpack(unsigned seconds, unsigned long long max_bytes, unsigned long long max_entries) {
  spread_siblings();
  if (mkdirat(DIRECTORY_FD, "diff", 0755) != 0) fail_errno("mkdir", "diff");
  int index = open_in(DIRECTORY_FD, "index", O_WRONLY | O_CREAT | O_EXCL);
  int frame_fd = open_in(DIRECTORY_FD, "frame", O_WRONLY | O_CREAT | O_EXCL);
  int diff = open_in(DIRECTORY_FD, "diff", O_RDONLY | O_DIRECTORY);
  const int keep[] = {index, frame_fd, -1};
  confine(diff, CONFINE_WRITE, keep, seconds);
  int root = open_root();
  source_prepare();
  confine_calls(CONFINE_WRITE);

  struct tree tree;
  struct frame frame;
  tree_init(&tree, max_entries);
  frame_create(&frame, frame_fd);
  source_open(max_bytes);
  extract(&tree, &frame, root);
  index_write(&tree, index);
  frame_finish(&frame, source_plain_bytes());
  char blob[65], tar[65];
  source_digests(blob, tar);
  report_line("{\"result\":{\"blobDigest\":\"sha256:%s\",\"diffId\":\"sha256:%s\",\"blobBytes\":%llu,\"tarBytes\":%llu,"
              "\"sizeBytes\":%llu,\"entries\":%llu,\"opaqueRoot\":%s}}",
              blob, tar, (unsigned long long)source_blob_bytes(), (unsigned long long)source_plain_bytes(),
              (unsigned long long)tree.root->bytes_below, (unsigned long long)tree.count - 1,
              (tree.root->flags & NODE_OPAQUE) ? "true" : "false");
}

static void rebuild_layer(unsigned seconds, int out, bool pack) {
  int index = open_in(DIRECTORY_FD, "index", O_RDONLY);
  int frame = open_in(DIRECTORY_FD, "frame", O_RDONLY);
  int diff = open_in(DIRECTORY_FD, "diff", O_RDONLY | O_DIRECTORY);
  const int keep[] = {index, frame, -1};
  confine(diff, CONFINE_READ, keep, seconds);
  int root = open_root();
  confine_calls(CONFINE_READ);
  rebuild(root, index, frame, out, pack);
}

static void read_one(unsigned seconds) {
  const int keep[] = {-1};
  confine(DIRECTORY_FD, CONFINE_READ, keep, seconds);
  int root = open_root();
  confine_calls(CONFINE_READ);
  read_file(root);
}

/* The tree of a writable layer; where it is a whole copy, descriptor 5 is the original. */
static void walk_layer(struct tree *tree, int root, unsigned long long max_entries, bool copied) {
  tree_init(tree, max_entries);
  walk(tree, root);
  if (copied) reduce(tree, ORIGINAL_FD);
}

static int enter_upper(unsigned seconds, bool copied) {
  const int keep[] = {copied ? ORIGINAL_FD : -1, -1};
  confine(DIRECTORY_FD, CONFINE_READ, keep, seconds);
  int root = open_root();
  confine_calls(CONFINE_READ);
  return root;
}

static void walk_upper(unsigned seconds, unsigned long long max_entries, bool copied) {
  struct tree tree;
  walk_layer(&tree, enter_upper(seconds, copied), max_entries, copied);
  index_write(&tree, STDOUT_FILENO);
  report_line("{\"result\":{\"sizeBytes\":%llu,\"entries\":%llu}}", (unsigned long long)tree.root->bytes_below,
              (unsigned long long)tree.count - 1);
}

static void pack_upper(unsigned seconds, unsigned long long max_entries, bool copied) {
  struct tree tree;
  int root = enter_upper(seconds, copied);
  struct pack_options options = {.root = root, .directory = ".", .name = "", .layer = true, .without_root = true};
  if (copied) {
    walk_layer(&tree, root, max_entries, copied);
    options.only_nodes = &tree;
  }
  pack(&options);
  report_line("{\"result\":{}}");
}

static void copy_onto(unsigned seconds) {
  const int keep[] = {ORIGINAL_FD, -1};
  confine(DIRECTORY_FD, CONFINE_WRITE, keep, seconds);
  int root = open_root();
  confine_calls(CONFINE_WRITE);
  copy_tree(ORIGINAL_FD, root);
  report_line("{\"result\":{}}");
}

static void enter(struct plan *plan, enum confine_kind kind, unsigned seconds) {
  plan_read(plan);
  view_enter(plan, kind);
  confine_limits(seconds, MEMORY_BYTES);
  confine_capabilities(kind);
}

static void get(unsigned seconds) {
  struct plan plan;
  enter(&plan, CONFINE_CONTAINER_READ, seconds);
  confine_calls(CONFINE_CONTAINER_READ);
  archive_read(&plan);
  report_line("{\"result\":{}}");
}

static void put(unsigned seconds, unsigned long long max_bytes) {
  struct plan plan;
  enter(&plan, CONFINE_CONTAINER_WRITE, seconds);
  source_prepare();
  confine_calls(CONFINE_CONTAINER_WRITE);
  source_open(max_bytes);
  archive_write(&plan);
  report_line("{\"result\":{}}");
}

static void export(unsigned seconds) {
  struct plan plan;
  enter(&plan, CONFINE_CONTAINER_READ, seconds);
  int root = open_root();
  confine_calls(CONFINE_CONTAINER_READ);
  pack(&(struct pack_options){.root = root, .directory = "/", .name = "", .without_root = true});
  report_line("{\"result\":{}}");
}

static void remove_all(unsigned seconds) {
  const int keep[] = {-1};
  confine(DIRECTORY_FD, CONFINE_WRITE, keep, seconds);
  int root = open_root();
  confine_calls(CONFINE_WRITE);
  remove_contents(root);
  report_line("{\"result\":{}}");
}

int main(int count, char **arguments) {
  const char *task = count > 1 ? arguments[1] : "";
  signal(SIGPIPE, SIG_DFL);
  unsigned seconds = (unsigned)option(count, arguments, "--cpu-seconds", DEFAULT_SECONDS);
  unsigned long long entries = option(count, arguments, "--max-entries", DEFAULT_ENTRIES);
  unsigned long long bytes = option(count, arguments, "--max-bytes", 1ull << 50);
  bool copied = option(count, arguments, "--copied", 0) != 0;
  alarm((unsigned)option(count, arguments, "--seconds", 24 * 3600));
  if (strcmp(task, "unpack") == 0) {
    unpack(seconds, bytes, entries);
  } else if (strcmp(task, "rebuild") == 0) {
    rebuild_layer(seconds, STDOUT_FILENO, option(count, arguments, "--gzip", 0) != 0);
  } else if (strcmp(task, "verify") == 0) {
    rebuild_layer(seconds, -1, false);
  } else if (strcmp(task, "read") == 0) {
    read_one(seconds);
  } else if (strcmp(task, "walk") == 0) {
    walk_upper(seconds, entries, copied);
  } else if (strcmp(task, "pack") == 0) {
    pack_upper(seconds, entries, copied);
  } else if (strcmp(task, "copy") == 0) {
    copy_onto(seconds);
  } else if (strcmp(task, "get") == 0) {
    get(seconds);
  } else if (strcmp(task, "put") == 0) {
    put(seconds, bytes);
  } else if (strcmp(task, "export") == 0) {
    export(seconds);
  } else if (strcmp(task, "remove") == 0) {
    remove_all(seconds);
  } else if (strcmp(task, "sync") == 0) {
    if (syncfs(DIRECTORY_FD) != 0) fail_errno("syncfs", NULL);
    report_line("{\"result\":{}}");
  } else {
    fail(FAIL_INTERNAL, "usage: berth-unpack unpack|rebuild|verify|read|walk|pack|copy|remove|sync|get|put|export");
  }
  return 0;
}
