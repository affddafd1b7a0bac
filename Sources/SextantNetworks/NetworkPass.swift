// One evaluation of a network: its parameters as variables on a tape, whether statistics are those of the batch, and
// the running statistics that the evaluation leaves behind.

import SextantArrays
import SextantAutodiff

/// A network's parameters on a tape.
public final class NetworkPass<Scalar: TensorScalar> {
  /// The tape that everything is recorded on.
  public let tape: Tape<Scalar>
  /// Whether normalisation uses the statistics of the batch (and updates the running ones).
  public let isTraining: Bool
  private let parameters: ParameterSet<Scalar>
  private var variables: [Variable<Scalar>?]
  private let wantsGradients: Bool
  /// Where dropout takes its choices from; none are left out without it.
  public var random: RandomStream?
  /// New values of parameters that no optimiser changes, by index.
  private var updates: [Int: Tensor<Scalar>] = [:]

  /// - Parameters:
  ///   - wantsGradients: Whether the parameters are leaves; if not, gradients flow through the network to its inputs only.
  ///   - random: Where dropout takes its choices from, if anything is to be left out.
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

  /// The parameter as a variable, the same one each time.
  public subscript(reference: ParameterSet<Scalar>.Reference) -> Variable<Scalar> {
    if let variable = variables[reference.index] { return variable }
    let tensor = parameters.tensors[reference.index]
    let variable =
      wantsGradients && parameters.isTrained[reference.index] ? tape.leaf(tensor) : tape.constant(tensor)
    variables[reference.index] = variable
    return variable
  }

  /// Remembers a new value of a running statistic; taken over by ``applyUpdates(to:)``.
  public func update(_ reference: ParameterSet<Scalar>.Reference, to value: Tensor<Scalar>) {
    updates[reference.index] = value
  }

  /// Writes the running statistics of this pass into `parameters`.
  public func applyUpdates(to parameters: inout ParameterSet<Scalar>) {
    for (index, value) in updates { parameters.tensors[index] = value }
  }

  /// The gradient of each parameter in the order of the set; nil where there is none.
  public func parameterGradients(_ gradients: Gradients<Scalar>) -> [ParameterGradient<Scalar>?] {
    variables.map { variable in variable.flatMap { gradients.parameterGradient(of: $0) } }
  }
}
