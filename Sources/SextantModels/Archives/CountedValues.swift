// The noise of values that an instrument counted, where nobody knows the clean values that it depends on: its variance at the mean of a
// measured value and of those around it. At the value itself it would be the smaller the more the value lies below the clean one, and low
// values would be trusted more than high ones.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// Counted variables of a field.
package struct CountedValues: Sendable {
  /// The noise of the variables that are counted (C), in their units; nil for the others.
  package let noise: [CountingNoise?]
  private let mean: NeighbourMean

  init(_ noise: [CountingNoise?], around mean: NeighbourMean) { (self.noise, self.mean) = (noise, mean) }

  /// The standard deviations of the noise of a field (V·C), of what is counted at the smoothed values.
  ///
  /// - Parameters:
  ///   - levels: the noise of what is not counted (V·C).
  ///   - values: the measured values (V·C).
  ///   - isValid: which of them are there (V·C).
  package func deviations(_ levels: [Float], at values: [Float], isValid: [Bool]) -> [Float] {
    let channels = noise.count
    var result = levels
    for (channel, own) in noise.enumerated() {
      guard let own else { continue }
      let entries = stride(from: channel, to: values.count, by: channels)
      let smoothed = mean(entries.map { Double(values[$0]) }, isValid: entries.map { isValid[$0] })
      for (vertex, entry) in entries.enumerated() {
        result[entry] = Float(smoothed[vertex].isFinite ? own.deviation(at: smoothed[vertex]) : own.darkDeviation)
      }
    }
    return result
  }

  /// Throws ``RunError/invalid(_:)`` where a measured value is none that was counted. With read noise any number may be measured.
  ///
  /// - Parameters:
  ///   - field: what the values are of, as text.
  ///   - variables: the variables (C).
  func check(_ values: [Float], isValid: [Bool], field: String, variables: [Variable]) throws {
    for (channel, own) in noise.enumerated() {
      guard let own, own.read == 0 else { continue }
      let law = NoiseLaw.poisson(gain: own.gain, offset: own.offset)
      for entry in stride(from: channel, to: values.count, by: noise.count) where isValid[entry] {
        guard let expected = law.objection(to: Double(values[entry])) else { continue }
        throw RunError.invalid(
          "\(field): '\(variables[channel].name)' is \(values[entry].formatted()) at vertex \(entry / noise.count + 1), and a value that was counted (measured.noise: poisson:\(own)) is \(expected). State the gain and the offset as they are; values that were rounded or have other noise besides need it as read noise, such as poisson:\(own.gain.formatted())+0.3\(own.offset == 0 ? "" : "@\(own.offset.formatted())")."
        )
      }
    }
  }
}
