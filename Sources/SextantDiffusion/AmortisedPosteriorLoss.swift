// The loss of amortised posterior sampling (Mammadov, Chung and Ye 2024, equations 11 to 17). A network that maps z to
// a posterior sample for any measurement is trained on measurements alone, with a diffusion prior on the fields:
//
//     E_z[ ½‖(y − A·x)/σ‖² + prior(x) + log q(x|y) ]  with x = G(z; y), summed over dimensions, mean over the batch.
//
// log q is −log|det ∂x/∂z| plus a constant. The flow G and the operator A are supplied as functions.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// The growth of the weight of the data term: 1/(1 + exp(−(step − midpoint)·steepness)).
public struct DataAnnealing: Sendable, Equatable, Codable {
  /// The step at which the weight is one half.
  public var midpoint: Double
  /// The growth rate there, per step.
  public var steepness: Double

  public init(midpoint: Double, steepness: Double) { (self.midpoint, self.steepness) = (midpoint, steepness) }

  /// The setting of the score-prior code, in which the prior dominates the first ten thousand steps.
  public static let scorePrior = DataAnnealing(midpoint: 12_000, steepness: 0.002)

  /// The same curve for another number of steps: one half at `share` of `steps`, with the same weight at step 0.
  public static func scaled(toSteps steps: Int, share: Double = 0.2) -> DataAnnealing {
    let midpoint = max(1, share * Double(steps))
    return DataAnnealing(midpoint: midpoint, steepness: scorePrior.midpoint * scorePrior.steepness / midpoint)
  }

  /// The weight at step `step`.
  public func weight(atStep step: Int) -> Double { 1 / (1 + exp(-(Double(step) - midpoint) * steepness)) }
}

/// Draws from a conditional distribution, with their log-densities.
public struct PosteriorDraws<Scalar: TensorScalar> {
  /// B×V×C.
  public let fields: DifferentiableTensor<Scalar>
  /// log q of each draw, up to a constant that does not depend on the parameters, for example −log|det ∂x/∂z|: [B].
  public let logDensity: DifferentiableTensor<Scalar>

  public init(fields: DifferentiableTensor<Scalar>, logDensity: DifferentiableTensor<Scalar>) {
    (self.fields, self.logDensity) = (fields, logDensity)
  }
}

/// The distillation loss over a set of measurements.
public struct AmortisedPosteriorLoss<Scalar: TensorScalar>: StochasticLoss {
  /// Maps the indices of B measurements to B·K draws, K consecutive draws for each measurement, each from its own
  /// stream.
  public typealias Draw =
    @Sendable (_ streams: [RandomStream], _ measurements: [Int], _ pass: NetworkPass<Scalar>) throws
    -> PosteriorDraws<Scalar>
  /// ½‖(y − A·x)/σ‖² for fields (B·K×V×C) and the indices of their measurements: the sum rather than the mean, of shape
  /// [].
  public typealias Fidelity =
    @Sendable (_ fields: DifferentiableTensor<Scalar>, _ measurements: [Int]) -> DifferentiableTensor<Scalar>

  /// N, the number of measurements.
  public let measurementCount: Int
  /// B, the number of measurements in a step.
  public let batchSize: Int
  /// K, the number of draws for each measurement.
  public let drawsPerMeasurement: Int
  /// Nil for a data term of full weight from the start.
  public let annealing: DataAnnealing?
  private let prior: any PriorTerm<Scalar>
  private let draw: Draw
  private let fidelity: Fidelity
  private let order: BatchOrder
  private let random: RandomStream

  /// A loss with the given terms; all random numbers of the training are split from `random`.
  public init(
    measurementCount: Int, batchSize: Int, drawsPerMeasurement: Int = 1,
    prior: any PriorTerm<Scalar>, annealing: DataAnnealing?, random: RandomStream, draw: @escaping Draw,
    fidelity: @escaping Fidelity
  ) {
    precondition(
      measurementCount > 0 && batchSize > 0 && drawsPerMeasurement > 0,
      "\(batchSize) of \(measurementCount) measurements, \(drawsPerMeasurement) draws each")
    (self.measurementCount, self.batchSize) = (measurementCount, batchSize)
    (self.drawsPerMeasurement, self.prior, self.annealing) = (drawsPerMeasurement, prior, annealing)
    (self.draw, self.fidelity, self.random) = (draw, fidelity, random)
    order = BatchOrder(count: measurementCount, batch: batchSize, random: random.split("order"))
  }

  public func loss(atStep step: Int, in pass: NetworkPass<Scalar>) throws -> DifferentiableTensor<Scalar> {
    let measurements = order.indices(atStep: step)
    let count = batchSize * drawsPerMeasurement
    let streams = random.split("base").split(step)
    let draws = try draw((0..<count).map { streams.split($0) }, measurements, pass)
    let ofDraws = measurements.flatMap { Array(repeating: $0, count: drawsPerMeasurement) }
    let data = pass.tape.scope("fidelity") { fidelity(draws.fields, ofDraws) }
    let weight = (annealing?.weight(atStep: step) ?? 1) / Double(count)
    let unlikeliness = pass.tape.scope("prior") { prior(draws.fields, using: random.split("prior").split(step)) }
    return data * Scalar(weight) + unlikeliness + draws.logDensity.sum() * Scalar(1 / Double(count))
  }
}

/// The Gaussian negative log-likelihood of fields for values measured at single entries, each with its own noise.
public struct EntryFidelity<Scalar: TensorScalar>: Sendable {
  /// y (N×V×C); 0 at entries without a measurement.
  public let values: Tensor<Scalar>
  /// 1/σ² of each entry (N×V×C); 0 at entries without a measurement.
  public let precisions: Tensor<Scalar>

  public init(values: Tensor<Scalar>, precisions: Tensor<Scalar>) {
    precondition(values.shape == precisions.shape, "Shapes \(values.shape) and \(precisions.shape) differ")
    (self.values, self.precisions) = (values, precisions)
  }

  /// Σ ½·(y − x)²/σ² over all entries of the fields (B×V×C) for the measurements with the given indices, of shape [].
  public func callAsFunction(
    _ fields: DifferentiableTensor<Scalar>, _ measurements: [Int]
  ) -> DifferentiableTensor<Scalar> {
    let difference =
      fields.value - values.sampleRows.gatheringRows(measurements).reshaped(to: fields.shape)
    let weighted = difference * precisions.sampleRows.gatheringRows(measurements).reshaped(to: fields.shape)
    let total = Tensor([Scalar(0.5 * difference.dot(weighted))], shape: [])
    return fields.tape.record(total, operation: "fidelity", from: [fields]) { gradient, cotangents in
      cotangents.add(weighted * gradient.scalars[0], to: fields)
    }
  }
}
