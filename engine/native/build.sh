#!/bin/sh
# Builds the native programs into build/native. Usage: engine/native/build.sh [target...], by default all targets.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/native

warnings='-std=c17 -Wall -Wextra -Werror'

# The addon: plain C N-API, one shared object for every Node from 20 on.
build_addon() {
  ${CC:-cc} $warnings ${CFLAGS:--O2} -fPIC -fvisibility=hidden -shared -pthread \
    -I node_modules/node-api-headers/include engine/native/addon/*.c -o build/native/addon.node.tmp
  mv build/native/addon.node.tmp build/native/addon.node
}

# The confined reader of layers: static glibc, with Debian's static zlib and zstd.
build_unpack() {
  ${CC:-cc} $warnings -D_GNU_SOURCE ${CFLAGS:--O2} -static -pthread engine/native/unpack/*.c -lz -lzstd \
    -o build/native/berth-unpack.tmp
  mv build/native/berth-unpack.tmp build/native/berth-unpack
}

for target in ${*:-addon}; do
  "build_$target"
done
