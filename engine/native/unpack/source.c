#include "source.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "report.h"
#include "sha256.h"

enum { BUFFER_BYTES = 512 * 1024, BUFFERS = 4, INPUT_BYTES = 256 * 1024 };

/* Memory that a zstd window may take: 128 MiB, zstd's own default for what need not be asked for. */
enum { ZSTD_WINDOW_LOG = 27 };

struct buffer {
  uint8_t *bytes;
  size_t used;
};

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct buffer ring[BUFFERS];
  size_t filled; /* buffers ever handed over */
  size_t freed;  /* buffers ever given back */
  bool open, ended;
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Of the reading thread only. */
static struct sha256 blob_hash;
static atomic_uint_fast64_t blob_bytes;
static uint8_t input[INPUT_BYTES];
static size_t input_start, input_end;
static struct buffer *filling;
static uint64_t plain_limit, plain_made;

/* Of the caller only. */
static struct sha256 tar_hash;
static uint64_t tar_bytes;
static size_t taken;
static struct buffer *current;

/* Bytes in `input`; reads more when there are none. False at the end of the blob. */
static bool have_input(void) {
  if (input_start < input_end) return true;
  ssize_t got;
  do {
    got = read(STDIN_FILENO, input, sizeof input);
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail_errno("reading the layer", NULL);
  sha256_update(&blob_hash, input, (size_t)got);
  atomic_fetch_add(&blob_bytes, (uint64_t)got);
  input_start = 0;
  input_end = (size_t)got;
  return got > 0;
}

/* Gathers at least `count` bytes at the front of `input` (or all that there are). */
static size_t gather_input(size_t count) {
  size_t have = 0;
  while (have < count) {
    ssize_t got = read(STDIN_FILENO, input + have, sizeof input - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("reading the layer", NULL);
    if (got == 0) break;
    have += (size_t)got;
  }
  sha256_update(&blob_hash, input, have);
  atomic_fetch_add(&blob_bytes, have);
  input_start = 0;
  input_end = have;
  return have;
}

static void next_buffer(void) {
  pthread_mutex_lock(&ring.lock);
  while (ring.filled - ring.freed == BUFFERS) pthread_cond_wait(&ring.changed, &ring.lock);
  filling = &ring.ring[ring.filled % BUFFERS];
  filling->used = 0;
  pthread_mutex_unlock(&ring.lock);
}

static void hand_over(void) {
  plain_made += filling->used;
  if (plain_made > plain_limit) {
    /* The limit is the room on the disk, less a reserve for the engine's own files. */
    fail(FAIL_SPACE, "no space left on device: the layer unpacks to more than %llu bytes",
         (unsigned long long)plain_limit);
  }
  pthread_mutex_lock(&ring.lock);
  ring.filled++;
  pthread_cond_signal(&ring.changed);
  pthread_mutex_unlock(&ring.lock);
}

static void hand_over_if_full(void) {
  if (filling->used < BUFFER_BYTES) return;
  hand_over();
  next_buffer();
}

static void copy_plain(void) {
  while (have_input()) {
    size_t space = BUFFER_BYTES - filling->used, have = input_end - input_start;
    size_t count = have < space ? have : space;
    memcpy(filling->bytes + filling->used, input + input_start, count);
    filling->used += count;
    input_start += count;
    hand_over_if_full();
  }
}

static void inflate_gzip(void) {
  z_stream stream = {0};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) fail(FAIL_LIMIT, "no memory to inflate");
  bool inside = false; /* within a member: the input may only end between members */
  while (have_input()) {
    inside = true;
    stream.next_in = input + input_start;
    stream.avail_in = (uInt)(input_end - input_start);
    stream.next_out = filling->bytes + filling->used;
    stream.avail_out = (uInt)(BUFFER_BYTES - filling->used);
    int status = inflate(&stream, Z_NO_FLUSH);
    input_start = input_end - stream.avail_in;
    filling->used = BUFFER_BYTES - stream.avail_out;
    hand_over_if_full();
    if (status == Z_STREAM_END) {
      inside = false;
      inflateReset(&stream);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail(FAIL_INVALID, "gzip: %s", stream.msg != NULL ? stream.msg : "invalid data");
    }
  }
  /* What was inflated but did not fit may still be inside the stream. */
  while (inside) {
    stream.next_in = input;
    stream.avail_in = 0;
    stream.next_out = filling->bytes + filling->used;
    stream.avail_out = (uInt)(BUFFER_BYTES - filling->used);
    size_t before = filling->used;
    int status = inflate(&stream, Z_NO_FLUSH);
    filling->used = BUFFER_BYTES - stream.avail_out;
    if (status == Z_STREAM_END) break;
    if (filling->used == before) fail(FAIL_TRUNCATED, "unexpected EOF");
    hand_over_if_full();
  }
  inflateEnd(&stream);
}

static void inflate_zstd(void) {
  ZSTD_DStream *stream = ZSTD_createDStream();
  if (stream == NULL) fail(FAIL_LIMIT, "no memory to inflate");
  ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
  size_t status = 0;
  bool more = true;
  while (have_input() || (more && status != 0)) {
    ZSTD_inBuffer in = {input, input_end, input_start};
    ZSTD_outBuffer out = {filling->bytes, BUFFER_BYTES, filling->used};
    status = ZSTD_decompressStream(stream, &out, &in);
    if (ZSTD_isError(status)) fail(FAIL_INVALID, "zstd: %s", ZSTD_getErrorName(status));
    more = out.pos > filling->used || in.pos > input_start;
    input_start = in.pos;
    filling->used = out.pos;
    hand_over_if_full();
  }
  if (status != 0) fail(FAIL_TRUNCATED, "unexpected EOF");
  ZSTD_freeDStream(stream);
}

static void *read_blob(void *unused) {
  (void)unused;
  pthread_mutex_lock(&ring.lock);
  while (!ring.open) pthread_cond_wait(&ring.changed, &ring.lock);
  pthread_mutex_unlock(&ring.lock);

  next_buffer();
  size_t have = gather_input(6);
  const uint8_t *b = input;
  if (have >= 2 && b[0] == 0x1f && b[1] == 0x8b) {
    inflate_gzip();
  } else if (have >= 4 && ((b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd) ||
                           ((b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18))) {
    inflate_zstd();
  } else if (have >= 3 && memcmp(b, "BZh", 3) == 0) {
    fail(FAIL_INVALID, "unsupported compression: bzip2");
  } else if (have >= 6 && memcmp(b, "\xfd" "7zXZ\0", 6) == 0) {
    fail(FAIL_INVALID, "unsupported compression: xz");
  } else {
    copy_plain();
  }
  if (filling->used > 0) hand_over();
  pthread_mutex_lock(&ring.lock);
  ring.ended = true;
  pthread_cond_signal(&ring.changed);
  pthread_mutex_unlock(&ring.lock);
  return NULL;
}

void source_prepare(void) {
  for (int i = 0; i < BUFFERS; i++) {
    ring.ring[i].bytes = malloc(BUFFER_BYTES);
    if (ring.ring[i].bytes == NULL) fail(FAIL_LIMIT, "no memory");
  }
  sha256_init(&blob_hash);
  sha256_init(&tar_hash);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, read_blob, NULL);
  if (error != 0) fail(FAIL_INTERNAL, "thread: %s", strerror(error));
  pthread_detach(thread);
}

void source_open(uint64_t max_plain_bytes) {
  pthread_mutex_lock(&ring.lock);
  plain_limit = max_plain_bytes;
  ring.open = true;
  pthread_cond_signal(&ring.changed);
  pthread_mutex_unlock(&ring.lock);
}

size_t source_peek(const uint8_t **bytes) {
  if (current != NULL && taken == current->used) {
    pthread_mutex_lock(&ring.lock);
    ring.freed++;
    pthread_cond_signal(&ring.changed);
    pthread_mutex_unlock(&ring.lock);
    current = NULL;
    report_progress(source_blob_bytes(), tar_bytes);
  }
  if (current == NULL) {
    pthread_mutex_lock(&ring.lock);
    while (ring.filled == ring.freed && !ring.ended) pthread_cond_wait(&ring.changed, &ring.lock);
    if (ring.filled > ring.freed) current = &ring.ring[ring.freed % BUFFERS];
    pthread_mutex_unlock(&ring.lock);
    if (current == NULL) return 0;
    taken = 0;
    sha256_update(&tar_hash, current->bytes, current->used);
    tar_bytes += current->used;
  }
  *bytes = current->bytes + taken;
  return current->used - taken;
}

void source_take(size_t count) { taken += count; }

uint64_t source_blob_bytes(void) { return atomic_load(&blob_bytes); }
uint64_t source_plain_bytes(void) { return tar_bytes; }

void source_digests(char blob[65], char tar[65]) {
  sha256_hex(&blob_hash, blob);
  sha256_hex(&tar_hash, tar);
}
