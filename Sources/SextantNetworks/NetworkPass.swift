// One evaluation of a network: its parameters as variables on a tape, whether it is in training mode, and the running
// statistics that the evaluation updates.

import SextantArrays
import SextantAutodiff

/// A network's parameters on a tape.
public final class NetworkPass<Scalar: TensorScalar> {
  /// The tape on which everything is recorded.
  public let tape: Tape<Scalar>
  /// Whether normalisation uses the statistics of the batch and updates the running statistics.
  public let isTraining: Bool
  private let parameters: ParameterSet<Scalar>
  private var variables: [DifferentiableTensor<Scalar>?]
  private let wantsGradients: Bool
  /// The random numbers for dropout; without them nothing is dropped.
  public var random: RandomStream?
  /// New values of parameters that are not trained by an optimiser, by index.
  private var updates: [Int: Tensor<Scalar>] = [:]

  /// A pass with `parameters` on `tape`. If it does not want gradients, the parameters are constants, and gradients flow
  /// only to the network's inputs. `random` is the stream for dropout, if any.
  public init(
    _ parameters: ParameterSet<Scalar>, tape: Tape<Scalar> = Tape(), isTraining: Bool, wantsGradients: Bool,
    random: RandomStream? = nil
  ) {
    self.random = random
    self.parameters = parameters
    self.tape = tape
    self.isTraining = isTraining
    self.wantsGradients = wantsGradients
    variables = Array(repeating: nil, count: parameters.tensors.count)
  }

  /// The parameter as a variable; repeated accesses return the same variable.
  public subscript(reference: ParameterSet<Scalar>.Reference) -> DifferentiableTensor<Scalar> {
    if let variable = variables[reference.index] { return variable }
    let tensor = parameters.tensors[reference.index]
    let variable =
      wantsGradients && parameters.isTrained[reference.index] ? tape.leaf(tensor) : tape.constant(tensor)
    variables[reference.index] = variable
    return variable
  }

  /// Stores a new value of a running statistic, to be written by ``applyUpdates(to:)``.
  public func update(_ reference: ParameterSet<Scalar>.Reference, to value: Tensor<Scalar>) {
    updates[reference.index] = value
  }

  /// Writes the running statistics of this pass into `parameters`.
  public func applyUpdates(to parameters: inout ParameterSet<Scalar>) {
    for (index, value) in updates { parameters.tensors[index] = value }
  }

  /// The gradient of each parameter in the order of the set; nil for parameters without a gradient.
  public func parameterGradients(_ gradients: Gradients<Scalar>) -> [ParameterGradient<Scalar>?] {
    variables.map { variable in variable.flatMap { gradients.parameterGradient(of: $0) } }
  }
}
