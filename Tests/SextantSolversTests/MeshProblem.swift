// Linear-Gaussian problems on an icosphere of 42 vertices, and what each method answers on them in closed form: made by
// Tests/References/diffusion_solvers.py. States are N(0, S); data are 280 + a little by vertex, in units of 2.5.

import Foundation
import SextantArrays
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantPriors
import SextantSignals
import SextantSolvers
import Testing

/// Mean and covariance of answers, in states.
struct Moments {
  var mean: [Double]
  /// d×d.
  var covariance: Tensor<Double>
}

/// The problems and the answers.
struct MeshProblems: Decodable {
  struct Row: Decodable {
    var states: [Int]
    var weights: [Double]
  }

  struct Problem: Decodable {
    var rows: [Row]
    /// In states.
    var values: [Double]
    var noise: [Double]
    /// The exact posterior.
    var mean: [Double]
    var covariance: [Double]
  }

  struct Case: Decodable {
    var problem: String
    var settings: [String: Double]
    var mean: [Double]
    var covariance: [Double]
    /// Against the exact posterior: the root mean square of the mean's error in standard deviations, and the ratio of
    /// standard deviations where the field is measured and where it is not.
    var meanError: Double
    var spreadRatios: [Double]
  }

  /// x, y and z of each vertex.
  var positions: [Double]
  /// The lower triangle of S, row by row.
  var covariance: [Double]
  /// ΠGDM's standard deviations over the exact ones for a white prior, where measured and where not, by steps.
  var whiteRatios: [String: [Double]]
  var problems: [String: Problem]
  var cases: [String: Case]

  static func load() throws -> MeshProblems {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try JSONDecoder().decode(
      MeshProblems.self, from: Data(contentsOf: folder.appendingPathComponent("Fixtures/diffusion-solvers.json")))
  }

  /// d.
  var count: Int { positions.count / 3 }

  func domain() throws -> SphereMesh {
    try SphereMesh(
      delaunay: (0..<count).map { SIMD3(positions[3 * $0], positions[3 * $0 + 1], positions[3 * $0 + 2]) })
  }

  /// States of unit variance about a mean that differs from vertex to vertex, in data units of `scale`.
  func space(scale: Float = 2.5, offset: Float = 280) throws -> StateSpace {
    let mean = (0..<count).map { offset + scale * Float($0 % 5) / 10 }
    return StateSpace(
      layout: StateLayout(domain: try domain(), channelCount: 1, isInside: [Bool](repeating: true, count: count)),
      climatology: Climatology(kind: .constant, coefficients: Tensor(mean, shape: [1, count])), scales: [scale])
  }

  func square(_ triangle: [Double]) -> Tensor<Double> {
    var result = Tensor<Double>.zeros([count, count])
    var next = 0
    for i in 0..<count {
      for j in 0...i {
        (result[i, j], result[j, i]) = (triangle[next], triangle[next])
        next += 1
      }
    }
    return result
  }

  /// The exact predictor of N(0, S).
  func predictor() throws -> GaussianNoisePredictor<Float> {
    GaussianNoisePredictor(
      try SpectralGaussian(mean: Tensor<Float>.zeros([count, 1]), covariance: square(covariance)))
  }

  func prior(scale: Float = 2.5, offset: Float = 280) throws -> DiffusionPrior {
    DiffusionPrior(try predictor(), space: try space(scale: scale, offset: offset))
  }

  /// The measurement of a problem in data units; `asMatrix` writes a mask as a matrix of ones.
  func measurement(
    _ name: String, scale: Float = 2.5, offset: Float = 280, asMatrix: Bool = false
  ) throws -> FieldMeasurement {
    let problem = try #require(problems[name])
    let mean = try space(scale: scale, offset: offset).climatology.overallMean
    let isMask = !asMatrix && problem.rows.allSatisfy { $0.weights == [1] }
    let entries = problem.rows.enumerated().flatMap { row, content in
      zip(content.states, content.weights).map { (row: row, column: $0, value: $1) }
    }
    let operation: any LinearOperator =
      isMask
      ? SelectionOperator(inputCount: count, indices: problem.rows.map { $0.states[0] })
      : SparseOperator(SparseMatrix(rowCount: problem.rows.count, columnCount: count, entries: entries))
    let values = problem.rows.enumerated().map { row, content in
      let expected = zip(content.states, content.weights).reduce(0.0) { $0 + Double(mean[$1.0]) * $1.1 }
      return Float(expected + Double(scale) * problem.values[row])
    }
    return FieldMeasurement(values: values, noise: problem.noise.map { Float($0) * scale }, operation: operation)
  }

  /// Data (N×d) in states.
  func states(_ fields: Tensor<Float>, scale: Float = 2.5, offset: Float = 280) throws -> Tensor<Double> {
    let mean = try space(scale: scale, offset: offset).climatology.overallMean
    var result = fields.converted(to: Double.self)
    result.withUnsafeMutableScalars { values in
      for i in values.indices { values[i] = (values[i] - Double(mean[i % count])) / Double(scale) }
    }
    return result
  }

  func moments(ofExact name: String) throws -> Moments {
    let problem = try #require(problems[name])
    return Moments(mean: problem.mean, covariance: square(problem.covariance))
  }

  /// The moments of samples (N×d).
  func moments(of samples: Tensor<Double>) -> Moments {
    let mean = samples.columnMeans()
    var centred = samples
    centred.withUnsafeMutableScalars { values in for i in values.indices { values[i] -= mean[i % count] } }
    return Moments(
      mean: mean,
      covariance: gramMatrix(centred, transposeFirst: true) * (1 / Double(max(1, samples.rowCount - 1))))
  }

  /// The vertices that a mask measures; all of them for other operators.
  func measuredStates(_ name: String) -> [Int] {
    guard let rows = problems[name]?.rows, rows.allSatisfy({ $0.weights == [1] }) else { return Array(0..<count) }
    return rows.map { $0.states[0] }
  }

  /// The error of a mean in standard deviations of the exact posterior, and the ratios of standard deviations.
  func bias(of answer: Moments, problem: String) throws -> (meanError: Double, spreadRatios: [Double]) {
    let exact = try moments(ofExact: problem)
    let errors = (0..<count).map { pow(answer.mean[$0] - exact.mean[$0], 2) / exact.covariance[$0, $0] }
    let seen = measuredStates(problem)
    let unseen = (0..<count).filter { !seen.contains($0) }
    let ratios = [seen, unseen].filter { !$0.isEmpty }.map { part in
      (part.reduce(0) { $0 + answer.covariance[$1, $1] } / part.reduce(0) { $0 + exact.covariance[$1, $1] })
        .squareRoot()
    }
    return ((errors.reduce(0, +) / Double(count)).squareRoot(), ratios)
  }
}
