// The fields of an archive of measurements as measurements that solvers take, with a part of the values hidden under a mask that is
// fixed once: what networks learn from, and what they are judged by.

import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// Measurements of an archive's fields.
struct ArchiveMeasurements: Sendable {
  private let archive: TrainingArchive
  private let operation: MeasuredOperator?
  private let space: StateSpace
  /// The stream that hides values; nil hides none.
  private let hiding: RandomStream?
  /// The fields of which a value is seen, by their positions in the archive.
  let positions: [Int]

  /// The share of the values that is hidden.
  static let hiddenShare = 0.1
  /// Noise below this share of a variable's standard deviation counts as this much, because samplers divide by it.
  private static let smallestNoise: Float = 1e-3

  /// The fields of `training` as measurements.
  ///
  /// - Parameter hides: whether a part of the values is hidden.
  /// - Throws: ``RunError/invalid(_:)`` where fewer than four fields have a value, and what reading throws.
  init(_ training: Training, model: Model, hides: Bool, interruption: Interruption) throws {
    let archive = try training.openArchive()
    let operation = try training.archive.measured?.matrix(
      on: model.space.domain, values: archive.source.domain, channels: model.space.channelCount, formats: training.formats)
    let space = try model.requireGaussian().prior.space
    let hiding = hides ? RandomStream(seed: training.seed).split("measured").split("hidden values") : nil
    var found: [Int] = []
    for first in stride(from: 0, to: archive.count, by: archive.copyCount) {
      try interruption.check()
      let copies = first..<first + archive.copyCount
      if try copies.allSatisfy({ try Self.read($0, archive, operation, space, hiding).seen.count > 0 }) { found += copies }
    }
    guard found.count >= 4 else {
      throw RunError.invalid(
        "archive.measured: \(found.count) field\(found.count == 1 ? " has" : "s have") a measured value, and a network needs at least 4 to learn from some and look at others.")
    }
    (self.archive, self.operation, self.space, self.hiding) = (archive, operation, space, hiding)
    positions = found
  }

  /// The labels of these fields.
  var labels: [FieldLabel] { positions.map { archive.source.labels[archive.indices[$0]] } }
  /// The number of fields of which a value is seen.
  var count: Int { positions.count }
  /// How many of them in succession are copies of one field.
  var copyCount: Int { archive.copyCount }

  /// The values of a field that are seen, and those that are hidden.
  ///
  /// - Parameter number: the place of the field in ``positions``.
  func callAsFunction(_ number: Int) throws -> (seen: FieldMeasurement, hidden: FieldMeasurement) {
    try Self.read(positions[number], archive, operation, space, hiding)
  }

  /// The measured field itself.
  func field(_ number: Int) throws -> Signal { try archive.source.read([archive.indices[positions[number]]])[0] }

  /// The values of all fields that are seen, as states. A place that is measured more than once has the mean of its values, by precision.
  ///
  /// Throws what reading throws; the operator must select entries.
  func states(in space: StateSpace) throws -> MaskedStates<Float> {
    let d = space.count
    var (values, variances, mask) = ([Float](), [Float](), [Float]())
    for number in 0..<count {
      let observation = try space.observe(callAsFunction(number).seen)
      var (precisions, sums) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
      for (row, state) in observation.dominantStates.enumerated() {
        precisions[state] += 1 / observation.noiseVariance[row]
        sums[state] += observation.anomalies[row] / observation.noiseVariance[row]
      }
      values += (0..<d).map { precisions[$0] > 0 ? Float(sums[$0] / precisions[$0]) : 0 }
      variances += precisions.map { $0 > 0 ? Float(1 / $0) : 0 }
      mask += precisions.map { $0 > 0 ? 1 : 0 }
    }
    let shape = [count, d]
    return MaskedStates(
      values: Tensor(values, shape: shape), variances: Tensor(variances, shape: shape), isMeasured: Tensor(mask, shape: shape))
  }

  /// The archive without the values that are hidden; its values have to be those of the fields.
  var seenArchive: TrainingArchive {
    TrainingArchive(
      SeenSource(archive: archive, space: space, hiding: hiding), indices: archive.indices, noise: archive.noise,
      measured: archive.measured, copyCount: archive.copyCount)
  }

  /// Which of the values at some entries of a field are hidden. Copies of a field hide the same values, in their moved places.
  fileprivate static func hides(
    _ entries: [Int], at position: Int, of archive: TrainingArchive, by hiding: RandomStream?
  ) -> [Bool] {
    guard let hiding else { return [Bool](repeating: false, count: entries.count) }
    guard let moved = archive.source as? SymmetricSource else {
      var stream = hiding.split(position)
      return entries.map { _ in stream.uniform() < hiddenShare }
    }
    var stream = hiding.split(position / archive.copyCount)
    let count = moved.domain.vertexCount * moved.variables.count
    let draws = moved.moved((0..<count).map { _ in Float(stream.uniform()) }, asField: archive.indices[position])
    return entries.map { draws[$0] < Float(hiddenShare) }
  }

  private static func read(
    _ position: Int, _ archive: TrainingArchive, _ operation: MeasuredOperator?, _ space: StateSpace, _ hiding: RandomStream?
  ) throws -> (seen: FieldMeasurement, hidden: FieldMeasurement) {
    let index = archive.indices[position]
    let field = try archive.source.read([index])[0]
    let levels = try archive.measured?(index, of: field) ?? archive.noise
    let values = field.values.scalars
    let channels = space.layout.channelCount
    // The entry of each value, and the place of the value among what the operator gives.
    let places = operation?.outputEntries.indices ?? Array(field.isValid.indices)
    let rows = places.indices.filter {
      field.isValid[places[$0]] && (operation != nil || space.layout.stateOfEntry[places[$0]] >= 0)
    }
    let isHidden = hides(rows.map { places[$0] }, at: position, of: archive, by: hiding)
    func part(hidden: Bool) -> FieldMeasurement {
      let kept = zip(rows, isHidden).filter { $0.1 == hidden }.map(\.0)
      let selection = SelectionOperator(inputCount: operation?.outputCount ?? places.count, indices: kept)
      return FieldMeasurement(
        values: kept.map { values[places[$0]] },
        noise: kept.map { max(levels[places[$0]], smallestNoise * space.scales[places[$0] % channels]) },
        operation: operation.map { selection.composed(after: $0) } ?? selection, label: field.label)
    }
    return (part(hidden: false), part(hidden: true))
  }
}

/// Measured fields without the values that are hidden.
private struct SeenSource: SignalSource {
  private let archive: TrainingArchive
  private let space: StateSpace
  private let hiding: RandomStream?
  /// The position of each field of the source in the archive.
  private let positions: [Int: Int]

  var domain: any Domain { archive.source.domain }
  var variables: [Variable] { archive.source.variables }
  var labels: [FieldLabel] { archive.source.labels }

  init(archive: TrainingArchive, space: StateSpace, hiding: RandomStream?) {
    (self.archive, self.space, self.hiding) = (archive, space, hiding)
    positions = Dictionary(archive.indices.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func read(_ indices: [Int]) throws -> SignalSet {
    var fields = try archive.source.read(indices)
    let size = domain.vertexCount * variables.count
    for (slot, index) in indices.enumerated() {
      guard let position = positions[index] else { continue }
      let entries = (0..<size).filter { fields.isValid[slot * size + $0] && space.layout.stateOfEntry[$0] >= 0 }
      let isHidden = ArchiveMeasurements.hides(entries, at: position, of: archive, by: hiding)
      for (entry, isHidden) in zip(entries, isHidden) where isHidden { fields.isValid[slot * size + entry] = false }
    }
    return fields
  }
}

extension StateSpace {
  /// Samples (K×V·C) in the variables' units as states (K×d).
  func states(of samples: Tensor<Float>, label: FieldLabel, on space: FieldSpace) -> Tensor<Float> {
    let values = samples.reshaped(to: [samples.rowCount, space.domain.vertexCount, space.variables.count])
    return anomalies(
      of: SignalSet(
        domain: space.domain, variables: space.variables, values: values, isValid: [Bool](repeating: true, count: values.count),
        labels: [FieldLabel](repeating: label, count: samples.rowCount)))
  }
}
