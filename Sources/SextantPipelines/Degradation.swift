// A clean file made into one with gaps and noise: what `sextant degrade` runs, for every format.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals

/// What is done to a clean file.
public struct Degradation: Sendable {
  /// What is missing.
  public var mask: AnyMeasurementDesign
  /// The measurement design that is applied before the mask; nil for none.
  public var operation: AnyMeasurementDesign?
  /// The noise on what is left; nil for none.
  public var noise: NoiseSpecification?
  /// The levels above which values are cut off; nil for none.
  public var saturation: SaturationLevels?
  /// What tells land from sea, for masks that need it.
  public var landMask: LandMask?
  /// Where designs and noise come from.
  public var seed: UInt64

  public init(
    mask: AnyMeasurementDesign, operation: AnyMeasurementDesign? = nil, noise: NoiseSpecification? = nil,
    saturation: SaturationLevels? = nil, landMask: LandMask? = nil, seed: UInt64 = 0
  ) {
    self.saturation = saturation
    self.mask = mask
    self.operation = operation
    self.noise = noise
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
    /// What of the input the output cannot hold.
    public var remarks: [Remark] = []
  }

  /// Degrades every field of a file into `output`, in the format that its name chooses; `<name>_noise` says how large the noise is.
  ///
  /// - Parameters:
  ///   - input: The file of complete signals, and what is read of it.
  ///   - output: The path of the file of measurements.
  ///   - overwrite: Whether an output that is there may be replaced.
  ///   - history: One line of provenance for the output.
  ///   - catalogue: The formats that are known.
  /// - Throws: `RunError`, `MeasurementError`, `SignalFormatError`, and what reading and writing throw.
  public func run(
    _ input: SignalInput, output: String, overwrite: Bool, history: String, catalogue: Catalogue = .standard
  ) throws -> Summary {
    let document = try input.open(for: nil, formats: catalogue.formats)
    let content = SignalContent.measurements(document.count, hasNoise: noise != nil)
    let land = try landMask?.share(on: document.domain, formats: catalogue.formats)
    let levels = try noise.map { try NoiseLevels($0, of: document) }
    let noiseOfField: (@Sendable (Int) throws -> [Float])? = if let levels { { try levels($0) } } else { nil }
    let source = try DegradedSource(
      document, design: operation?.followed(by: mask) ?? mask,
      inputs: MeasurementInputs(on: document.domain, landShare: land, formats: catalogue.formats), noise: noiseOfField,
      detector: Detector(laws: levels?.laws ?? [], saturation: saturation?.levels(of: document.variables) ?? []),
      seed: RandomStream(seed: seed).split("degrade"))
    let isElsewhere = source.domain.fingerprint != document.domain.fingerprint
    let sink = try catalogue.formats.sink(
      OutputRequest(
        path: output, content: content, domain: isElsewhere ? source.domain : nil,
        otherInputs: landMask.map { [$0.file] } ?? []), like: document)
    try sink.checkIsFree(overwrite: overwrite)
    var impossible = ImpossibleValues(source.variables)
    try sink.write(content, description: description(history: history), overwrite: overwrite) { writer in
      for index in 0..<document.count {
        let measured = try source.read([index])[0]
        impossible.count(measured)
        var record = FieldRecord(measured)
        record.noise = try levels.map {
          $0.deviations(try source.levels(of: $0(index), count: record.values.count), at: record.values)
        }
        try writer.write(record, at: index)
      }
    }
    var summary = try summary(document, try levels.map { try $0(0, at: document.read([0])[0].values.scalars) })
    summary.remarks = sink.remarks + (levels == nil ? [] : impossible.remarks)
    if levels?.laws.contains(where: { $0 != nil }) == true {
      summary.remarks.append(
        Remark(
          .note, "counting-noise",
          "The noise depends on the clean values. That in the output is the noise at the measured values; give `sextant impute` the same --noise \(noise?.description ?? ""), which finds it from the answer."))
    }
    return summary
  }

  private func description(history: String) -> OutputDescription {
    var attributes = [
      "sextant_version": ProgramVersion.current, "sextant_seed": "\(seed)", "sextant_mask": mask.description,
      "sextant_noise": noise?.description ?? "none",
    ]
    if let operation { attributes["sextant_operator"] = operation.description }
    if let saturation { attributes["sextant_saturation"] = saturation.description }
    return OutputDescription(history: history, attributes: attributes)
  }

  /// What was done to the fields of a source, by the noise of its first field.
  private func summary(_ source: any SignalSource, _ deviations: [Float]?) throws -> Summary {
    var summary = Summary(fieldCount: source.count, noise: [:], standardisedNoise: [:])
    guard let deviations else { return summary }
    let first = try source.read([0])[0]
    let channels = source.variables.count
    first.values.withUnsafeScalars { values in
      for (channel, variable) in source.variables.enumerated() {
        let own = stride(from: channel, to: values.count, by: channels)
        let level = own.reduce(0.0) { $0 + Double(deviations[$1]) } / Double(max(1, source.domain.vertexCount))
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

/// Values that noise has moved to where their variables cannot have any, such as rain below zero. A real instrument does not
/// report them, and who tries a method on such a file must know.
private struct ImpossibleValues {
  private let variables: [Variable]
  private let ranges: [PhysicalRange?]
  /// Values that are impossible, and all values (C each).
  private var counts: [(impossible: Int, all: Int)]

  init(_ variables: [Variable]) {
    self.variables = variables
    ranges = variables.map { PhysicalRange(of: $0) }
    counts = variables.map { _ in (0, 0) }
  }

  mutating func count(_ field: Signal) {
    let channels = variables.count
    field.values.withUnsafeScalars { values in
      for entry in field.isValid.indices where field.isValid[entry] {
        let channel = entry % channels
        counts[channel].all += 1
        if ranges[channel]?.excludes(Double(values[entry]), noise: 0) == true { counts[channel].impossible += 1 }
      }
    }
  }

  var remarks: [Remark] {
    variables.indices.compactMap { channel in
      guard let range = ranges[channel], counts[channel].impossible > 0 else { return nil }
      return Remark(
        .warning, "impossible-values",
        "\(variables[channel].name): the noise moved \(counts[channel].impossible) of \(counts[channel].all) values to where they are \(range.meaning). They were written as they are, because a cut would not be Gaussian noise; use less noise, or leave them out by --missing.")
    }
  }
}
