// The exact noise predictor of an empirical Gaussian: modes plus independent variations of different size at each
// value. Noise then leaves no common eigenvectors, so each time needs a small linear system (Woodbury). If the residual
// variance is the same everywhere, GaussianNoisePredictor.swift is faster.

import SextantArrays
import SextantAutodiff

/// ε̂ = s·(α²(FᵀF + R) + s²I)⁻¹·x_t for fields from N(0, FᵀF + R), where R is diagonal.
public struct FactorNoisePredictor<Scalar: TensorScalar>: NoisePredictor {
  /// F (k×D): modes times their standard deviations; they need not be orthogonal.
  public let factor: Tensor<Scalar>
  /// The diagonal of R (D), non-negative.
  public let residualVariances: [Double]
  public let schedule: VariancePreservingSchedule

  /// Throws ``DiffusionError/shapeMismatch(what:expected:found:)`` unless there is one variance for each column of
  /// `factor`, and ``DiffusionError/unusableVariance(_:)`` if one is negative or not finite.
  public init(
    factor: Tensor<Scalar>, residualVariances: [Double], schedule: VariancePreservingSchedule = .standard
  ) throws {
    guard factor.shape.count == 2, factor.columnCount == residualVariances.count else {
      throw DiffusionError.shapeMismatch(
        what: "The modes of a Gaussian", expected: [factor.rowCount, residualVariances.count], found: factor.shape)
    }
    if let unusable = residualVariances.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw DiffusionError.unusableVariance(unusable)
    }
    self.factor = factor
    self.residualVariances = residualVariances
    self.schedule = schedule
  }

  public func predictedNoise(in x: DifferentiableTensor<Scalar>, at times: [Double]) -> DifferentiableTensor<Scalar> {
    let noises = times.map { schedule.noise(at: $0) }
    func scaledSolution(_ rows: Tensor<Scalar>) -> Tensor<Scalar> {
      solving(rows, at: times).scalingSamples(by: noises)
    }
    let value = scaledSolution(x.value.sampleRows).reshaped(to: x.shape)
    return x.tape.record(value, operation: "Gaussian noise prediction", from: [x]) { gradient, cotangents in
      // The prediction is linear in x with a symmetric matrix, so it is its own transpose.
      cotangents.add(scaledSolution(gradient.sampleRows), to: x)
    }
  }

  /// (α²(FᵀF + R) + s²I)⁻¹·r for each sample (B×D).
  private func solving(_ rows: Tensor<Scalar>, at times: [Double]) -> Tensor<Scalar> {
    var result = Tensor<Scalar>(repeating: 0, shape: rows.shape)
    var done = Set<Double>()
    for time in times where done.insert(time).inserted {
      let members = times.indices.filter { times[$0] == time }
      let solution = solving(rows.gatheringRows(members), at: time)
      for (place, member) in members.enumerated() {
        result.replaceRows(from: member, with: solution.rows(place..<place + 1))
      }
    }
    return result
  }

  private func solving(_ rows: Tensor<Scalar>, at time: Double) -> Tensor<Scalar> {
    let (signal, noise) = (schedule.signal(at: time), schedule.noise(at: time))
    return solving(
      rows, by: system(weights: residualVariances.map { Scalar(1 / (signal * signal * $0 + noise * noise)) }, signal: signal))
  }

  /// The linear system of one time.
  struct System: Sendable {
    /// The diagonal of W (d).
    var weights: [Scalar]
    /// (α⁻²I + F·W·Fᵀ)⁻¹ (k×k); nil without modes.
    var inverse: Tensor<Double>?
  }

  /// The system with the weights W, which are (α²R + s²I)⁻¹, or 0 for values that are not looked at.
  func system(weights: [Scalar], signal: Double) -> System {
    guard factor.rowCount > 0 else { return System(weights: weights) }
    var inner = gramMatrix(factor.scalingColumns(by: weights.map { $0.squareRoot() })).converted(to: Double.self)
    for mode in 0..<factor.rowCount { inner[mode, mode] += 1 / (signal * signal) }
    // Positive definite if all modes are finite; otherwise the result is NaN.
    let cholesky = try? CholeskyFactor(inner)
    // By the inverse rather than by triangular solves, whose result for a row would depend on the number of rows.
    return System(weights: weights, inverse: cholesky?.inverse() ?? inner * .nan)
  }

  /// W·r − W·Fᵀ·(α⁻²I + F·W·Fᵀ)⁻¹·F·W·r for each row.
  func solving(_ rows: Tensor<Scalar>, by system: System) -> Tensor<Scalar> {
    let weighted = rows.scalingColumns(by: system.weights)
    guard let inverse = system.inverse else { return weighted }
    let projections = matrixProduct(weighted, factor, transposingSecond: true).converted(to: Double.self)  // B×k
    let coefficients = matrixProduct(projections, inverse).converted(to: Scalar.self)
    return weighted - matrixProduct(coefficients, factor).scalingColumns(by: system.weights)
  }

  /// Draws noise-free fields (N×D), each from its own stream.
  public func samples(using streams: [RandomStream]) -> Tensor<Scalar> {
    let weights = Tensor<Scalar>.normals(streams.map { $0.split("modes") }, shape: [factor.rowCount])
    let rest = Tensor<Scalar>.normals(streams.map { $0.split("rest") }, shape: [residualVariances.count])
      .scalingColumns(by: residualVariances.map { Scalar($0.squareRoot()) })
    return factor.rowCount > 0 ? matrixProduct(weights, factor) + rest : rest
  }
}
