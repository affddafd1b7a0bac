// swift-tools-version: 6.2
// Sextant: whole signals on curved surfaces from noisy, incomplete measurements.
// The targets are listed bottom-up; a target may import only what stands above it in this list.

import PackageDescription

// The program, its tests and the benchmarks parse arguments and YAML; the library does neither.
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["CommandLine"]))
let yams = Target.Dependency.product(name: "Yams", package: "Yams", condition: .when(traits: ["CommandLine"]))

let package = Package(
  name: "sextant",
  products: [
    .library(name: "Sextant", targets: ["Sextant"]),
    .executable(name: "sextant", targets: ["SextantCommand"]),
  ],
  traits: [
    .default(enabledTraits: ["CommandLine"]),
    .trait(
      name: "CommandLine",
      description: "What the program, the benchmarks and the tests need beside the library. A package that uses the library alone writes `traits: []` and fetches no other package."),
    .trait(
      name: "SupernodalCHOLMOD",
      description: "Sparse factorisations by SuiteSparse's CHOLMOD beside the package's own. Its supernodal module is under the GPL, and so is then every program that is built with it: see NOTICE."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
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
    .systemLibrary(name: "CPROJ", pkgConfig: "proj", providers: [.apt(["libproj-dev"])]),
    // Debian's description of it names a run path, which the package manager does not allow.
    .systemLibrary(name: "CEcCodes", providers: [.apt(["libeccodes-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    // NetCDF's own package brings HDF5, and one of libcurl's; which of them is left to the system.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMETIS", providers: [.apt(["libmetis-dev"])]),
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    // Under the GPL, and linked with the trait `SupernodalCHOLMOD` alone.
    .systemLibrary(name: "CCHOLMOD", providers: [.apt(["libsuitesparse-dev"])]),
    .systemLibrary(name: "CARPACK", pkgConfig: "arpack", providers: [.apt(["libarpack2-dev"])]),

    // MARK: Layers, lowest first
    .target(name: "CVectorKernels"),
    .target(name: "CEigenSparse"),
    .target(name: "CImageCodecs", dependencies: ["CTIFF", "CPNG", "CJPEG"]),
    .target(name: "SextantArrays", dependencies: ["CVectorKernels", "COpenBLAS", "CARPACK"]),
    .target(
      name: "SextantSparse",
      dependencies: [
        "SextantArrays", "CEigenSparse", "CMETIS", "COpenBLAS",
        .target(name: "CCHOLMOD", condition: .when(traits: ["SupernodalCHOLMOD"])),
      ]),
    .target(name: "SextantStorage", dependencies: ["SextantArrays", "CCrypto", "CZlib"]),
    .target(name: "SextantImages", dependencies: ["SextantStorage", "CImageCodecs"]),
    .target(name: "SextantConfiguration", dependencies: ["SextantStorage"]),
    .target(name: "SextantAutodiff", dependencies: ["SextantArrays"]),
    .target(name: "SextantNetworks", dependencies: ["SextantArrays", "SextantStorage", "SextantAutodiff"]),
    .target(
      name: "SextantGeometry", dependencies: ["SextantArrays", "SextantSparse", "SextantStorage", "CAssimp"]),
    .target(
      name: "SextantSignals",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantGeometry", "SextantImages", "CNetCDF",
        "CHDF5", "CUDUnits", "CZlib", "CZip", "CPROJ", "CEcCodes",
      ]),
    .target(
      name: "SextantMeasurement",
      dependencies: ["SextantArrays", "SextantSparse", "SextantGeometry", "SextantSignals"]),
    .target(
      name: "SextantPriors",
      dependencies: [
        "SextantArrays", "SextantSparse", "SextantStorage", "SextantGeometry", "SextantSignals",
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
        "SextantArrays", "SextantSparse", "SextantConfiguration", "SextantAutodiff", "SextantNetworks", "SextantGeometry",
        "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
      ]),
    .target(
      name: "SextantEvaluation",
      dependencies: ["SextantArrays", "SextantStorage", "SextantAutodiff", "SextantGeometry", "SextantSignals"]),
    .target(
      name: "SextantReport",
      dependencies: ["SextantArrays", "SextantStorage", "SextantGeometry", "SextantSignals", "CCairo"]),
    .target(
      name: "SextantModels",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
        "SextantSolvers",
      ]),
    .target(
      name: "SextantTraining",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors", "SextantDiffusion", "SextantFlows",
        "SextantSolvers", "SextantEvaluation", "SextantReport", "SextantModels",
      ]),
    .target(
      name: "SextantPipelines",
      dependencies: [
        "SextantArrays", "SextantSparse", "SextantStorage", "SextantConfiguration", "SextantAutodiff",
        "SextantNetworks", "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors",
        "SextantDiffusion", "SextantFlows", "SextantSolvers", "SextantEvaluation", "SextantReport", "SextantModels",
        "SextantTraining", "CCurl",
      ]),
    .target(
      name: "SextantRuns",
      dependencies: [
        "SextantStorage", "SextantConfiguration", "SextantGeometry", "SextantSignals", "SextantMeasurement",
        "SextantPriors", "SextantDiffusion", "SextantSolvers", "SextantEvaluation", "SextantReport", "SextantModels",
        "SextantTraining", "SextantPipelines",
      ]),

    // MARK: What users import and run
    .target(
      name: "Sextant",
      dependencies: [
        "SextantArrays", "SextantSparse", "SextantStorage", "SextantConfiguration", "SextantAutodiff",
        "SextantNetworks", "SextantGeometry", "SextantSignals", "SextantMeasurement", "SextantPriors",
        "SextantDiffusion", "SextantFlows", "SextantSolvers", "SextantEvaluation", "SextantReport", "SextantModels",
        "SextantTraining", "SextantPipelines", "SextantRuns",
      ]),
    .target(name: "SextantYAML", dependencies: ["SextantConfiguration", "SextantStorage", "SextantModels", "SextantRuns", yams]),
    .executableTarget(name: "SextantCommand", dependencies: ["Sextant", "SextantYAML", argumentParser]),

    // MARK: Benchmarks and validation
    .target(
      name: "SextantStudies",
      dependencies: [
        "SextantArrays", "SextantStorage", "SextantConfiguration", "SextantAutodiff", "SextantNetworks",
        "SextantGeometry", "SextantPriors", "SextantDiffusion", "SextantFlows", "SextantReport", "SextantModels",
        "SextantTraining", "SextantPipelines", "SextantRuns", "SextantYAML",
      ],
      path: "Benchmarks/Studies"),
    .executableTarget(
      name: "SextantBenchmarks",
      dependencies: ["Sextant", "SextantStudies", "CEigenCholesky", argumentParser],
      path: "Benchmarks", exclude: ["Baselines", "Peers", "Studies", "CEigenCholesky"]),
    .target(name: "CEigenCholesky", path: "Benchmarks/CEigenCholesky"),

    // MARK: Tests
    .target(
      name: "SextantTestSupport", dependencies: ["Sextant", "CEcCodes"], path: "Tests/SextantTestSupport"),
    .testTarget(name: "SextantArraysTests", dependencies: ["SextantArrays", "SextantSparse", "SextantTestSupport"]),
    .testTarget(
      name: "SextantSparseTests", dependencies: ["SextantSparse", "SextantArrays", "SextantTestSupport"]),
    .testTarget(name: "SextantStorageTests", dependencies: ["SextantStorage", "SextantTestSupport"]),
    .testTarget(
      name: "SextantImagesTests", dependencies: ["SextantImages", "SextantTestSupport"], exclude: ["Fixtures"]),
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
      name: "SextantSignalsTests", dependencies: ["SextantSignals", "SextantImages", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantMeasurementTests", dependencies: ["SextantMeasurement", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantPriorsTests",
      dependencies: ["SextantPriors", "SextantSolvers", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantSolversTests", dependencies: ["SextantSolvers", "SextantTestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "SextantEvaluationTests", dependencies: ["SextantEvaluation", "SextantTestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(name: "SextantReportTests", dependencies: ["SextantReport", "SextantTestSupport"]),
    .testTarget(name: "SextantStudiesTests", dependencies: ["SextantStudies", "SextantYAML", "SextantTestSupport"]),
    .testTarget(name: "SextantRunsTests", dependencies: ["SextantRuns", "SextantYAML", "SextantTestSupport"]),
    .testTarget(
      name: "SextantCommandTests", dependencies: ["SextantCommand", "SextantImages", "SextantTestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
