#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

enum { PLAN_FD = 5, PLAN_BYTES = 1 << 20 };

static char *read_all(size_t *length) {
  char *bytes = malloc(PLAN_BYTES);
  if (bytes == NULL) fail(FAIL_LIMIT, "no memory");
  *length = 0;
  for (;;) {
    ssize_t got = read(PLAN_FD, bytes + *length, PLAN_BYTES - *length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading the plan", NULL);
    if (got == 0) break;
    *length += (size_t)got;
    if (*length == PLAN_BYTES) fail(FAIL_INTERNAL, "the plan is too long");
  }
  close(PLAN_FD);
  return bytes;
}

static void *one_more(void *array, size_t count, size_t size) {
  array = realloc(array, (count + 1) * size);
  if (array == NULL) fail(FAIL_LIMIT, "no memory");
  return array;
}

static void take_mount(struct plan *plan, const char *key, char *value) {
  if (strcmp(key, "source") == 0) {
    plan->mounts = one_more(plan->mounts, plan->mount_count, sizeof *plan->mounts);
    plan->mounts[plan->mount_count++] = (struct plan_mount){.source = value};
  } else if (plan->mount_count == 0) {
    fail(FAIL_INTERNAL, "the plan names no source");
  } else if (strcmp(key, "destination") == 0) {
    plan->mounts[plan->mount_count - 1].target = value;
  } else {
    plan->mounts[plan->mount_count - 1].read_only = true;
  }
}

static void take(struct plan *plan, const char *key, char *value) {
  const struct {
    const char *key;
    bool *flag;
    const char **text;
    unsigned *number;
  } words[] = {
      {"joined", &plan->joined, NULL, NULL},   {"bare", &plan->bare, NULL, NULL},
      {"read-only", &plan->read_only, NULL, NULL}, {"stat-only", &plan->stat_only, NULL, NULL},
      {"keep-kinds", &plan->keep_kinds, NULL, NULL}, {"owned", &plan->owned, NULL, NULL},
      {"any-links", &plan->any_links, NULL, NULL},
      {"target", NULL, &plan->target, NULL},   {"upper", NULL, &plan->upper, NULL},
      {"work", NULL, &plan->work, NULL},       {"root", NULL, &plan->root, NULL},
      {"path", NULL, &plan->path, NULL},       {"name", NULL, &plan->name, NULL},
      {"uid", NULL, NULL, &plan->uid},         {"gid", NULL, NULL, &plan->gid},
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].key, key) != 0) continue;
    if (words[i].flag != NULL) *words[i].flag = true;
    if (words[i].text != NULL) *words[i].text = value;
    if (words[i].number != NULL) *words[i].number = (unsigned)strtoul(value, NULL, 10);
    return;
  }
  if (strcmp(key, "lower") == 0) {
    plan->lower = one_more(plan->lower, plan->lower_count, sizeof *plan->lower);
    plan->lower[plan->lower_count++] = value;
  } else {
    take_mount(plan, key, value);
  }
}

void plan_read(struct plan *plan) {
  size_t length;
  char *bytes = read_all(&length);
  memset(plan, 0, sizeof *plan);
  for (size_t at = 0; at < length;) {
    char *word = bytes + at, *end = memchr(word, 0, length - at);
    char *value = end != NULL ? strchr(word, '=') : NULL;
    if (value == NULL) fail(FAIL_INTERNAL, "the plan is cut off");
    *value = 0;
    take(plan, word, value + 1);
    at = (size_t)(end + 1 - bytes);
  }
  if (plan->path == NULL) plan->path = "/";
  if (plan->name == NULL) plan->name = "";
}
