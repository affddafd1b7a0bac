// A clean file made into one with gaps and noise: what `sextant degrade` runs. Signals on meshes are SurfaceDegradation's.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals
import SextantStorage

/// What is done to a clean file.
public struct FileDegradation: Sendable {
  /// What is missing.
  public var mask: AnyMeasurementDesign
  /// The noise on what is left; nil for none.
  public var noise: NoiseSpecification?
  /// The variables; nil for all that share a grid.
  public var variables: [String]?
  /// What tells land from sea, for masks that need it.
  public var landMask: LandMask?
  /// Where mask and noise come from.
  public var seed: UInt64

  public init(
    mask: AnyMeasurementDesign, noise: NoiseSpecification? = nil, variables: [String]? = nil, landMask: LandMask? = nil,
    seed: UInt64 = 0
  ) {
    self.mask = mask
    self.noise = noise
    self.variables = variables
    self.landMask = landMask
    self.seed = seed
  }

  /// What was done, for people and programs.
  public struct Summary: Sendable, Codable {
    /// The number of fields.
    public var fieldCount: Int
    /// The noise's mean standard deviation in each variable, in its units.
    public var noise: [String: Double]
    /// The same over the variable's own standard deviation in the file's first field.
    public var standardisedNoise: [String: Double]
  }

  /// Degrades every field of the file at `input` into `output`; `<name>_noise` says how large the noise is.
  public func run(input: String, output: String, overwrite: Bool, history: String) throws -> Summary {
    try WholeFile.checkIsFree(output, overwrite: overwrite)
    let file = try GriddedFile(path: input, variables: variables)
    let channels = file.variables.count
    let land = try landMask?.share(on: file.domain)
    let deviations = try noise.map { level in
      try level.deviations(vertexCount: file.domain.vertexCount, variables: file.variables) { name in
        try GriddedFile(path: input, variables: [name]).read([0]).values.scalars
      }
    }
    let source = DegradedSource(
      file, mask: mask, inputs: MeasurementInputs(on: file.domain, landShare: land), noise: deviations,
      seed: RandomStream(seed: seed).split("degrade"))
    let companions = (deviations == nil ? [] : file.variables).enumerated().map { channel, variable in
      let own = stride(from: channel, to: deviations?.count ?? 0, by: channels).map { deviations?[$0] ?? 0 }
      return CompanionVariable(
        name: "\(variable.name)_noise", units: variable.units,
        longName: "standard deviation of the noise of \(variable.longName ?? variable.name)"
      ) { _ in own }
    }
    try FieldFile.write(
      source, to: output, overwrite: overwrite, like: file, companions: companions,
      description: FieldFileDescription(
        history: history,
        attributes: ["sextant_mask": mask.description, "sextant_noise": noise?.description ?? "none"]))
    return try summary(file, deviations)
  }

  /// What was done to the fields of a source.
  func summary(_ file: any SignalSource, _ deviations: [Float]?) throws -> Summary {
    var summary = Summary(fieldCount: file.count, noise: [:], standardisedNoise: [:])
    guard let deviations else { return summary }
    let first = try file.read([0])[0]
    let channels = file.variables.count
    first.values.withUnsafeScalars { values in
      for (channel, variable) in file.variables.enumerated() {
        let own = stride(from: channel, to: values.count, by: channels)
        let level = own.reduce(0.0) { $0 + Double(deviations[$1]) } / Double(max(1, file.domain.vertexCount))
        let valid = own.filter { first.isValid[$0] }.map { Double(values[$0]) }
        let mean = valid.reduce(0, +) / Double(max(1, valid.count))
        let variance = valid.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, valid.count))
        summary.noise[variable.name] = level
        if variance > 0 { summary.standardisedNoise[variable.name] = level / variance.squareRoot() }
      }
    }
    return summary
  }
}
