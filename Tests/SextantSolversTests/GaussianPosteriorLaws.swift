// Every form of the Gaussian posterior against the textbook formula on dense matrices, and samples against
// the mean and covariance that they should have.

import Foundation
import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals
import Testing

@testable import SextantSolvers

@Suite struct GaussianPosteriorLaws {
  let d = 60
  let k = 5
  let functions: EmpiricalOrthogonalFunctions
  /// ΦᵀΦ + D.
  let covariance: Tensor<Double>

  init() {
    var random = RandomStream(seed: 11)
    let modes: Tensor<Float> = random.normals([k, d])
    let rest = (0..<d).map { _ in Float(0.05 + 0.3 * random.uniform()) }
    functions = EmpiricalOrthogonalFunctions(
      scaledModes: modes, standardDeviations: [Float](repeating: 1, count: k), residualVariance: rest)
    var covariance = gramMatrix(modes.converted(to: Double.self), transposeFirst: true)
    for i in 0..<d { covariance[i, i] += Double(rest[i]) }
    self.covariance = covariance
  }

  /// d states of mean 0.5 and scale 2.
  static func space(_ d: Int) -> StateSpace {
    let layout = StateLayout(
      domain: Line(vertexCount: d), channelCount: 1, isInside: [Bool](repeating: true, count: d))
    return StateSpace(
      layout: layout, climatology: Climatology(kind: .constant, coefficients: Tensor(repeating: 0.5, shape: [1, d])),
      scales: [2])
  }

  static func measurement(_ operation: any LinearOperator, seed: UInt64) -> FieldMeasurement {
    var random = RandomStream(seed: seed)
    return FieldMeasurement(
      values: (0..<operation.outputCount).map { _ in Float(0.5 + 2 * random.normal()) },
      noise: (0..<operation.outputCount).map { _ in Float(0.2 + random.uniform()) }, operation: operation)
  }

  func observation(_ operation: any LinearOperator, seed: UInt64) throws -> StateObservation {
    try Self.space(d).observe(Self.measurement(operation, seed: seed))
  }

  /// Mean and covariance by the formula, with nothing clever.
  func textbook(_ observation: StateObservation) throws -> (mean: [Double], covariance: Tensor<Double>) {
    let m = observation.count
    var h = Tensor<Double>.zeros([m, d])
    for i in 0..<m {
      for at in observation.matrix.rowStarts[i]..<observation.matrix.rowStarts[i + 1] {
        h[i, Int(observation.matrix.columns[at])] = observation.matrix.values[at]
      }
    }
    let hk = matrixProduct(h, covariance)
    var s = matrixProduct(hk, h, transposingSecond: true)
    for i in 0..<m { s[i, i] += observation.noiseVariance[i] }
    let inverse = try CholeskyFactor(s).inverse()
    let gain = matrixProduct(hk, inverse, transposingFirst: true)
    let mean = matrixProduct(gain, Tensor(observation.anomalies, shape: [m, 1]))
    return (mean.scalars, covariance - matrixProduct(gain, hk))
  }

  static let operators: [any LinearOperator] = [
    SelectionOperator(inputCount: 60, indices: [3, 9, 10, 27, 44, 45, 59]),
    SelectionOperator(inputCount: 60, indices: [5, 5, 5, 8, 12, 12]),
    SparseOperator(
      SparseMatrix(
        rowCount: 4, columnCount: 60,
        entries: [(0, 1, 0.5), (0, 2, 0.5), (1, 30, 0.25), (1, 31, 0.75), (2, 2, 1), (3, 50, -1), (3, 7, 2)])),
    MatrixFreeBlur(vertexCount: 60, channelCount: 1),
    SelectionOperator(inputCount: 60, indices: [2, 3, 17, 40, 41, 58]).composed(
      after: MatrixFreeBlur(vertexCount: 60, channelCount: 1)),
  ]

  @Test(arguments: operators.indices)
  func denseFormIsExact(index: Int) throws {
    let observation = try observation(Self.operators[index], seed: 3)
    let expected = try textbook(observation)
    let posterior = try DenseGaussianPosterior(
      observation, priorVariances: (0..<d).map { covariance[$0, $0] }
    ) { covariance.gatheringRows($0) }
    for i in 0..<d {
      #expect(abs(posterior.mean[i] - expected.mean[i]) < 1e-9)
      #expect(abs(posterior.spread[i] - expected.covariance[i, i].squareRoot()) < 1e-7)
    }
    let state = (0..<d).map { expected.mean[$0] + 0.1 * Double($0 % 7 - 3) }
    let factor = try CholeskyFactor(expected.covariance)
    let whitened = factor.solveLower(Tensor((0..<d).map { state[$0] - expected.mean[$0] }, shape: [d, 1]))
    let density = -0.5 * (whitened.dot(whitened) + factor.logDeterminant + Double(d) * log(2 * Double.pi))
    #expect(abs(try posterior.logDensity(of: state, priorFactor: CholeskyFactor(covariance)) - density) < 1e-6)
    try checkSamples(expected) { count, random in
      try posterior.samples(count, priorFactor: CholeskyFactor(covariance), using: &random).converted(to: Float.self)
    }
  }

  @Test(arguments: operators.indices)
  func singlePrecisionIsExactUpToRounding(index: Int) throws {
    let observation = try observation(Self.operators[index], seed: 3)
    let expected = try textbook(observation)
    let single = covariance.converted(to: Float.self)
    // What rounding K to single precision can change: an error of K is divided by the noise variance on its way to the mean.
    let largest = (0..<d).map { covariance[$0, $0] }.max() ?? 1
    let rounding = Double(Float.ulpOfOne) * largest / (observation.noiseVariance.min() ?? 1)
    let tolerance = max(1e-5, rounding)
    let posterior = try DenseGaussianPosterior(
      observation, priorVariances: (0..<d).map { covariance[$0, $0] }
    ) { single.gatheringRows($0) }
    for i in 0..<d {
      #expect(abs(posterior.mean[i] - expected.mean[i]) < tolerance)
      #expect(abs(posterior.spread[i] - expected.covariance[i, i].squareRoot()) < tolerance)
    }
    try checkSamples(expected) { count, random in
      try posterior.samples(count, priorFactor: CholeskyFactor(single), using: &random)
    }
  }

  @Test(arguments: operators.indices.filter { operators[$0].selectedEntries != nil })
  func modeFormIsExact(index: Int) throws {
    let observation = try observation(Self.operators[index], seed: 4)
    let expected = try textbook(observation)
    let posterior = try ModeGaussianPosterior(functions, given: observation)
    for (i, (mean, spread)) in zip(posterior.mean, posterior.spread).enumerated() {
      #expect(abs(Double(mean) - expected.mean[i]) < 1e-5)
      #expect(abs(Double(spread) - expected.covariance[i, i].squareRoot()) < 1e-5)
    }
    try checkSamples(expected) { count, random in posterior.samples(count, using: &random) }
  }

  /// Mean within five standard errors everywhere, covariance within six.
  func checkSamples(
    _ expected: (mean: [Double], covariance: Tensor<Double>),
    _ draw: (Int, inout RandomStream) throws -> Tensor<Float>
  ) throws {
    let count = 20_000
    var random = RandomStream(seed: 17)
    let samples = try draw(count, &random).converted(to: Double.self)
    let means = samples.columnMeans()
    var centred = samples
    centred.withUnsafeMutableScalars { values in
      for i in values.indices { values[i] -= means[i % d] }
    }
    let covariance = gramMatrix(centred, transposeFirst: true) * (1 / Double(count - 1))
    for i in 0..<d {
      let deviation = expected.covariance[i, i].squareRoot()
      #expect(abs(means[i] - expected.mean[i]) < 5 * deviation / Double(count).squareRoot())
      for j in 0..<d {
        let product = expected.covariance[i, i] * expected.covariance[j, j]
        let error = ((product + pow(expected.covariance[i, j], 2)) / Double(count)).squareRoot()
        #expect(abs(covariance[i, j] - expected.covariance[i, j]) < 6 * error)
      }
    }
  }

  /// The solver on top of these forms, for every operator: in the variables' units, with the values as they are.
  @Test(arguments: operators.indices)
  func interpolationWithModesIsExact(index: Int) throws {
    let space = Self.space(d)
    let prior = GaussianPrior(
      configuration: GaussianPriorConfiguration(kind: .modes, modeCount: k), space: space, functions: functions,
      archiveCoefficients: .zeros([0, k]), landShare: nil, channelCorrelation: .identity(1))
    let measurement = Self.measurement(Self.operators[index], seed: 5)
    let expected = try textbook(space.observe(measurement))
    var random = RandomStream(seed: 1)
    let posterior = try EOFInterpolationSolver(prior).posterior(given: measurement, samples: 0, using: &random)
    for i in 0..<d {
      #expect(abs(Double(posterior.mean[i]) - 0.5 - 2 * expected.mean[i]) < 2e-5)
      #expect(abs(Double(try #require(posterior.spread)[i]) - 2 * expected.covariance[i, i].squareRoot()) < 2e-5)
    }
  }

  @Test func severalValuesOfOneStateAreOneValue() throws {
    let observation = try observation(Self.operators[1], seed: 9)
    #expect(observation.selectedStates == [5, 8, 12])
  }

  @Test func nothingObservedIsRefused() throws {
    let observation = try observation(SelectionOperator(inputCount: 60, indices: []), seed: 1)
    #expect(throws: PriorError.nothingObserved) {
      _ = try ModeGaussianPosterior(functions, given: observation)
    }
  }
}
