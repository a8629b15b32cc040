/* SHA-256 by the vectors of FIPS 180-4, and cut into pieces of every size. */
#include <string.h>

#include "../unpack/sha256.h"
#include "check.h"

static const char *digest(const char *bytes, size_t length, size_t piece) {
    static char hex[65];
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t at = 0; at < length; at += piece) {
        sha256_update(&hash, bytes + at, length - at < piece ? length - at : piece);
    }
    sha256_hex(&hash, hex);
    return hex;
}

static void vectors(void) {
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static char million[1000000];
    memset(million, 'a', sizeof million);
    CHECK_TEXT(digest("", 0, 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_TEXT(digest("abc", 3, 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_TEXT(digest(two_blocks, 56, 56), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK_TEXT(digest(million, sizeof million, 4096),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void pieces(void) {
    char bytes[300], whole[65];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7);
    for (size_t length = 0; length <= sizeof bytes; length += 13) {
        memcpy(whole, digest(bytes, length, sizeof bytes), sizeof whole);
        for (size_t piece = 1; piece < 140; piece++) CHECK_TEXT(digest(bytes, length, piece), whole);
    }
}

void sha256_tests(void) {
    test("sha256: the standard's vectors", vectors);
    test("sha256: pieces of every size give the same", pieces);
}
