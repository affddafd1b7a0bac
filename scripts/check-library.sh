#!/usr/bin/env bash
# Builds and runs a package that uses the library alone, as somebody else's package would, and checks that it fetches no other
# package and is linked with nothing under the GPL. Arguments go to `swift build`. The build folder is
# .build/library-consumer in the repository's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'check-library: %s\n' "$*" >&2; exit 1; }

scratch="$PWD/.build/library-consumer"
build=(swift build --package-path Tests/LibraryConsumer --scratch-path "$scratch" "$@")
# One that an earlier version of the package left would be taken for this one's.
rm -f Tests/LibraryConsumer/Package.resolved
"${build[@]}"
program="$("${build[@]}" --show-bin-path)/fill"

if [[ -e Tests/LibraryConsumer/Package.resolved ]] || compgen -G "$scratch/checkouts/*" >/dev/null; then
  fail "the library made SwiftPM fetch another package: $(ls "$scratch/checkouts" 2>/dev/null | tr '\n' ' ')"
fi
# Read as a whole first: a reader that ends early would make ldd fail.
libraries="$(ldd "$program")"
if [[ "$libraries" == *libcholmod* ]]; then fail "the program is linked with CHOLMOD, which is under the GPL"; fi

mesh="$(mktemp --suffix .off)"
trap 'rm -f "$mesh"' EXIT
# A torus of 60 × 24 vertices.
awk 'BEGIN {
  m = 60; n = 24; turn = 8 * atan2(1, 1)
  print "OFF"; print m * n, 2 * m * n, 0
  for (i = 0; i < m; i++) for (j = 0; j < n; j++) {
    a = turn * i / m; b = turn * j / n; r = 1 + 0.4 * cos(b)
    print r * cos(a), r * sin(a), 0.4 * sin(b)
  }
  for (i = 0; i < m; i++) for (j = 0; j < n; j++) {
    k = (i + 1) % m; l = (j + 1) % n
    print 3, i * n + j, k * n + j, k * n + l
    print 3, i * n + j, k * n + l, i * n + l
  }
}' >"$mesh"
"$program" "$mesh"
