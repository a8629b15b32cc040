#include "tar_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "report.h"

enum { BLOCK = 512, OUT_BYTES = 256 * 1024, NAME_BYTES = 100 };
#define OCTAL_SIZE_LIMIT (UINT64_C(1) << 33)
#define OCTAL_ID_LIMIT (1u << 21)

static uint8_t out[OUT_BYTES];
static size_t used;

static void flush(void) {
  for (size_t done = 0; done < used;) {
    ssize_t written = write(STDOUT_FILENO, out + done, used - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("writing the archive", NULL);
    done += (size_t)written;
  }
  used = 0;
}

void tar_write_data(const void *bytes, size_t length) {
  const uint8_t *from = bytes;
  while (length > 0) {
    if (used == OUT_BYTES) flush();
    size_t room = OUT_BYTES - used, take = length < room ? length : room;
    memcpy(out + used, from, take);
    used += take;
    from += take;
    length -= take;
  }
}

void tar_write_padding(uint64_t size) {
  static const uint8_t zeros[BLOCK];
  tar_write_data(zeros, (size_t)((BLOCK - size % BLOCK) % BLOCK));
}

void tar_write_end(void) {
  static const uint8_t zeros[2 * BLOCK];
  tar_write_data(zeros, sizeof zeros);
  flush();
}

/* Octal digits and a NUL; what does not fit stands in the extended header and is 0 here. */
static void octal(uint8_t *field, size_t width, uint64_t value) {
  char digits[32];
  int length = snprintf(digits, sizeof digits, "%0*llo", (int)width - 1, (unsigned long long)value);
  if ((size_t)length == width - 1) memcpy(field, digits, width - 1);
  else memset(field, '0', width - 1);
}

static void write_header(const struct tar_out_entry *entry, char type, uint64_t size) {
  uint8_t header[BLOCK] = {0};
  const struct stat *status = &entry->status;
  bool device = type == '3' || type == '4';
  memcpy(header, entry->name, strnlen(entry->name, NAME_BYTES));
  octal(header + 100, 8, status->st_mode & 07777);
  octal(header + 108, 8, status->st_uid);
  octal(header + 116, 8, status->st_gid);
  octal(header + 124, 12, size);
  octal(header + 136, 12, status->st_mtim.tv_sec > 0 ? (uint64_t)status->st_mtim.tv_sec : 0);
  memset(header + 148, ' ', 8);
  header[156] = (uint8_t)type;
  if (entry->link != NULL) memcpy(header + 157, entry->link, strnlen(entry->link, NAME_BYTES));
  memcpy(header + 257, "ustar\0" "00", 8);
  octal(header + 329, 8, device ? major(status->st_rdev) : 0);
  octal(header + 337, 8, device ? minor(status->st_rdev) : 0);
  unsigned sum = 0;
  for (size_t i = 0; i < BLOCK; i++) sum += header[i];
  snprintf((char *)header + 148, 8, "%06o", sum);
  header[155] = ' ';
  tar_write_data(header, BLOCK);
}

struct records {
  uint8_t *bytes;
  size_t length, room;
};

static void append(struct records *records, const void *bytes, size_t length) {
  if (records->length + length > records->room) {
    records->room = (records->length + length) * 2;
    records->bytes = realloc(records->bytes, records->room);
    if (records->bytes == NULL) fail(FAIL_LIMIT, "no memory");
  }
  memcpy(records->bytes + records->length, bytes, length);
  records->length += length;
}

/* "%d key=value\n": the number counts the whole record. */
static void add_record(struct records *records, const char *key, const void *value, size_t length) {
  size_t body = strlen(key) + length + 3, digits = 1, limit = 10;
  while (body + digits >= limit) digits++, limit *= 10;
  char head[24];
  int written = snprintf(head, sizeof head, "%zu ", body + digits);
  append(records, head, (size_t)written);
  append(records, key, strlen(key));
  append(records, "=", 1);
  append(records, value, length);
  append(records, "\n", 1);
}

static void add_number(struct records *records, const char *key, uint64_t value) {
  char text[24];
  add_record(records, key, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)value));
}

static void add_time(struct records *records, struct timespec time) {
  if (time.tv_nsec == 0 && time.tv_sec >= 0 && (uint64_t)time.tv_sec < OCTAL_SIZE_LIMIT) return;
  char text[48];
  long long seconds = time.tv_sec;
  long nanoseconds = time.tv_nsec;
  bool negative = seconds < 0;
  if (negative && nanoseconds > 0) { /* the fraction counts away from zero in a record */
    seconds++;
    nanoseconds = 1000000000 - nanoseconds;
  }
  int length = snprintf(text, sizeof text, "%s%lld.%09ld", negative ? "-" : "", negative ? -seconds : seconds, nanoseconds);
  while (text[length - 1] == '0') length--;
  if (text[length - 1] == '.') length--;
  add_record(records, "mtime", text, (size_t)length);
}

void tar_write_entry(const struct tar_out_entry *entry) {
  struct records records = {0};
  if (strlen(entry->name) > NAME_BYTES) add_record(&records, "path", entry->name, strlen(entry->name));
  if (entry->link != NULL && strlen(entry->link) > NAME_BYTES) {
    add_record(&records, "linkpath", entry->link, strlen(entry->link));
  }
  if (entry->size >= OCTAL_SIZE_LIMIT) add_number(&records, "size", entry->size);
  if (entry->status.st_uid >= OCTAL_ID_LIMIT) add_number(&records, "uid", entry->status.st_uid);
  if (entry->status.st_gid >= OCTAL_ID_LIMIT) add_number(&records, "gid", entry->status.st_gid);
  struct timespec time = entry->status.st_mtim;
  if (!entry->exact_time) time.tv_nsec = 0;
  add_time(&records, time);
  for (const struct xattr *x = entry->xattrs; x != NULL; x = x->next) {
    char key[300];
    snprintf(key, sizeof key, "SCHILY.xattr.%s", x->name);
    add_record(&records, key, x->value, x->value_length);
  }
  if (records.length > 0) {
    struct tar_out_entry extended = *entry;
    extended.name = "PaxHeaders.0/entry";
    extended.link = NULL;
    write_header(&extended, 'x', records.length);
    tar_write_data(records.bytes, records.length);
    tar_write_padding(records.length);
    free(records.bytes);
  }
  write_header(entry, entry->type, entry->size);
}
