#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "tar.h"

static _Noreturn void bad_header(void) { fail(FAIL_INVALID, "archive/tar: invalid tar header"); }

bool parse_decimal(const char *text, size_t length, uint64_t *value) {
  uint64_t result = 0;
  if (length == 0) return false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (__builtin_mul_overflow(result, 10, &result)) return false;
    if (__builtin_add_overflow(result, (uint64_t)(text[i] - '0'), &result)) return false;
  }
  *value = result;
  return result <= INT64_MAX;
}

void pax_reset(struct pax *pax) {
  free(pax->path);
  free(pax->linkpath);
  free(pax->sparse_name);
  free(pax->extents);
  for (struct xattr *x = pax->xattrs, *next; x != NULL; x = next) {
    next = x->next;
    free(x->value);
    free(x);
  }
  memset(pax, 0, sizeof *pax);
}

void pax_add_extent(struct pax *pax, uint64_t offset, uint64_t length) {
  if (pax->extent_count == pax->extent_room) {
    pax->extent_room = pax->extent_room == 0 ? 32 : pax->extent_room * 2;
    pax->extents = realloc(pax->extents, pax->extent_room * sizeof *pax->extents);
    if (pax->extents == NULL) fail(FAIL_LIMIT, "no memory");
  }
  pax->extents[pax->extent_count++] = (struct sparse_extent){offset, length};
}

void check_extents(const struct sparse_extent *extents, size_t count, uint64_t size, const char *name) {
  uint64_t reached = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t end;
    if (__builtin_add_overflow(extents[i].offset, extents[i].length, &end) || extents[i].offset < reached || end > size) {
      fail(FAIL_INVALID, "%s: invalid sparse map", name);
    }
    reached = end;
  }
}

/* "1700000000.25", "-1.5", ".5": seconds and nanoseconds, the fraction counted forward. */
static void parse_time(struct pax *pax, const char *text, size_t length) {
  bool negative = length > 0 && text[0] == '-';
  if (negative) text++, length--;
  const char *dot = memchr(text, '.', length);
  size_t whole = dot != NULL ? (size_t)(dot - text) : length;
  uint64_t seconds = 0;
  if (whole > 0 && !parse_decimal(text, whole, &seconds)) bad_header();
  uint32_t ns = 0, unit = 100000000;
  for (size_t i = whole + 1; i < length; i++, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') bad_header();
    ns += unit * (uint32_t)(text[i] - '0');
  }
  pax->has_mtime = true;
  pax->mtime = negative ? -(int64_t)seconds : (int64_t)seconds;
  if (negative && ns > 0) {
    pax->mtime--;
    ns = 1000000000 - ns;
  }
  pax->mtime_ns = ns;
}

static void parse_map(struct pax *pax, const char *text, size_t length) {
  const char *end = text + length;
  uint64_t pair[2];
  for (int i = 0; text <= end; i ^= 1) {
    const char *comma = memchr(text, ',', (size_t)(end - text));
    size_t part = comma != NULL ? (size_t)(comma - text) : (size_t)(end - text);
    if (!parse_decimal(text, part, &pair[i])) bad_header();
    if (i == 1) pax_add_extent(pax, pair[0], pair[1]);
    if (comma == NULL) {
      if (i == 0) bad_header();
      return;
    }
    text = comma + 1;
  }
}

static void add_xattr(struct pax *pax, const char *name, size_t name_length, const uint8_t *value, size_t length) {
  struct xattr *made = malloc(sizeof *made + name_length + 1);
  uint8_t *copy = malloc(length + 1);
  if (made == NULL || copy == NULL) fail(FAIL_LIMIT, "no memory");
  memcpy(made->name, name, name_length);
  made->name[name_length] = 0;
  memcpy(copy, value, length);
  made->value = copy;
  made->value_length = length;
  struct xattr **place = &pax->xattrs;
  while (*place != NULL && strcmp((*place)->name, made->name) != 0) place = &(*place)->next;
  made->next = NULL;
  if (*place != NULL) { /* A later record of the same name replaces the earlier. */
    made->next = (*place)->next;
    free((*place)->value);
    free(*place);
  }
  *place = made;
}

static void set_text(char **field, const char *value, size_t length) {
  if (memchr(value, 0, length) != NULL) bad_header();
  free(*field);
  *field = strndup(value, length);
}

static void set_number(uint64_t *field, const char *value, size_t length) {
  if (!parse_decimal(value, length, field)) bad_header();
}

static void sparse_record(struct pax *pax, const char *key, const char *value, size_t length) {
  if (strcmp(key, "major") == 0) {
    set_number(&pax->sparse_major, value, length);
    pax->sparse = true;
  } else if (strcmp(key, "minor") == 0) {
    set_number(&pax->sparse_minor, value, length);
  } else if (strcmp(key, "name") == 0) {
    set_text(&pax->sparse_name, value, length);
  } else if (strcmp(key, "size") == 0 || strcmp(key, "realsize") == 0) {
    set_number(&pax->sparse_size, value, length);
    pax->has_sparse_size = true;
  } else if (strcmp(key, "map") == 0) {
    parse_map(pax, value, length);
    pax->sparse = true;
  } else if (strcmp(key, "offset") == 0) {
    uint64_t offset;
    set_number(&offset, value, length);
    if (pax->half_extent) bad_header();
    pax_add_extent(pax, offset, 0);
    pax->half_extent = pax->sparse = true;
  } else if (strcmp(key, "numbytes") == 0) {
    if (!pax->half_extent) bad_header();
    set_number(&pax->extents[pax->extent_count - 1].length, value, length);
    pax->half_extent = false;
  }
}

static void record(struct pax *pax, const char *key, const char *value, size_t length) {
  if (length == 0) return; /* An empty value takes back a global one, of which we keep none. */
  if (strcmp(key, "path") == 0) {
    set_text(&pax->path, value, length);
  } else if (strcmp(key, "linkpath") == 0) {
    set_text(&pax->linkpath, value, length);
  } else if (strcmp(key, "size") == 0) {
    set_number(&pax->size, value, length);
    pax->has_size = true;
  } else if (strcmp(key, "uid") == 0) {
    set_number(&pax->uid, value, length);
    pax->has_uid = true;
  } else if (strcmp(key, "gid") == 0) {
    set_number(&pax->gid, value, length);
    pax->has_gid = true;
  } else if (strcmp(key, "mtime") == 0) {
    parse_time(pax, value, length);
  } else if (strncmp(key, "SCHILY.xattr.", 13) == 0) {
    add_xattr(pax, key + 13, strlen(key + 13), (const uint8_t *)value, length);
  } else if (strncmp(key, "GNU.sparse.", 11) == 0) {
    sparse_record(pax, key + 11, value, length);
  }
}

/* Records "%d key=value\n", the number counting the whole record. */
void pax_parse(struct pax *pax, uint8_t *bytes, size_t length) {
  pax_reset(pax);
  for (size_t at = 0; at < length;) {
    uint8_t *space = memchr(bytes + at, ' ', length - at);
    uint64_t size;
    if (space == NULL || !parse_decimal((char *)bytes + at, (size_t)(space - (bytes + at)), &size)) bad_header();
    size_t head = (size_t)(space + 1 - (bytes + at));
    if (size > length - at || size < head + 2 || bytes[at + size - 1] != '\n') bad_header();
    uint8_t *key = space + 1, *end = bytes + at + size - 1;
    uint8_t *equals = memchr(key, '=', (size_t)(end - key));
    if (equals == NULL || equals == key || memchr(key, 0, (size_t)(equals - key)) != NULL) bad_header();
    *equals = 0;
    record(pax, (char *)key, (char *)equals + 1, (size_t)(end - equals - 1));
    at += size;
  }
}
