// The files that numbers on a mesh are written to: a mesh with properties, or arrays beside each other.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals

/// The files that an answer on a mesh goes to.
struct SurfaceAnswerFiles {
  let output: String
  let isArray: Bool

  init(_ output: String) throws {
    let ending = URL(fileURLWithPath: output).pathExtension.lowercased()
    guard ["ply", "vtp", "npy"].contains(ending) else {
      throw RunError.invalid(
        "\(output): expected a name that ends in .ply or .vtp for a mesh, or in .npy for an array.")
    }
    self.output = output
    isArray = ending == "npy"
  }

  /// All files that an answer is written to.
  func paths(withQuantiles: Bool) -> [String] {
    isArray ? [output, path("spread"), path("samples")] + (withQuantiles ? [path("quantiles")] : []) : [output]
  }

  private func path(_ what: String) -> String { "\(output.dropLast(4)).\(what).npy" }

  /// Throws ``RunError`` where there are more fields than a mesh file takes.
  func checkThatTheyTake(_ fields: SignalSet, of input: SurfaceInput) throws {
    if !isArray, fields.count > 1 {
      throw RunError.invalid(
        "\(input.signal): \(fields.count) fields, and a mesh file takes one. Give an --output that ends in .npy.")
    }
  }

  /// The shape of an array of something of all fields: V numbers, V×C or N×V×C, with the extents of what there are several of for
  /// each field before V.
  static func shape(of fields: SignalSet, before extents: [Int] = []) -> [Int] {
    let many = [fields.vertexCount, fields.channelCount]
    let one = fields.channelCount == 1 ? [fields.vertexCount] : many
    return fields.count == 1 ? extents + one : [fields.count] + extents + many
  }

  /// Writes mean, spread, quantiles and samples of all fields.
  func writeArrays(
    _ finished: FinishedFields, of fields: SignalSet, request: Imputation, overwrite: Bool
  ) throws {
    let answers = try (0..<fields.count).map { try finished.answer(at: $0) }
    func write(_ values: [Float], before extents: [Int] = [], to path: String) throws {
      try NPYFile.write(
        Tensor(values, shape: Self.shape(of: fields, before: extents)), to: path, overwrite: overwrite)
    }
    let spreads = answers.compactMap(\.spread)
    if spreads.count == answers.count { try write(spreads.flatMap(\.self), to: path("spread")) }
    let samples = answers.compactMap(\.samples)
    if let count = samples.first?.rowCount, samples.count == answers.count {
      let levels = request.quantileLevels
      if !levels.isEmpty {
        let quantiles = samples.flatMap { $0.ensembleQuantiles(levels).flatMap(\.self) }
        try write(quantiles, before: [levels.count], to: path("quantiles"))
      }
      if request.writesEnsemble { try write(samples.flatMap(\.scalars), before: [count], to: path("samples")) }
    }
    try write(answers.flatMap(\.mean), to: output)
  }
}
