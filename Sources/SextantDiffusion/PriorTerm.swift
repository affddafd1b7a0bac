// What a distillation loss asks of a prior: how unlikely fields are, with a gradient. The bound by one random time for each
// field is DistillationPrior; the density of the probability flow is ProbabilityFlowPrior.

import SextantArrays
import SextantAutodiff

/// A diffusion prior as a term of a loss.
public protocol PriorTerm<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  /// −log p(x) in nats, or an estimate of it or of a bound: summed over dimensions, mean over the batch, of shape [].
  ///
  /// - Parameters:
  ///   - x: B×V×C.
  ///   - random: Sample b draws from `random.split(b)`.
  func callAsFunction(_ x: Variable<Scalar>, using random: RandomStream) -> Variable<Scalar>
  /// Evaluations of the predictor that one field takes, those for the gradient included.
  var evaluationsPerField: Int { get }
  /// How many of them are run backwards.
  var gradientsPerField: Int { get }
}
