// Pairs from fields that are measurements themselves, of which nobody knows the truth: a part of a field's measured values is the
// input, and the target is another measurement of the same field whose noise is independent of the input's.
//
// Where a measured value is not in the input, it is such a target as it is. A value y = x + n of the input is seen in two views, whose
// inputs differ from y by small steps along a sign s = ±1 at each entry (RiskEstimate). The usual steps are ±a·σ: with the target y − σ·s/a
// of the first, the errors n + a·σ·s and n − σ·s/a are uncorrelated, so that whatever is learned from the target is learned of x (Pang and
// others, "Recorrupted-to-recorrupted", 2021). Both views are learned from together; only y and s are kept, from which MeasuredLoss makes
// what they learn. It assumes that the noise of different values is independent and that its size is right.

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
  ///   - number: the number of the simulated measurement.
  /// - Returns: none where nothing of the field was measured.
  /// - Throws: ``RunError/invalid(_:)`` where what is measured in the pairs is no mask, and what the mask throws.
  func views(ofMeasured field: Signal, noise own: [Float], number: Int) throws -> [PairView] {
    let random = RandomStream(seed: seed).split("pairs").split(number)
    var (maskStream, noiseStream, signStream) = (random.split("mask"), random.split("noise"), random.split("signs"))
    guard field.isValid.contains(true) else { return [] }
    let design = masks[number / max(2, foldCount) % masks.count]
    let operation = try design.draw(
      in: MeasurementContext(domain: field.domain, isValid: field.isValid, inputs: inputs), using: &maskStream)
    guard let drawn = operation.selectedEntries else {
      throw RunError.invalid(
        "flow.masks: '\(design)' is not a mask, and a flow that is learned from measurements (archive.measured) can be learned for masks alone. Use a mask such as random:0.3, or none.")
    }
    let chosen = drawn.filter { field.isValid[$0] }
    // A mask that hides all that was measured teaches nothing; with everything as input there is still the noise.
    let entries = chosen.isEmpty ? field.isValid.indices.filter { field.isValid[$0] } : chosen
    let (values, channels) = (field.values.scalars, field.variables.count)
    let white: Tensor<Float> = noiseStream.normals([values.count])
    let signs = (0..<values.count).map { _ -> Float in signStream.next() & 1 == 0 ? 1 : -1 }
    // The input has the noise of the pairs, or its own where that is larger.
    let levels = entries.map { max(noise[$0 % channels], own[$0]) }
    let noisy = zip(entries, levels).map { entry, level in
      values[entry] + max(0, level * level - own[entry] * own[entry]).squareRoot() * white.scalars[entry]
    }
    return estimate.steps.map { step in
      var target = PairTarget(measured: field, noise: own)
      var input = noisy
      for (row, entry) in entries.enumerated() {
        input[row] += Float(step) * signs[entry] * levels[row]
        // An exact value is its own target.
        guard own[entry] > 0 else { continue }
        target.values[entry] = noisy[row]
        target.variances[entry] = levels[row] * levels[row]
        target.signs[entry] = signs[entry]
      }
      return PairView(
        measurement: FieldMeasurement(
          values: input, noise: levels.map { $0 * Float(estimate.viewVariance.squareRoot()) },
          operation: SelectionOperator(inputCount: values.count, indices: entries), label: field.label),
        target: target)
    }
  }
}
