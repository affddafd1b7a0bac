// swift-tools-version: 6.2
// A package that uses Sextant as a library, and nothing else: built and run by scripts/check-library.sh.

import PackageDescription

let package = Package(
  name: "library-consumer",
  dependencies: [
    // No traits: the library alone, which needs no other package.
    .package(name: "sextant", path: "../..", traits: [])
  ],
  targets: [
    .executableTarget(name: "fill", dependencies: [.product(name: "Sextant", package: "sextant")])
  ]
)
