// Work on files: reading an archive, and filling gaps from the shell.

import Foundation
import Sextant

extension BenchmarkRow {
  static var files: [BenchmarkRow] {
    [
      BenchmarkRow(
        name: "netcdf-read", summary: "reading 365 fields of 2 variables on a 46×90 grid from compressed NetCDF",
        peers: [.numpy]
      ) { try archiveReading() },
      BenchmarkRow(
        name: "impute",
        summary: "`sextant impute` from the shell: a field of the synthetic climate, 60 % missing, 128 samples"
      ) { try shellImputation() },
    ]
  }

  private static func archiveReading() throws -> any Workload {
    let folder = try TemporaryFolder()
    let path = folder.path + "/archive.nc"
    let climate = SyntheticClimate().fields(count: 365, on: try climateGrid)
    try FieldFile.write(climate, to: path, description: OutputDescription(history: "made for a benchmark"))
    return EvaluationWorkload(
      task: PeerTask(
        kind: "netcdf-read", settings: ["path": [path], "variables": climate.variables.map(\.name)], tensors: [])
    ) {
      _ = folder
      let archive = try GriddedFile(path: path, variables: climate.variables.map(\.name))
      return [("values", try archive.read(Array(0..<archive.count)).values)]
    }
  }

  private static func shellImputation() throws -> any Workload {
    let folder = try TemporaryFolder()
    let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "sextant")
    let training = Training(
      name: "benchmark", archive: .synthetic(years: 8),
      prior: GaussianPriorConfiguration(kind: .twoScale, modeCount: 100, climatology: .harmonic(order: 2)),
      bounds: ["clt": ValueBounds(minimum: 0, maximum: 1)], seed: 1)
    _ = try training.run(
      folder: folder.path + "/model", overwrite: false, progress: SilentProgress(), interruption: Interruption())
    let climate = try SyntheticClimateFormat.fields(years: 10)
    try FieldFile.write(
      climate.read([8 * SyntheticClimate.fieldsPerYear + 30]), to: folder.path + "/truth.nc",
      description: OutputDescription(history: "made for a benchmark"))
    _ = try Degradation(
      mask: AnyMeasurementDesign(RandomMissing(share: 0.6...0.6)), noise: NoiseSpecification(text: "tas=5K,clt=0.05"), seed: 1
    ).run(
      SignalInput(folder.path + "/truth.nc"), output: folder.path + "/observed.nc", overwrite: false,
      history: "made for a benchmark")
    return EvaluationWorkload {
      let process = Process()
      process.executableURL = program
      process.arguments = [
        "impute", folder.path + "/observed.nc", "--model", folder.path + "/model", "--output",
        folder.path + "/filled.nc", "--overwrite", "--quiet", "--threads", "\(Parallel.threadCount)",
      ]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw SuiteError.programFailed(status: process.terminationStatus) }
      return []
    }
  }
}
