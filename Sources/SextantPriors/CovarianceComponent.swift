// The terms that a two-scale covariance is the sum of, and what their parameters mean.
//
// All parameters are natural logarithms, so that none can leave its range, with a normal hyper-prior
// that holds those which a field's few observations cannot determine. Units: standard deviations in
// units of the standardised state, ranges in radians of chord distance on the unit sphere.

import SextantArrays

/// One parameter of a covariance and what is believed of it before seeing a field.
public struct CovarianceParameter: Sendable, Equatable, Codable {
  /// A name for people and files, such as "field.log-range".
  public var name: String
  /// The mean of its hyper-prior, where the search starts.
  public var start: Double
  /// The standard deviation of its hyper-prior.
  public var deviation: Double
  /// Whether `start` counts from the logarithm of the observation's noise: what lies far below the noise cannot be seen.
  public var isRelativeToNoise: Bool
  /// Another parameter that moves the mean of the hyper-prior along, by a factor.
  public var coupling: Coupling?

  /// "What needs inflated modes also lacks more": the hyper-prior of one parameter leans on another.
  public struct Coupling: Sendable, Equatable, Codable {
    /// The name of the other parameter.
    public var name: String
    /// How far the mean moves for each unit of the other.
    public var factor: Double

    public init(name: String, factor: Double) {
      self.name = name
      self.factor = factor
    }
  }

  public init(
    name: String, start: Double, deviation: Double, isRelativeToNoise: Bool = false, coupling: Coupling? = nil
  ) {
    self.name = name
    self.start = start
    self.deviation = deviation
    self.isRelativeToNoise = isRelativeToNoise
    self.coupling = coupling
  }
}

/// One term of a covariance between states i and j.
public enum CovarianceComponent: Sendable, Equatable {
  /// a²·Φᵢ·Φⱼ: the archive's modes, inflated. Parameter: log a.
  case modes(amplitude: CovarianceParameter)
  /// b²·Φᵢ·Φⱼ·ρ(t): the archive's modes with far correlations cut off, as ensemble filters do. Parameters: log b, log range, then one log weight for each coordinate.
  case localisedModes(
    amplitude: CovarianceParameter, range: CovarianceParameter, coordinates: [CoordinateWeight],
    smoothness: MaternCorrelation)
  /// sᵢ·sⱼ·ρ(t): a Matérn field whose standard deviation s follows features, log s = Σ βq·zq. Parameters: log range, one log weight for each coordinate, β.
  case field(
    range: CovarianceParameter, coordinates: [CoordinateWeight], smoothness: MaternCorrelation,
    deviation: [FeatureCoefficient])

  /// A coordinate beside the position: t² = |xᵢ−xⱼ|²/range² + Σ w²·(cᵢ−cⱼ)², so that land and sea can part.
  public struct CoordinateWeight: Sendable, Equatable {
    /// Which of the model's coordinates.
    public var coordinate: Int
    /// log w.
    public var weight: CovarianceParameter

    public init(coordinate: Int, weight: CovarianceParameter) {
      self.coordinate = coordinate
      self.weight = weight
    }
  }

  /// The coefficient β of a feature in the logarithm of a standard deviation.
  public struct FeatureCoefficient: Sendable, Equatable {
    /// Which of the model's features.
    public var feature: Int
    /// β.
    public var coefficient: CovarianceParameter

    public init(feature: Int, coefficient: CovarianceParameter) {
      self.feature = feature
      self.coefficient = coefficient
    }
  }

  /// The parameters in the order of the parameter vector.
  public var parameters: [CovarianceParameter] {
    switch self {
    case .modes(let amplitude): [amplitude]
    case .localisedModes(let amplitude, let range, let coordinates, _):
      [amplitude, range] + coordinates.map(\.weight)
    case .field(let range, let coordinates, _, let deviation):
      [range] + coordinates.map(\.weight) + deviation.map(\.coefficient)
    }
  }
}
