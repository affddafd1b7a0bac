#!/usr/bin/env bash
# Builds the API pages with DocC into .build/docs: one page for each public symbol of every module, and the articles of the
# catalogue Sources/Sextant/Sextant.docc. Fails on any warning, so that links between symbols cannot go stale.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

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

# Every module that the umbrella re-exports.
for module in $(sed -n 's/^@_exported import //p' Sources/Sextant/*.swift); do
  swift symbolgraph-extract -module-name "$module" -I "$products/Modules" "${maps[@]}" \
    -target "$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",/\1/p' | head -1)" \
    -output-dir "$graphs" -minimum-access-level public -skip-inherited-docs
done
docc convert Sources/Sextant/Sextant.docc --additional-symbol-graph-dir "$graphs" --output-path .build/docs \
  --fallback-display-name Sextant --fallback-bundle-identifier org.sextant.Sextant --warnings-as-errors
echo "The pages are in .build/docs. To read them: docc preview, or python3 -m http.server -d .build/docs"
