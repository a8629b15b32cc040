#!/bin/sh
# Builds the native programs into build/native, or BUILD_DIR. Usage: engine/native/build.sh [target...]: addon, unpack,
# shim, runtime, init, test; by default all but test. A target that is newer than its sources is left alone.
set -eu
cd "$(dirname "$0")/../.."
out=${BUILD_DIR:-build/native}
mkdir -p "$out"

warnings='-std=c17 -Wall -Wextra -Werror'

# up_to_date OUTPUT DIRECTORY...: no source of the directories, nor this script, is newer.
up_to_date() {
  output=$1
  shift
  [ -e "$output" ] && [ -z "$(find "$@" engine/native/build.sh -newer "$output" \( -name '*.[ch]' -o -name build.sh \) -print -quit)" ]
}

# The addon: plain C N-API, one shared object for every Node from 20 on.
build_addon() {
  up_to_date $out/addon.node engine/native/addon && return
  ${CC:-cc} $warnings ${CFLAGS:--O2} -fPIC -fvisibility=hidden -shared -pthread \
    -I node_modules/node-api-headers/include engine/native/addon/*.c -o $out/addon.node.tmp
  mv $out/addon.node.tmp $out/addon.node
}

# The confined reader of layers: static glibc, with Debian's static zlib and zstd.
build_unpack() {
  up_to_date $out/berth-unpack engine/native/unpack && return
  ${CC:-cc} $warnings -D_GNU_SOURCE ${CFLAGS:--O2} -static -pthread engine/native/unpack/*.c -lz -lzstd -ldeflate \
    -o $out/berth-unpack.tmp
  mv $out/berth-unpack.tmp $out/berth-unpack
}

# Kernel headers (linux/*.h) are glibc's neighbours; looked at last, so that every other header is musl's.
kernel_headers() {
  echo "-idirafter /usr/include -idirafter /usr/include/$(${MUSL_MULTIARCH_CC:-cc} -dumpmachine | sed 's/-pc-/-/')"
}

# The monitor, with the runtime library: static against musl.
build_shim() {
  up_to_date $out/berth-shim engine/native/shim engine/native/runtime && return
  ${MUSL_CC:-musl-gcc} $warnings -D_GNU_SOURCE ${CFLAGS:--O2} -static -s $(kernel_headers) \
    engine/native/shim/*.c engine/native/runtime/*.c -o $out/berth-shim.tmp
  mv $out/berth-shim.tmp $out/berth-shim
}

# The OCI runtime on the same library.
build_runtime() {
  up_to_date $out/berth-runtime engine/native/oci engine/native/runtime && return
  ${MUSL_CC:-musl-gcc} $warnings -D_GNU_SOURCE ${CFLAGS:--O2} -static -s $(kernel_headers) \
    engine/native/oci/*.c engine/native/runtime/*.c -o $out/berth-runtime.tmp
  mv $out/berth-runtime.tmp $out/berth-runtime
}

# The first process of a container with --init: static against musl.
build_init() {
  up_to_date $out/berth-init engine/native/init && return
  ${MUSL_CC:-musl-gcc} $warnings -D_GNU_SOURCE ${CFLAGS:--O2} -static -s engine/native/init/*.c \
    -o $out/berth-init.tmp
  mv $out/berth-init.tmp $out/berth-init
}

# Tests, with AddressSanitizer and UndefinedBehaviorSanitizer: the library's and the shim's parts in one program, the
# shim as a whole, a client for it, and fuzzers.
build_test() {
  mkdir -p $out/test
  sanitized="${TEST_CC:-clang} $warnings -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all"
  sources='engine/native/test engine/native/shim engine/native/runtime engine/native/unpack'
  library="engine/native/runtime/*.c $(ls engine/native/shim/*.c | grep -v /main.c)"
  build_sanitized native-tests engine/native/test/*.c $library engine/native/unpack/sha256.c
  build_sanitized berth-shim engine/native/test/sanitizer/*.c engine/native/shim/*.c engine/native/runtime/*.c
  build_sanitized shim-client engine/native/test/client/*.c
  unpack=$(ls engine/native/unpack/*.c | grep -v /confine.c)
  build_sanitized berth-unpack engine/native/test/unpack/*.c engine/native/test/sanitizer/*.c $unpack \
    -pthread -lz -lzstd -ldeflate
  sanitize=fuzzer,address,undefined build_sanitized tar-fuzz engine/native/test/fuzz/unpack/tar_fuzz.c \
    engine/native/unpack/tar.c engine/native/unpack/pax.c engine/native/unpack/tree.c
  for source in engine/native/test/fuzz/*_fuzz.c; do
    sanitize=fuzzer,address,undefined build_sanitized "$(basename "$source" .c | tr _ -)" "$source" $library
  done
}

# build_sanitized PROGRAM SOURCE...
build_sanitized() {
  program=$out/test/$1
  shift
  up_to_date "$program" $sources && return
  $sanitized -fsanitize=${sanitize:-address,undefined} "$@" -o "$program.tmp"
  mv "$program.tmp" "$program"
}

for target in ${*:-addon unpack shim runtime init}; do
  "build_$target"
done
