// Gaussian stand-ins for measurements, in transformed units: what both kinds share, and which kind serves an operator.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// A Gaussian stand-in, in transformed units, for a measurement.
protocol PseudoMeasurement {
  /// What a Gaussian solver is given.
  var measurement: FieldMeasurement { get }
  /// What a solver that believes every value is given.
  var bestGuess: FieldMeasurement { get }
  /// Brings the stand-in nearer to the measurement about a posterior (V·C each, transformed units).
  ///
  /// - Returns: by how much that posterior's mean moved since the last turn, at most, in units of each channel's scale.
  mutating func improve(mean: [Float], spread: [Float]) -> Double
}

/// The stand-ins for measurements by one operator.
struct PseudoMeasurementSource: Sendable {
  /// Whether anything that is measured is transformed; otherwise a measurement is its own stand-in.
  let isTransformed: Bool
  private let kind: Kind
  private let transforms: [MarginalTransform]

  private enum Kind: Sendable {
    /// The entries that are measured one by one.
    case sites([Int])
    /// The matrix of an operator that mixes entries.
    case tangent(SparseMatrix)
  }

  /// - Throws: ``MeasurementError/operatorNotSupported(method:form:reason:hint:)`` for an operator without a matrix that is too
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
      kind = .tangent(matrix)
      isTransformed = matrix.columns.contains { !transforms[Int($0) % channels].isIdentity }
    }
  }

  /// The first stand-in for a measurement.
  ///
  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), transformed; not a number outside the domain.
  ///   - scales: the standard deviation of each channel (C), transformed.
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

/// A measurement of which nothing is transformed.
private struct PlainMeasurement: PseudoMeasurement {
  let measurement: FieldMeasurement
  var bestGuess: FieldMeasurement { measurement }
  mutating func improve(mean: [Float], spread: [Float]) -> Double { 0 }
}
