// Pseudo-measurements: Gaussian approximations to the likelihood of a measurement, in transformed units. There are two
// kinds, and the operator determines which is used.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// A Gaussian approximation to the likelihood of a measurement, in transformed units.
protocol PseudoMeasurement {
  /// The measurement for a Gaussian solver.
  var measurement: FieldMeasurement { get }
  /// The measurement for a solver without uncertainty, which fits every value exactly.
  var bestGuess: FieldMeasurement { get }
  /// Improves the approximation about a posterior (mean and spread, V·C each, in transformed units).
  ///
  /// - Returns: the largest change of the posterior mean since the last iteration, in units of each channel's scale.
  mutating func improve(mean: [Float], spread: [Float]) -> Double
}

/// Makes the pseudo-measurements for measurements by one operator.
struct PseudoMeasurementSource: Sendable {
  /// Whether any measured variable is transformed; if not, measurements are used as they are.
  let isTransformed: Bool
  private let kind: Kind
  private let transforms: [MarginalTransform]

  private enum Kind: Sendable {
    /// An operator that selects entries: the entries.
    case sites([Int])
    /// An operator that mixes entries: its matrix.
    case tangent(SparseMatrix)
  }

  /// - Throws: `MeasurementError.operatorNotSupported` for an operator without a matrix that is too
  ///   large for one, where something is transformed.
  init(_ model: MeasurementModel, transforms: [MarginalTransform]) throws {
    self.transforms = transforms
    let channels = transforms.count
    if let entries = model.operation.selectedEntries {
      kind = .sites(entries)
      isTransformed = entries.contains { !transforms[$0 % channels].isIdentity }
    } else if transforms.allSatisfy(\.isIdentity) {
      kind = .sites([])
      isTransformed = false
    } else {
      let matrix = try model.operation.materialised(for: "A Gaussian method on transformed variables")
      guard !matrix.columns.contains(where: { transforms[Int($0) % channels].kind == .censored }) else {
        throw MeasurementError.operatorNotSupported(
          method: "A Gaussian method on censored variables", form: model.operation.form.kind,
          reason: "each measured value must be one entry of the field, because a value on a bound has no tangent",
          hint: "Fill on the grid of the input, or use a transform of kind normal-score.")
      }
      kind = .tangent(matrix)
      isTransformed = matrix.columns.contains { !transforms[Int($0) % channels].isIdentity }
    }
  }

  /// The first approximation to a measurement.
  ///
  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), in transformed units; NaN outside the domain.
  ///   - scales: the standard deviation of each channel (C), in transformed units.
  func pseudoMeasurement(
    of measurement: FieldMeasurement, centre: [Float], scales: [Float], approximation: LikelihoodApproximation
  ) -> any PseudoMeasurement {
    switch kind {
    case _ where !isTransformed: PlainMeasurement(measurement: measurement)
    case .sites(let entries):
      ExpectationPropagationSites(
        measurement, entries: entries, transforms: transforms, centre: centre, scales: scales,
        approximation: approximation)
    case .tangent(let matrix):
      LinearizedMeasurement(measurement, matrix: matrix, transforms: transforms, centre: centre, scales: scales)
    }
  }
}

/// A measurement of variables that are not transformed.
private struct PlainMeasurement: PseudoMeasurement {
  let measurement: FieldMeasurement
  var bestGuess: FieldMeasurement { measurement }
  mutating func improve(mean: [Float], spread: [Float]) -> Double { 0 }
}
