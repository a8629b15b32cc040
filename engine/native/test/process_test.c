/* Who a process becomes: user strings against the files of an image, which are as hostile as the image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runtime/process.h"
#include "check.h"

/* What the child of `resolve` found, through a pipe. */
struct answer {
    int result, number;
    char message[256], home[64];
    uint32_t uid, gid, groups[8];
    size_t group_count;
};

static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/etc/%s", test_directory(), name);
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_image(void) {
    char path[128];
    snprintf(path, sizeof path, "%s/etc", test_directory());
    CHECK(mkdir(path, 0755) == 0);
    write_file("passwd", "root:x:0:0:root:/root:/bin/sh\n"
                         "broken line\n"
                         "nobody:x:65534:65534\n"
                         "app:x:1000:1001:An app:/home/app:/bin/sh\n"
                         "1234:x:77:78::/seventy:/bin/sh\n"
                         "minus:x:-5:0::/:/bin/sh\n");
    write_file("group", "root:x:0:\nwheel:x:10:root,app\napp:x:1001:\naudio:x:29:other,app\n:x:5:app\n");
}

static void fill(struct answer *answer, const struct identity *identity, const struct runtime_error *err) {
    answer->number = err->number;
    snprintf(answer->message, sizeof answer->message, "%s", err->message);
    if (answer->result < 0) return;
    snprintf(answer->home, sizeof answer->home, "%s", identity->home);
    answer->uid = identity->uid;
    answer->gid = identity->gid;
    answer->group_count = identity->group_count;
    for (size_t i = 0; i < identity->group_count && i < 8; i++) answer->groups[i] = identity->groups[i];
}

/* As the shim's child does it: with the image as its root. */
static struct answer resolve(const char *username, const char *group) {
    static struct answer answer;
    int ends[2], status;
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        static struct arena arena;
        const char *groups[] = {group, NULL};
        struct oci_user user = {.username = username, .groups = {.items = groups, .count = group ? 1 : 0}};
        struct identity identity;
        struct runtime_error err = {0};
        if (chroot(test_directory()) < 0 || chdir("/") < 0) _exit(1);
        alarm(20);
        memset(&answer, 0, sizeof answer);
        answer.result = identity_resolve(&arena, &user, &identity, &err);
        fill(&answer, &identity, &err);
        _exit(write(ends[1], &answer, sizeof answer) != sizeof answer);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &answer, sizeof answer);
    close(ends[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    CHECK_INT(got, sizeof answer);
    return answer;
}

static void names(void) {
    make_image();
    struct answer app = resolve("app", NULL);
    CHECK(app.result == 0 && app.uid == 1000 && app.gid == 1001);
    CHECK_TEXT(app.home, "/home/app");
    CHECK(app.group_count == 3 && app.groups[0] == 10 && app.groups[1] == 29 && app.groups[2] == 5);
    struct answer other = resolve("app:wheel", "audio");
    CHECK(other.uid == 1000 && other.gid == 10 && other.group_count == 1 && other.groups[0] == 29);
    struct answer numbers = resolve("5000:6000", "7000");
    CHECK(numbers.uid == 5000 && numbers.gid == 6000 && numbers.groups[0] == 7000);
    CHECK_TEXT(numbers.home, "/");
    struct answer alone = resolve("1000", NULL);
    CHECK(alone.uid == 1000 && alone.gid == 1001 && alone.group_count == 3);
    struct answer group_of_root = resolve(":wheel", NULL);
    CHECK(group_of_root.uid == 0 && group_of_root.gid == 10);
    /* A name is looked up before it is taken as a number. */
    CHECK_INT(resolve("1234", NULL).uid, 77);
}

static void strangers(void) {
    make_image();
    struct answer user = resolve("ghost", NULL);
    CHECK(user.result == -1 && user.number == ENOENT);
    CHECK_TEXT(user.message, "unable to find user ghost: no matching entries in passwd file");
    struct answer group = resolve("app:ghosts", NULL);
    CHECK_TEXT(group.message, "unable to find group ghosts: no matching entries in group file");
    static const char *const bad[] = {"-1", "2147483648", "99999999999999999999", "1x", "minus", "app:-1", " app"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK_CASE(resolve(bad[i], NULL).result == -1, bad[i]);
}

static void replace_passwd(const char *target) {
    char path[128];
    snprintf(path, sizeof path, "%s/etc/passwd", test_directory());
    CHECK(unlink(path) == 0);
    CHECK(target ? symlink(target, path) == 0 : mkfifo(path, 0644) == 0);
}

static void files_that_do_not_end(void) {
    char path[128];
    make_image();
    snprintf(path, sizeof path, "%s/zero", test_directory());
    CHECK(mknod(path, S_IFCHR | 0666, (1 << 8) | 5) == 0);
    replace_passwd(NULL);
    CHECK_INT(resolve("app", NULL).result, -1);
    replace_passwd("/zero");
    CHECK_INT(resolve("app", NULL).result, -1);
    replace_passwd("/etc");
    CHECK_INT(resolve("app", NULL).result, -1);
    CHECK_INT(resolve("12", NULL).uid, 12);
}

static void long_lines(void) {
    static char text[200001];
    make_image();
    memset(text, 'x', sizeof text - 1);
    write_file("passwd", text);
    CHECK_INT(resolve("app", NULL).result, -1);
    memcpy(text + sizeof text - 30, "\napp:x:1:2::/h:/bin/sh\n", 24);
    write_file("passwd", text);
    CHECK_INT(resolve("app", NULL).uid, 1);
}

static void capability_names(void) {
    CHECK_INT(capability_number("CAP_CHOWN"), 0);
    CHECK_INT(capability_number("CAP_SYS_ADMIN"), 21);
    CHECK_INT(capability_number("CAP_CHECKPOINT_RESTORE"), 40);
    CHECK(capability_number("CHOWN") < 0 && capability_number("CAP_") < 0 && capability_number("cap_chown") < 0);
}

void process_tests(void) {
    test("process: users and groups by name and number", names);
    test("process: who is not there is told in Docker's words", strangers);
    test("process: a passwd file that never ends, or is none, holds nobody up", files_that_do_not_end);
    test("process: lines longer than any buffer", long_lines);
    test("process: capability names", capability_names);
}
