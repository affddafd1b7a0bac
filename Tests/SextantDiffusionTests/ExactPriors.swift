// Small priors whose densities are known, and one of each kind of noise predictor: what the laws of this module are
// tried on.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantNetworks
import SextantTestSupport

/// Gaussians and mixtures over fields of a few numbers, in double precision.
enum ExactPriors {
  static let random = RandomStream(seed: 20)

  /// Three modes and a rest over 3×2 numbers.
  static func lowRank() throws -> SpectralGaussian<Double> {
    var stream = random.split("low rank")
    return try SpectralGaussian(
      mean: stream.normals([3, 2]), factor: stream.normals([3, 6]) * 0.7, residualVariance: 0.2)
  }

  /// A covariance without structure over `dimension` numbers, eigenvalues from about 0.1 upwards.
  static func dense(_ dimension: Int = 6, label: String = "dense") throws -> SpectralGaussian<Double> {
    var stream = random.split(label)
    let mean: Tensor<Double> = stream.normals([dimension, 1])
    return try SpectralGaussian(mean: mean, covariance: covariance(dimension, &stream))
  }

  /// A random covariance (D×D).
  static func covariance(_ dimension: Int, _ stream: inout RandomStream) -> Tensor<Double> {
    let factor: Tensor<Double> = stream.normals([dimension, dimension])
    return gramMatrix(factor) * (0.7 / Double(dimension)) + Tensor.identity(dimension) * 0.1
  }

  /// Two components far enough apart that no Gaussian comes near.
  static func mixture(_ dimension: Int = 2) throws -> MixtureNoisePredictor<Double> {
    var stream = random.split("mixture")
    let components = try [-1.2, 1.0].map { centre in
      try SpectralGaussian(
        mean: Tensor(repeating: centre, shape: [dimension, 1]),
        covariance: covariance(dimension, &stream) * 0.3 + Tensor.identity(dimension) * 0.1)
    }
    return try MixtureNoisePredictor(components, weights: [0.35, 0.65])
  }

  /// A network of 6 numbers that is smooth, not linear, and depends on time: (xA)∘(xB + s)·C.
  static func network() -> (network: FunctionNoiseNetwork<Double>, parameters: ParameterSet<Double>) {
    var builder = ParameterBuilder<Double>(random: random.split("network"))
    let a = builder.normal("a", [6, 5], standardDeviation: 0.4)
    let b = builder.normal("b", [6, 5], standardDeviation: 0.4)
    let c = builder.normal("c", [5, 6], standardDeviation: 0.4)
    let network = FunctionNoiseNetwork<Double> { x, times, pass in
      let rows = DifferentiableTensor(flattening: x)
      let noises = times.flatMap { Array(repeating: VariancePreservingSchedule.standard.noise(at: $0), count: 5) }
      let shift = x.tape.constant(Tensor(noises, shape: [times.count, 5]))
      let hidden = matrixProduct(rows, pass[a]) * (matrixProduct(rows, pass[b]) + shift)
      return matrixProduct(hidden, pass[c]).shaped(like: x)
    }
    return (network, builder.parameters)
  }

  /// One predictor of each kind over 6 numbers (3×2 or 6×1).
  static func predictors() throws -> [(name: String, shape: [Int], predictor: any NoisePredictor<Double>)] {
    let (network, parameters) = network()
    let gaussian = try GaussianNoisePredictor(lowRank())
    return try [
      ("low-rank Gaussian", [3, 2], gaussian),
      ("dense Gaussian", [6, 1], GaussianNoisePredictor(dense())),
      ("mixture", [6, 1], mixture(6)),
      ("network", [3, 2], NetworkNoisePredictor(network, parameters: parameters)),
      ("corrected Gaussian", [3, 2], NetworkNoisePredictor(network, parameters: parameters, correcting: gaussian)),
    ]
  }

  static let predictorNames = ["low-rank Gaussian", "dense Gaussian", "mixture", "network", "corrected Gaussian"]
}

extension DifferentiableTensor {
  /// The samples as rows of a matrix.
  init(flattening x: DifferentiableTensor) {
    let rows = x.value.reshaped(to: [x.shape[0], x.value.count / x.shape[0]])
    self = x.tape.record(rows, operation: "reshape", from: [x]) { $1.add($0, to: x) }
  }

  /// The same numbers in the shape of `other`.
  func shaped(like other: DifferentiableTensor) -> DifferentiableTensor {
    tape.record(value.reshaped(to: other.shape), operation: "reshape", from: [self]) { $1.add($0, to: self) }
  }
}

/// Numbers from streams split off one by one, as samplers and bounds take them.
func streams(_ range: Range<Int>, of random: RandomStream) -> [RandomStream] { range.map { random.split($0) } }

/// The largest difference of two tensors.
func largestDifference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// The gradient of a function of a tensor by central differences.
func differences(of function: (Tensor<Double>) -> Double, at x: Tensor<Double>, step: Double = 1e-5) -> Tensor<Double> {
  let scalars = x.scalars
  return Tensor(
    scalars.indices.map { index in
      var (above, below) = (scalars, scalars)
      above[index] += step
      below[index] -= step
      return (function(Tensor(above, shape: x.shape)) - function(Tensor(below, shape: x.shape))) / (2 * step)
    }, shape: x.shape)
}
