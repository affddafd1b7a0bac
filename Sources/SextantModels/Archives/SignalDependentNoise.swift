// Noise that has a law, such as that of counts, where nobody knows the clean values that it depends on: its variance at the mean of a
// measured value and of those around it. At the value itself it would be the smaller the more the value lies below the clean one, and low
// values would be trusted more than high ones.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// The noise of the variables of a field that depends on the clean values.
package struct SignalDependentNoise: Sendable {
  /// The law of the noise of each variable (C), in its units; nil where the noise has a stated size.
  package let laws: [NoiseLaw?]
  private let mean: NeighbourMean

  init(_ laws: [NoiseLaw?], around mean: NeighbourMean) { (self.laws, self.mean) = (laws, mean) }

  /// The standard deviations of the noise of a field (V·C), by the laws at the smoothed values.
  ///
  /// - Parameters:
  ///   - levels: the noise that has a stated size (V·C).
  ///   - values: the measured values (V·C).
  ///   - isValid: which of them are there (V·C).
  package func deviations(_ levels: [Float], at values: [Float], isValid: [Bool]) -> [Float] {
    let channels = laws.count
    var result = levels
    for (channel, law) in laws.enumerated() {
      guard let law else { continue }
      let entries = stride(from: channel, to: values.count, by: channels)
      let smoothed = mean(entries.map { Double(values[$0]) }, isValid: entries.map { isValid[$0] })
      for (vertex, entry) in entries.enumerated() {
        result[entry] = Float(smoothed[vertex].isFinite ? law.deviation(at: smoothed[vertex]) : law.darkDeviation)
      }
    }
    return result
  }

  /// Throws ``RunError/invalid(_:)`` where a measured value is none that its law gives.
  ///
  /// - Parameters:
  ///   - field: what the values are of, as text.
  ///   - variables: the variables (C).
  func check(_ values: [Float], isValid: [Bool], field: String, variables: [Variable]) throws {
    for (channel, law) in laws.enumerated() {
      guard let law else { continue }
      for entry in stride(from: channel, to: values.count, by: laws.count) where isValid[entry] {
        guard let expected = law.objection(to: Double(values[entry])) else { continue }
        throw RunError.invalid(
          "\(field): '\(variables[channel].name)' is \(values[entry].formatted()) at vertex \(entry / laws.count + 1), and \(law.words.one) (measured.noise: \(law)) is \(expected). \(law.advice)"
        )
      }
    }
  }
}
