/* Paths of an image: whatever its links say, nothing outside of its root is opened or made. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/in_root.h"
#include "check.h"

static int root, outside;

/* <test>/root is the image, <test>/outside what it must not reach. */
static void make_tree(void) {
    char path[128];
    snprintf(path, sizeof path, "%s/root", test_directory());
    CHECK(mkdir(path, 0755) == 0);
    root = open(path, O_PATH | O_DIRECTORY);
    snprintf(path, sizeof path, "%s/outside", test_directory());
    CHECK(mkdir(path, 0755) == 0);
    outside = open(path, O_RDONLY | O_DIRECTORY);
    CHECK(root >= 0 && outside >= 0);
    CHECK(mkdirat(root, "etc", 0755) == 0 && mkdirat(root, "var", 0755) == 0);
}

static void close_tree(void) {
    close(root);
    close(outside);
}

/* Whether the descriptor is what `path`, without links, names below the image; closes it. */
static bool is(int fd, const char *path) {
    struct stat one, other;
    bool same = fd >= 0 && fstat(fd, &one) == 0 && fstatat(root, path, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
                one.st_ino == other.st_ino && one.st_dev == other.st_dev;
    if (fd >= 0) close(fd);
    return same;
}

static void opens_inside(void) {
    make_tree();
    static const char *const ways[] = {"/etc", "etc", "//etc//", "../etc", "/../../../etc", "var/../etc", "/var/../../etc"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) CHECK_CASE(is(in_root_open(root, ways[i]), "etc"), ways[i]);
    CHECK(is(in_root_open(root, ""), ".") && is(in_root_open(root, "/"), ".") && is(in_root_open(root, ".."), "."));
    CHECK(in_root_open(root, "/no") < 0 && errno == ENOENT);
    close_tree();
}

static void links_stay_inside(void) {
    make_tree();
    CHECK(symlinkat("/etc", root, "absolute") == 0 && symlinkat("../../../../etc", root, "dots") == 0);
    CHECK(symlinkat("loop", root, "loop") == 0 && symlinkat("/proc/self/root", root, "magic") == 0);
    CHECK(is(in_root_open(root, "/absolute"), "etc") && is(in_root_open(root, "/dots"), "etc"));
    CHECK(in_root_open(root, "/loop") < 0 && errno == ELOOP);
    CHECK(in_root_open(root, "/magic") < 0 && errno == ENOENT);
    close_tree();
}

static void makes_inside(void) {
    struct stat info;
    make_tree();
    CHECK(is(in_root_make(root, "/a/b/c", true), "a/b/c"));
    CHECK(fstatat(root, "a/b", &info, 0) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & 07777) == 0755);
    CHECK(is(in_root_make(root, "/a/b/file", false), "a/b/file"));
    CHECK(fstatat(root, "a/b/file", &info, 0) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 07777) == 0644);
    CHECK(is(in_root_make(root, "/etc", true), "etc"));
    CHECK(is(in_root_make(root, "x/../../y", true), "y"));
    CHECK(in_root_make(root, "/a/b/file/below", true) < 0 && errno == ENOTDIR);
    close_tree();
}

static void dangling_links_are_made_inside(void) {
    char target[160];
    make_tree();
    snprintf(target, sizeof target, "%s/outside/made", test_directory());
    CHECK(symlinkat(target, root, "escape") == 0 && symlinkat("../../target", root, "up") == 0);
    CHECK(symlinkat("/var/run2/x", root, "etc/deep") == 0 && symlinkat("b", root, "a") == 0);
    CHECK(symlinkat("a", root, "b") == 0);
    int fd = in_root_make(root, "/escape", false);
    CHECK(is(fd, target + 1));
    CHECK(faccessat(outside, "made", F_OK, 0) < 0 && errno == ENOENT);
    CHECK(is(in_root_make(root, "/up/more", true), "target/more"));
    CHECK(is(in_root_make(root, "/etc/deep/z", true), "var/run2/x/z"));
    CHECK(in_root_make(root, "/a", true) < 0 && errno == ELOOP);
    close_tree();
}

static void parents(void) {
    char name[NAME_MAX + 1], longest[NAME_MAX + 3];
    make_tree();
    CHECK(is(in_root_parent(root, "/etc/passwd", name), "etc"));
    CHECK_TEXT(name, "passwd");
    CHECK(is(in_root_parent(root, "new/dir/leaf//", name), "new/dir"));
    CHECK_TEXT(name, "leaf");
    CHECK(is(in_root_parent(root, "top", name), "."));
    CHECK(in_root_parent(root, "/", name) < 0 && errno == EINVAL);
    memset(longest, 'x', sizeof longest - 1);
    longest[NAME_MAX + 2] = 0;
    CHECK(in_root_parent(root, longest, name) < 0 && errno == ENAMETOOLONG);
    close_tree();
}

void in_root_tests(void) {
    test("in_root: opens inside, whatever the dots say", opens_inside);
    test("in_root: links lead nowhere else; magic links are refused", links_stay_inside);
    test("in_root: makes directories and files", makes_inside);
    test("in_root: what dangling links point to is made inside", dangling_links_are_made_inside);
    test("in_root: parents and names", parents);
}
