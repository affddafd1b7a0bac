// A Gaussian prior given by its covariance function: a sum of components over the states.
//
// It uses dense blocks only and is meant for a few thousand observed states, for which one Cholesky factor of the
// observed block takes milliseconds. The sparse model serves large domains.

import SextantArrays

/// The covariance between states as a function of a parameter vector.
package struct CovarianceModel: Sendable {
  /// The terms of the sum.
  package let components: [CovarianceComponent]
  /// The archive's modes, each multiplied by its standard deviation (k×d), in standardised units.
  package let modes: Tensor<Double>
  /// The position of each state on the unit sphere (d).
  package let positions: [SIMD3<Double>]
  /// Coordinates in addition to the position, each with d values, such as the fraction of land.
  package let coordinates: [[Double]]
  /// Features of the standard deviation, each with d values; by convention the first is 1 everywhere.
  package let features: [[Double]]
  /// The channel of each state (d).
  package let channels: [Int32]
  /// The correlation between channels of the local part of the fields (C×C).
  package let channelCorrelation: Tensor<Double>
  /// Whether a subset of observations is chosen by their values, not by the numbers of their states.
  var isIndependentOfNumbering = false

  /// The number of states d.
  package var stateCount: Int { positions.count }

  /// All parameters, in the order of the parameter vector.
  package var parameters: [CovarianceParameter] { components.flatMap(\.parameters) }

  /// The starting point of the search for parameters: the means of the hyper-priors for noise of this standard
  /// deviation (standardised).
  package func start(noise: Double) -> [Double] {
    let parameters = parameters
    var theta = parameters.map { $0.start + ($0.isRelativeToNoise ? exponent(of: noise) : 0) }
    for (p, parameter) in parameters.enumerated() {
      if let coupling = parameter.coupling, let other = parameters.firstIndex(where: { $0.name == coupling.name }) {
        theta[p] += coupling.factor * theta[other]
      }
    }
    return theta
  }

  /// −log of the hyper-prior at `theta`, up to a constant, and its gradient.
  func hyperPrior(at theta: [Double], noise: Double) -> (value: Double, gradient: [Double]) {
    let parameters = parameters
    var value = 0.0
    var gradient = [Double](repeating: 0, count: theta.count)
    for (p, parameter) in parameters.enumerated() {
      var mean = parameter.start + (parameter.isRelativeToNoise ? exponent(of: noise) : 0)
      let coupling = parameter.coupling.flatMap { coupling in
        parameters.firstIndex { $0.name == coupling.name }.map { (index: $0, factor: coupling.factor) }
      }
      if let coupling { mean += coupling.factor * theta[coupling.index] }
      let pull = (theta[p] - mean) / parameter.standardDeviation
      value += 0.5 * pull * pull
      gradient[p] += pull / parameter.standardDeviation
      if let coupling { gradient[coupling.index] -= coupling.factor * pull / parameter.standardDeviation }
    }
    return (value, gradient)
  }

  package init(
    components: [CovarianceComponent], modes: Tensor<Double>, positions: [SIMD3<Double>],
    coordinates: [[Double]], features: [[Double]], channels: [Int32], channelCorrelation: Tensor<Double>
  ) {
    let d = positions.count
    precondition(
      modes.columnCount == d && channels.count == d && coordinates.allSatisfy { $0.count == d }
        && features.allSatisfy { $0.count == d },
      "Modes of shape \(modes.shape), coordinates or features do not fit \(d) states")
    self.components = components
    self.modes = modes
    self.positions = positions
    self.coordinates = coordinates
    self.features = features
    self.channels = channels
    self.channelCorrelation = channelCorrelation
  }

  /// The covariance between the states `rows` and the states `columns` (rows × columns).
  package func block(rows: [Int], columns: [Int], parameters theta: [Double]) -> Tensor<Double> {
    assembledBlock(rows: rows, columns: columns, parameters: theta)
  }

  /// ``block(rows:columns:parameters:)`` in single precision, which takes half the time.
  package func singlePrecisionBlock(rows: [Int], columns: [Int], parameters theta: [Double]) -> Tensor<Float> {
    assembledBlock(rows: rows, columns: columns, parameters: theta)
  }

  /// The covariance of all states (d×d).
  package func covariance(parameters theta: [Double]) -> Tensor<Double> {
    let all = Array(0..<stateCount)
    return block(rows: all, columns: all, parameters: theta)
  }

  /// The lower triangle of the covariance of all states (d×d) without the term a²·Φᵢ·Φⱼ, which is sampled by its
  /// coefficients.
  package func localCovariance(parameters theta: [Double]) -> Tensor<Double> { assembledLocal(theta, 0..<stateCount) }

  /// ``localCovariance(parameters:)`` in single precision, of all states or of some.
  package func singlePrecisionLocalCovariance(parameters theta: [Double], states: Range<Int>? = nil) -> Tensor<Float> {
    assembledLocal(theta, states ?? 0..<stateCount)
  }

  /// a² of the term a²·Φᵢ·Φⱼ; 0 if there is none.
  package func modeAmplitude(parameters theta: [Double]) -> Double {
    terms(theta).reduce(0.0) { sum, term in
      if case .modes(let amplitude) = term { sum + amplitude } else { sum }
    }
  }

  private func assembledBlock<Scalar>(rows: [Int], columns: [Int], parameters theta: [Double]) -> Tensor<Scalar> {
    let kernels = terms(theta).map { PairKernel<Scalar>($0, rows: rows, columns: columns, in: self) }
    var result: Tensor<Scalar> = matrixProduct(
      modes(at: rows, as: Scalar.self), modes(at: columns, as: Scalar.self), transposingFirst: true)
    PairKernel.assemble(kernels, in: &result, lowerOnly: false)
    return result
  }

  private func assembledLocal<Scalar>(_ theta: [Double], _ range: Range<Int>) -> Tensor<Scalar> {
    let states = Array(range)
    let terms = terms(theta).filter { if case .modes = $0 { false } else { true } }
    let kernels = terms.map { PairKernel<Scalar>($0, rows: states, columns: states, in: self) }
    var result = gramMatrix(modes.columns(range).converted(to: Scalar.self), transposeFirst: true, mirroring: false)
    PairKernel.assemble(kernels, in: &result, lowerOnly: true)
    return result
  }

  /// The same covariance with other modes (k×d).
  func replacing(modes: Tensor<Double>) -> CovarianceModel {
    CovarianceModel(
      components: components, modes: modes, positions: positions, coordinates: coordinates, features: features,
      channels: channels, channelCorrelation: channelCorrelation)
  }

  /// The variance of each state (d).
  package func variances(parameters theta: [Double]) -> [Double] {
    let modeVariance = modes.columnSquaredNorms()
    var result = [Double](repeating: 0, count: stateCount)
    for term in terms(theta) {
      switch term {
      case .modes(let amplitude), .localisedModes(let amplitude, _):
        for state in result.indices { result[state] += amplitude * modeVariance[state] }
      case .field(_, let logStandardDeviation):
        let standardDeviations = standardDeviations(logStandardDeviation, at: Array(result.indices))
        for state in result.indices { result[state] += standardDeviations[state] * standardDeviations[state] }
      }
    }
    return result
  }
}
