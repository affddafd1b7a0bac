// Pairs from fields that are measurements themselves, of which nobody knows the truth: a part of a field's measured values is the
// input, and the target is another measurement of the same field whose noise is independent of the input's.
//
// Where a measured value is not in the input, it is such a target as it is. A value y = x + n of the input is recorrupted: with
// a sign s = ±1 at each entry and a small number a, the input is y + a·σ·s and the target y − σ·s/a. Their errors, n + a·σ·s and
// n − σ·s/a, are uncorrelated, so that whatever is learned from the target is learned of x (Pang and others, "Recorrupted-to-
// recorrupted", 2021). Each field gives two pairs, of s and of −s: their sum is Stein's unbiased estimate of the risk with the
// divergence by differences (Ramani and others 2008), whose variance stays small as a does. It is exact for a posterior mean that is
// linear, and right up to a²·σ² times its third derivative for others. It assumes that the noise of different values is
// independent and that its size is right.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantSignals

/// What a pair learns towards: the truth, or measured values with noise of their own.
struct PairTarget: Sendable {
  /// V·C, in the variables' units.
  var values: [Float]
  /// The variance of the noise of each (V·C); 0 for the truth.
  var variances: [Float]
  /// Whether there is a target at each entry (V·C).
  var isKnown: [Bool]

  /// The truth of a field.
  init(truth field: Signal) {
    (values, isKnown) = (field.values.scalars, field.isValid)
    variances = [Float](repeating: 0, count: values.count)
  }

  init(values: [Float], variances: [Float], isKnown: [Bool]) {
    (self.values, self.variances, self.isKnown) = (values, variances, isKnown)
  }
}

/// One input with its target.
struct PairView: Sendable {
  var measurement: FieldMeasurement
  var target: PairTarget
}

extension TrainingPairs {
  /// a, the part of the noise that the recorruption adds to an input.
  static let recorruption: Float = 0.2

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
    let a = Self.recorruption
    // The input has the noise of the pairs, or its own where that is larger.
    let levels = entries.map { max(noise[$0 % channels], own[$0]) }
    let noisy = zip(entries, levels).map { entry, level in
      values[entry] + max(0, level * level - own[entry] * own[entry]).squareRoot() * white.scalars[entry]
    }
    return [Float(1), -1].map { side in
      var target = PairTarget(
        values: values, variances: own.map { $0 * $0 }, isKnown: field.isValid)
      var input = noisy
      for (row, entry) in entries.enumerated() {
        let step = side * signs[entry] * levels[row]
        input[row] += a * step
        // An exact value is its own target.
        guard own[entry] > 0 else { continue }
        target.values[entry] = noisy[row] - step / a
        target.variances[entry] = levels[row] * levels[row] * (1 + 1 / (a * a))
      }
      return PairView(
        measurement: FieldMeasurement(
          values: input, noise: levels.map { $0 * (1 + a * a).squareRoot() },
          operation: SelectionOperator(inputCount: values.count, indices: entries), label: field.label),
        target: target)
    }
  }
}
