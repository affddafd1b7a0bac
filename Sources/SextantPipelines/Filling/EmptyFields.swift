// A field of a series without any observed value need not stop the series.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers

/// What becomes of a field without any observed value.
public enum EmptyFields: String, Sendable, Encodable, CaseIterable {
  /// It is filled from what the model knows without it; without a model it stays missing.
  case prior
  /// It stays missing.
  case missing
  /// It is an error.
  case fail
}

extension Model {
  /// A measurement that says nothing: the climatology at one place, with noise a million times the variability of the variable.
  /// The posterior given it is the prior, by every method that uses noise. Nil without a Gaussian prior.
  func emptyMeasurement(_ label: FieldLabel) -> FieldMeasurement? {
    guard let gaussian, let entry = space.isInside.firstIndex(of: true) else { return nil }
    let prior = gaussian.prior.space
    let state = Int(prior.layout.stateOfEntry[entry])
    guard state >= 0 else { return nil }
    let channel = entry % space.channelCount
    let deviation = gaussian.typicalStandardDeviation(ofChannel: channel, transform: space.transforms[channel])
    let centre = Double(prior.climatology.mean(for: label)[state])
    return FieldMeasurement(
      values: [Float(space.transforms[channel].value(at: centre))], noise: [Float(1e6 * deviation)],
      operation: SelectionOperator(inputCount: space.isInside.count, indices: [entry]), label: label)
  }
}
