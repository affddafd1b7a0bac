// The terms of a two-scale covariance, and the meaning of their parameters.
//
// All parameters are natural logarithms, so none can leave its range, and have a normal hyper-prior, which determines
// those that a field's few observations cannot. Standard deviations are in units of the standardised state, and ranges
// in radians of chord distance on the unit sphere.

import SextantArrays

/// A parameter of a covariance, and its hyper-prior.
package struct CovarianceParameter: Sendable, Equatable {
  /// The name in output and files, such as "field.log-range".
  package var name: String
  /// The mean of its hyper-prior, at which the search starts.
  package var start: Double
  /// The standard deviation of its hyper-prior.
  package var standardDeviation: Double
  /// Whether `start` is relative to the logarithm of the observation's noise, because variations far below the noise
  /// cannot be observed.
  package var isRelativeToNoise = false
  /// Another parameter that shifts the mean of the hyper-prior, multiplied by a factor.
  package var coupling: Coupling?

  /// The dependence of a hyper-prior's mean on another parameter: archives whose modes need inflation also lack more
  /// small-scale variance.
  package struct Coupling: Sendable, Equatable {
    /// The name of the other parameter.
    package var name: String
    /// The shift of the mean per unit of the other parameter.
    package var factor: Double
  }
}

/// One term of a covariance between states i and j.
package enum CovarianceComponent: Sendable, Equatable {
  /// a²·Φᵢ·Φⱼ: the archive's modes, inflated. Parameter: log a.
  case modes(amplitude: CovarianceParameter)
  /// b²·Φᵢ·Φⱼ·ρ(t): the archive's modes, localised as in ensemble filters. Parameters: log b, log range, then one log
  /// weight for each coordinate.
  case localisedModes(
    amplitude: CovarianceParameter, range: CovarianceParameter, coordinates: [CoordinateWeight],
    smoothness: MaternCorrelation)
  /// sᵢ·sⱼ·ρ(t): a Matérn field whose standard deviation s depends on features, log s = Σ βq·zq. Parameters: log range,
  /// one log weight for each coordinate, β.
  case field(
    range: CovarianceParameter, coordinates: [CoordinateWeight], smoothness: MaternCorrelation,
    standardDeviation: [FeatureCoefficient])

  /// A coordinate in addition to the position: t² = |xᵢ−xⱼ|²/range² + Σ w²·(cᵢ−cⱼ)², which separates land from sea.
  package struct CoordinateWeight: Sendable, Equatable {
    /// The index of the coordinate in the model.
    package var coordinate: Int
    /// log w.
    package var weight: CovarianceParameter
  }

  /// The coefficient β of a feature in the logarithm of a standard deviation.
  package struct FeatureCoefficient: Sendable, Equatable {
    /// The index of the feature in the model.
    package var feature: Int
    /// β.
    package var coefficient: CovarianceParameter
  }

  /// The parameters, in the order of the parameter vector.
  package var parameters: [CovarianceParameter] {
    switch self {
    case .modes(let amplitude): [amplitude]
    case .localisedModes(let amplitude, let range, let coordinates, _):
      [amplitude, range] + coordinates.map(\.weight)
    case .field(let range, let coordinates, _, let standardDeviation):
      [range] + coordinates.map(\.weight) + standardDeviation.map(\.coefficient)
    }
  }
}
