// Whether an answer is one: finite numbers that fit what was measured. A sampler whose steps are too large gives an image
// that is black, or has nothing to do with the measurement; such a run ends as an error and not as a file.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantModels
import SextantSolvers

/// An answer that cannot be used.
public enum AnswerFitError: Error, Equatable, CustomStringConvertible {
  /// Numbers of the answer are not finite.
  case notFinite(method: String, field: String, count: Int, total: Int)
  /// The answer is far from the measured values.
  case misfit(method: String, field: String, deviations: Double)

  public var description: String {
    switch self {
    case .notFinite(let method, let field, let count, let total):
      "'\(method)' gave \(count) of \(total) numbers that are not finite in \(field). Nothing was written. Use smaller or more steps (solvers.\(method)), or another method."
    case .misfit(let method, let field, let deviations):
      "The answer of '\(method)' in \(field) misses the measured values by \(deviations.formatted(.number.precision(.significantDigits(2)))) standard deviations of their noise, and is hardly nearer to them than a constant. Nothing was written. Check the units of the noise and the operator; use smaller or more steps (solvers.\(method)), or another method."
    }
  }
}

extension Posterior {
  /// Throws ``AnswerFitError`` for an answer that is not finite inside the domain, or that is far from the measurement of a
  /// method whose posterior has to be near to it.
  ///
  /// Far is a root-mean-square difference of more than five deviations of the noise that is also more than half of what is left
  /// when each variable is taken for a constant: noise that was stated too small alone is no error.
  ///
  /// - Parameters:
  ///   - isInside: whether each entry belongs to the field (V·C).
  ///   - means: the mean of the measured values of each channel (C).
  func requireSensible(
    _ measurement: FieldMeasurement, by method: Method, field: String, isInside: [Bool], means: [Float]
  ) throws {
    guard method.learnsFromArchive else { return }
    let bad = isInside.indices.count { isInside[$0] && !mean[$0].isFinite }
    guard bad == 0 else {
      throw AnswerFitError.notFinite(method: method.name, field: field, count: bad, total: isInside.count)
    }
    guard method.samplesDiffusion, measurement.count > 0 else { return }
    let channels = means.count
    func misfit(_ values: [Float]) -> Double {
      let predicted = measurement.operation.apply(Tensor(values, shape: [1, values.count])).scalars
      // A value that was cut off fits whatever is larger.
      let rows = predicted.indices.filter { !measurement.isCutOff($0) }
      return rows.reduce(0.0) {
        let difference = Double((measurement.values[$1] - predicted[$1]) / measurement.noise[$1])
        return $0 + difference * difference
      } / Double(max(1, rows.count))
    }
    let own = misfit(zip(mean, isInside).map { $1 ? $0 : 0 })
    let constant = misfit(mean.indices.map { isInside[$0] ? means[$0 % channels] : 0 })
    guard own <= 25 || own <= constant / 4 else {
      throw AnswerFitError.misfit(method: method.name, field: field, deviations: own.squareRoot())
    }
  }
}
