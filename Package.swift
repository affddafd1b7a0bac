// swift-tools-version: 6.2
// Sextant: whole signals on curved surfaces from noisy, incomplete measurements.
// The targets are listed bottom-up; a target may import only what stands above it in this list.

import PackageDescription

let package = Package(
  name: "sextant",
  products: [
    .library(name: "Sextant", targets: ["Sextant"]),
    .executable(name: "sextant", targets: ["SextantCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // MARK: System libraries
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CNetCDF", pkgConfig: "netcdf", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(
      name: "CAssimp", pkgConfig: "assimp", providers: [.apt(["libassimp-dev"])]),
    .systemLibrary(
      name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(
      name: "CUDUnits", pkgConfig: "udunits", providers: [.apt(["libudunits2-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // NetCDF's own package brings HDF5, and one of libcurl's; which of them is left to the system.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CCHOLMOD", providers: [.apt(["libsuitesparse-dev"])]),
    .systemLibrary(name: "CARPACK", pkgConfig: "arpack", providers: [.apt(["libarpack2-dev"])]),

    // MARK: Layers, lowest first
    .target(name: "CVectorKernels"),
    .target(name: "SextantArrays", dependencies: ["CVectorKernels", "COpenBLAS", "CCHOLMOD", "CARPACK"]),
    .target(name: "SextantStorage", dependencies: ["SextantArrays", "CCrypto"]),
    .target(name: "SextantConfiguration"),
    .target(name: "SextantAutodiff", dependencies: ["SextantArrays"]),
    .target(name: "SextantNetworks", dependencies: ["SextantArrays", "SextantStorage", "SextantAutodiff"]),
    .target(
      name: "SextantGeometry", dependencies: ["SextantArrays", "SextantStorage", "CAssimp"]),
    .target(
      name: "SextantSignals",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantGeometry", "CNetCDF", "CHDF5", "CUDUnits",
        "CZlib",
      ]),
    .target(
      name: "SextantMeasurement",
      dependencies: ["SextantArrays", "SextantGeometry", "SextantSignals"]),
    .target(
      name: "SextantPriors",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantGeometry", "SextantSignals",
        "SextantMeasurement",
      ]),
    .target(
      name: "SextantDiffusion",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantAutodiff", "SextantNetworks", "SextantGeometry",
      ]),
    .target(
      name: "SextantFlows",
      dependencies: ["SextantArrays", "SextantStorage", "SextantAutodiff", "SextantNetworks"]),
    .target(
      name: "SextantSolvers",
      dependencies: [
        "SextantArrays", "SextantConfiguration", "SextantAutodiff", "SextantNetworks", "SextantGeometry",
        "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
      ]),
    .target(
      name: "SextantEvaluation",
      dependencies: ["SextantArrays", "SextantGeometry", "SextantSignals"]),
    .target(
      name: "SextantReport",
      dependencies: ["SextantArrays", "SextantStorage", "SextantGeometry", "SextantSignals", "CCairo"]),
    .target(
      name: "SextantRuns",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
        "SextantSolvers", "SextantEvaluation", "SextantReport", "CCurl",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // MARK: What users import and run
    .target(
      name: "Sextant",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
        "SextantSolvers", "SextantEvaluation", "SextantReport", "SextantRuns",
      ]),
    .executableTarget(
      name: "SextantCommand",
      dependencies: [
        "Sextant",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // MARK: Benchmarks and validation
    .target(
      name: "SextantStudies",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantPriors", "SextantDiffusion", "SextantFlows", "SextantReport", "SextantRuns",
      ],
      path: "Benchmarks/Studies"),
    .executableTarget(
      name: "SextantBenchmarks",
      dependencies: [
        "Sextant", "SextantStudies", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks", exclude: ["Peers", "Studies"]),

    // MARK: Tests
    .target(name: "SextantTestSupport", dependencies: ["Sextant"], path: "Tests/SextantTestSupport"),
    .testTarget(name: "SextantArraysTests", dependencies: ["SextantArrays", "SextantTestSupport"]),
    .testTarget(name: "SextantStorageTests", dependencies: ["SextantStorage", "SextantTestSupport"]),
    .testTarget(name: "SextantAutodiffTests", dependencies: ["SextantAutodiff", "SextantTestSupport"]),
    .testTarget(
      name: "SextantNetworksTests", dependencies: ["SextantNetworks", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantDiffusionTests",
      dependencies: ["SextantDiffusion", "SextantPriors", "SextantTestSupport"]),
    .testTarget(
      name: "SextantFlowsTests",
      dependencies: ["SextantFlows", "SextantDiffusion", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantGeometryTests", dependencies: ["SextantGeometry", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantSignalsTests", dependencies: ["SextantSignals", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantMeasurementTests", dependencies: ["SextantMeasurement", "SextantTestSupport"]),
    .testTarget(
      name: "SextantPriorsTests",
      dependencies: ["SextantPriors", "SextantSolvers", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantSolversTests", dependencies: ["SextantSolvers", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantEvaluationTests", dependencies: ["SextantEvaluation", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(name: "SextantReportTests", dependencies: ["SextantReport", "SextantTestSupport"]),
    .testTarget(name: "SextantStudiesTests", dependencies: ["SextantStudies", "SextantTestSupport"]),
    .testTarget(name: "SextantRunsTests", dependencies: ["SextantRuns", "SextantTestSupport"]),
    .testTarget(
      name: "SextantCommandTests", dependencies: ["SextantCommand", "SextantTestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
