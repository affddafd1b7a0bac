#!/usr/bin/env bash
# Builds the API pages with DocC into .build/docs: one page for each public symbol of every module, and the articles of the
# catalogue Sources/Sextant/Sextant.docc. With --strict it fails on any warning.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

strict=()
[[ ${1:-} != --strict ]] || strict=(--warnings-as-errors)
swift build --target Sextant
products=$(swift build --show-bin-path)
graphs=.build/symbol-graphs
rm -rf "$graphs" .build/docs
mkdir -p "$graphs"

# The compiler finds the C modules by their module maps.
maps=(-Xcc "-fmodule-map-file=$products/CVectorKernels.build/module.modulemap")
for map in Sources/C*/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done
for map in "$products"/C*.build/module.modulemap; do
  [[ $map == */CVectorKernels.build/* ]] || maps+=(-Xcc "-fmodule-map-file=$map")
done

# The headers that lie outside the compiler's own folders, as Package.swift names their packages.
for package in $(sed -n 's/.*pkgConfig: "\([^"]*\)".*/\1/p' Package.swift); do
  for flag in $(pkg-config --cflags-only-I "$package" 2>/dev/null); do maps+=(-Xcc "$flag"); done
done

# Every module that the umbrella re-exports.
for module in $(sed -n 's/^@_exported import //p' Sources/Sextant/*.swift); do
  swift symbolgraph-extract -module-name "$module" -I "$products/Modules" "${maps[@]}" \
    -target "$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",/\1/p' | head -1)" \
    -output-dir "$graphs" -minimum-access-level public -skip-inherited-docs
done
docc convert Sources/Sextant/Sextant.docc --additional-symbol-graph-dir "$graphs" --output-path .build/docs \
  --fallback-display-name Sextant --fallback-bundle-identifier org.sextant.Sextant "${strict[@]}" >.build/docs.log 2>&1 \
  || { cat .build/docs.log >&2; exit 1; }
echo "$(grep -c '^warning:' .build/docs.log || true) warnings, listed in .build/docs.log."
echo "The pages are in .build/docs. To read them: docc preview, or python3 -m http.server -d .build/docs"
