// Pairs from fields that are measurements themselves, of which nobody knows the truth: a part of a field's measured values is the
// input, and the target is another measurement of the same field whose noise is independent of the input's.
//
// Where a measured value is not in the input, it is such a target as it is. A value y = x + n of the input is seen in two views, whose
// inputs differ from y by small steps along a sign s = ±1 at each entry (RiskEstimate). The usual steps are ±a·σ: with the target y − σ·s/a
// of the first, the errors n + a·σ·s and n − σ·s/a are uncorrelated, so that whatever is learned from the target is learned of x (Pang and
// others, "Recorrupted-to-recorrupted", 2021). Both views are learned from together; only y and s are kept, from which MeasuredLoss makes
// what they learn. It assumes that the noise of different values is independent and that its size is right.
//
// Values whose noise has a law, such as counts, are split into two that are independent (Recorruption): one is the input, and the other its
// target, which has a noise of its own as values have that are not in the input. The two views are two such splits. The variances are those
// at the mean of the input and of the inputs around it, which knows nothing of the target's noise.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals
import SextantSolvers

/// What a pair learns towards: the truth, or measured values with noise of their own.
struct PairTarget: Sendable {
  /// V·C, in the variables' units.
  var values: [Float]
  /// The variance of the noise of each (V·C); 0 for the truth.
  var variances: [Float]
  /// s of each value that is in the input itself, along which its views differ (V·C); 0 for the others.
  var signs: [Float]
  /// Whether there is a target at each entry (V·C).
  var isKnown: [Bool]

  /// The truth of a field.
  init(truth field: Signal) {
    (values, isKnown) = (field.values.scalars, field.isValid)
    variances = [Float](repeating: 0, count: values.count)
    signs = variances
  }

  /// Measured values with the standard deviation of the noise of each (V·C).
  init(measured field: Signal, noise: [Float]) {
    (values, isKnown) = (field.values.scalars, field.isValid)
    variances = noise.map { $0 * $0 }
    signs = [Float](repeating: 0, count: values.count)
  }
}

/// One input with its target.
struct PairView: Sendable {
  var measurement: FieldMeasurement
  var target: PairTarget
}

extension TrainingPairs {
  /// The pairs that a field gives: one of a field that is known, and two of a field that is a measurement.
  static func viewCount(isMeasured: Bool) -> Int { isMeasured ? 2 : 1 }

  /// The pairs of a field that is a measurement.
  ///
  /// - Parameters:
  ///   - field: the measured field.
  ///   - own: the standard deviation of the noise of its values (V·C).
  ///   - dependent: the noise of it that has a law; nil for none.
  ///   - number: the number of the simulated measurement.
  /// - Returns: none where nothing of the field was measured.
  /// - Throws: ``RunError/invalid(_:)`` where what is measured in the pairs is no mask, and what the mask throws.
  func views(
    ofMeasured field: Signal, noise own: [Float], dependent: SignalDependentNoise? = nil, number: Int
  ) throws -> [PairView] {
    let random = RandomStream(seed: seed).split("pairs").split(number)
    var (maskStream, noiseStream, signStream) = (random.split("mask"), random.split("noise"), random.split("signs"))
    guard field.isValid.contains(true) else { return [] }
    let design = masks[number / max(2, foldCount) % masks.count]
    let operation = try design.draw(
      in: MeasurementContext(domain: field.domain, isValid: field.isValid, inputs: inputs), using: &maskStream)
    guard let drawn = operation.selectedEntries else { throw Self.refusal(of: design) }
    let chosen = drawn.filter { field.isValid[$0] }
    // A mask that hides all that was measured teaches nothing; with everything as input there is still the noise.
    let entries = chosen.isEmpty ? field.isValid.indices.filter { field.isValid[$0] } : chosen
    let (values, channels) = (field.values.scalars, field.variables.count)
    let white: Tensor<Float> = noiseStream.normals([values.count])
    let signs = (0..<values.count).map { _ -> Float in signStream.next() & 1 == 0 ? 1 : -1 }
    let splits = try dependent?.laws.map { law in try law.map { try Recorruption(of: $0, share: Self.targetShare) } }
    // The input has the noise of the pairs, or its own where that is larger.
    let levels = entries.map { max(noise[$0 % channels], own[$0]) }
    let noisy = zip(entries, levels).map { entry, level in
      values[entry] + max(0, level * level - own[entry] * own[entry]).squareRoot() * white.scalars[entry]
    }
    return try estimate.steps.enumerated().map { view, step in
      var target = PairTarget(measured: field, noise: own)
      var input = noisy
      var noise = levels.map { $0 * Float(estimate.viewVariance.squareRoot()) }
      for (row, entry) in entries.enumerated() where splits?[entry % channels] == nil {
        input[row] += Float(step) * signs[entry] * levels[row]
        // An exact value is its own target.
        guard own[entry] > 0 else { continue }
        target.values[entry] = noisy[row]
        target.variances[entry] = levels[row] * levels[row]
        target.signs[entry] = signs[entry]
      }
      if let dependent, let splits {
        var stream = random.split("counts").split(view)
        let parts = try split(field, entries, by: splits, dependent: dependent, using: &stream)
        for (row, entry) in entries.enumerated() where splits[entry % channels] != nil {
          // More noise than the split leaves in the input is added as normal noise.
          let deviation = max(self.noise[entry % channels], parts.noise[entry])
          let added = max(0, deviation * deviation - parts.noise[entry] * parts.noise[entry]).squareRoot()
          (input[row], noise[row]) = (parts.values[entry] + added * white.scalars[entry], deviation)
          (target.values[entry], target.variances[entry]) = (parts.targets[entry], parts.variances[entry])
        }
      }
      return PairView(
        measurement: FieldMeasurement(
          values: input, noise: noise,
          operation: SelectionOperator(inputCount: values.count, indices: entries), label: field.label),
        target: target)
    }
  }

  /// What is said of a design that is no mask.
  static func refusal(of design: AnyMeasurementDesign) -> RunError {
    .invalid(
      "flow.masks: '\(design)' is not a mask, and a flow that is learned from measurements (archive.measured) can be learned for masks alone. Use a mask such as random:0.3, or none.")
  }

  /// The share of a value that goes to the target; of few trials, the nearest that there is. The input has a quarter more variance than it
  /// will have in use, and the target five times that of the whole value.
  private static let targetShare = 0.2

  /// Values whose noise has a law as two (V·C each): the inputs with the deviations of their noise, and the targets with their variances.
  /// Numbers at other entries have no meaning.
  private func split(
    _ field: Signal, _ entries: [Int], by splits: [Recorruption?], dependent: SignalDependentNoise,
    using random: inout RandomStream
  ) throws -> (values: [Float], noise: [Float], targets: [Float], variances: [Float]) {
    var (values, targets) = (field.values.scalars, field.values.scalars)
    var isInput = [Bool](repeating: false, count: values.count)
    for entry in entries {
      guard let split = splits[entry % splits.count] else { continue }
      let pair = try split.pair(of: Double(values[entry]), using: &random)
      (values[entry], targets[entry], isInput[entry]) = (Float(pair.first), Float(pair.second), true)
    }
    // Of the whole values, which the parts divide.
    let whole = dependent.deviations([Float](repeating: 0, count: values.count), at: values, isValid: isInput)
    let shares = splits.map { Float($0?.share ?? Self.targetShare) }
    var (noise, variances) = (whole, whole)
    for entry in whole.indices {
      let share = shares[entry % shares.count]
      noise[entry] = whole[entry] / (1 - share).squareRoot()
      variances[entry] = whole[entry] * whole[entry] / share
    }
    return (values, noise, targets, variances)
  }
}
