// Whether the noise that was stated of an archive of measurements can be that of its values: it varies them by its own standard
// deviation at least, so that values which vary less have another noise. Not here: whether it is independent, see NoiseIndependence.

import Foundation
import SextantArrays
import SextantModels
import SextantPriors
import SextantSignals

/// The size of stated noise beside that of the values.
enum NoiseSize {
  /// The largest number of fields that are looked at.
  private static let fieldLimit = 100
  /// The number of sampling errors of a variance by which the noise is larger before anything is said.
  private static let samplingErrors = 4.0

  /// The sums over the values of a variable, taken from the first of them.
  private struct Sums {
    var first: Double?
    var (count, sum, squares, noise) = (0.0, 0.0, 0.0, 0.0)

    mutating func add(_ value: Float, noise level: Float) {
      let origin = first ?? Double(value)
      first = origin
      let difference = Double(value) - origin
      count += 1
      sum += difference
      squares += difference * difference
      noise += Double(level) * Double(level)
    }

    /// The variance of the values, and the mean variance of their noise; nil for fewer than two values.
    var variances: (values: Double, noise: Double)? {
      guard count >= 2 else { return nil }
      let mean = sum / count
      return (max(0, squares / count - mean * mean), noise / count)
    }
  }

  /// What is to be said of noise that is larger than the variation of the values.
  ///
  /// - Parameters:
  ///   - noise: that of the values.
  ///   - source: the fields in the units of the prior. Variables with transforms are not looked at.
  ///   - indices: fields that are no moved copies of others.
  ///   - channels: the variables whose noise was stated.
  /// - Throws: what reading throws.
  static func remarks(
    on noise: MeasuredNoise, of source: TransformedSource, indices: [Int], channels: [Int]
  ) throws -> [Remark] {
    let variables = source.variables
    let known = channels.filter { source.transforms[$0].isIdentity }
    guard !known.isEmpty else { return [] }
    // Transformed fields are not those that were measured.
    let isMeasured = source.transforms.allSatisfy(\.isIdentity)
    var sums = [Sums](repeating: Sums(), count: variables.count)
    let number = min(fieldLimit, indices.count)
    for place in 0..<number {
      let index = indices[place * indices.count / number]
      let field = try source.read([index])[0]
      let levels = try isMeasured ? noise(index, of: field) : noise(index, isValid: field.isValid)
      let values = field.values.scalars
      for entry in field.isValid.indices where field.isValid[entry] {
        sums[entry % variables.count].add(values[entry], noise: levels[entry])
      }
    }
    return known.compactMap { channel in
      guard let found = sums[channel].variances,
        found.noise > found.values * (1 + samplingErrors * (2 / sums[channel].count).squareRoot())
      else { return nil }
      let units = variables[channel].unitsAfterNumber
      return Remark(
        .warning, "large-noise",
        String(
          format:
            "The noise of %@ was stated as %.3g%@, and its measured values have a standard deviation of %.3g%@ alone: such noise leaves no room for a signal, and the model knows little but the mean. Check the number and the units of archive.measured.noise.",
          variables[channel].name, found.noise.squareRoot(), units, found.values.squareRoot(), units),
        variable: variables[channel].name)
    }
  }
}
