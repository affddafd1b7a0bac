// The prior term of a distillation loss: the negative log-density of fields, with a gradient. DistillationPrior uses
// the bound at one random time per field; ProbabilityFlowPrior uses the density of the probability flow.

import SextantArrays
import SextantAutodiff

/// A diffusion prior as a term of a loss.
public protocol PriorTerm<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// −log p(x) in nats, or an estimate of it or of a bound on it: summed over dimensions, averaged over the batch, of
  /// shape [].
  ///
  /// - Parameters:
  ///   - x: B×V×C.
  ///   - random: sample b draws from `random.split(b)`.
  func callAsFunction(_ x: DifferentiableTensor<Scalar>, using random: RandomStream) -> DifferentiableTensor<Scalar>
  /// The number of evaluations of the predictor for one field, including those for the gradient.
  var evaluationsPerField: Int { get }
  /// The number of these evaluations that are also run backwards.
  var gradientsPerField: Int { get }
}
