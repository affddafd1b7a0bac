// Locates the origin of infinities and NaN by repeating the failing step on a tape that checks every value. This is
// slow, so it is done only after a loss or a gradient was found not to be finite. It works for any network, not only
// for flows.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Finds the first non-finite value.
public enum NonFiniteSearch {
  /// The place, for example "the value of step 3 / coupling 1 / dense", or nil if everything is finite.
  ///
  /// The parameters are checked first, then the values in the order of computation, then the gradients of the
  /// parameters.
  ///
  /// - Parameters:
  ///   - parameters: the parameters at the failing step.
  ///   - step: the loss of the step, a single number recorded on the tape of the pass; it should use the random numbers
  ///     of the failing step.
  public static func place<Scalar: TensorScalar, Failure: Error>(
    in parameters: ParameterSet<Scalar>, isTraining: Bool,
    of step: (NetworkPass<Scalar>) throws(Failure) -> DifferentiableTensor<Scalar>
  ) throws(Failure) -> String? {
    for (name, tensor) in zip(parameters.names, parameters.tensors) where !tensor.isFinite {
      return "the parameter '\(name)'"
    }
    let tape = Tape<Scalar>(findingNonFinite: true)
    let pass = NetworkPass(parameters, tape: tape, isTraining: isTraining, wantsGradients: true)
    let loss = try step(pass)
    if let place = tape.firstNonFinite { return "the value of \(place)" }
    let gradients = pass.parameterGradients(tape.gradients(of: loss))
    // Pullbacks run in reverse, so the trouble began at the last such parameter in the order of the network.
    for (name, gradient) in zip(parameters.names, gradients).reversed() where gradient?.tensor.isFinite == false {
      return "the gradient of the parameter '\(name)'"
    }
    return nil
  }

  /// Throws ``FlowError/notFinite(place:trainingStep:)`` if ``place(in:isTraining:of:)`` finds a non-finite value.
  public static func check<Scalar: TensorScalar>(
    _ parameters: ParameterSet<Scalar>, isTraining: Bool, trainingStep: Int,
    of step: (NetworkPass<Scalar>) throws -> DifferentiableTensor<Scalar>
  ) throws {
    if let place = try place(in: parameters, isTraining: isTraining, of: step) {
      throw FlowError.notFinite(place: place, trainingStep: trainingStep)
    }
  }
}
