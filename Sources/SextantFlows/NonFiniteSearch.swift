// Where infinities and NaN began: the failing step is run again on a tape that looks at every value. Slow, so it is run only
// after a loss or a gradient was found not to be finite. Serves any network, not flows alone.

import SextantArrays
import SextantAutodiff
import SextantNetworks

/// Finds what was the first to leave the finite numbers.
public enum NonFiniteSearch {
  /// The place, such as "the value of step 3 / coupling 1 / dense", or nil if all is finite.
  ///
  /// Parameters are looked at first, then values in the order in which they arise, then the gradients of the parameters.
  ///
  /// - Parameters:
  ///   - parameters: as they were when the step failed.
  ///   - step: the step's loss, of one number, recorded on the tape of the pass that it is given; it should see the
  ///     numbers of the step that failed.
  public static func place<Scalar: TensorScalar, Failure: Error>(
    in parameters: ParameterSet<Scalar>, isTraining: Bool,
    of step: (NetworkPass<Scalar>) throws(Failure) -> Variable<Scalar>
  ) throws(Failure) -> String? {
    for (name, tensor) in zip(parameters.names, parameters.tensors) where !tensor.isFinite {
      return "the parameter '\(name)'"
    }
    let tape = Tape<Scalar>(findingNonFinite: true)
    let pass = NetworkPass(parameters, tape: tape, isTraining: isTraining, wantsGradients: true)
    let loss = try step(pass)
    if let place = tape.firstNonFinite { return "the value of \(place)" }
    let gradients = pass.parameterGradients(tape.gradients(of: loss))
    // The pullbacks run backwards, so the last parameter in the order of the network is where it began.
    for (name, gradient) in zip(parameters.names, gradients).reversed() where gradient?.tensor.isFinite == false {
      return "the gradient of the parameter '\(name)'"
    }
    return nil
  }

  /// Throws ``FlowError/notFinite(place:trainingStep:)`` where ``place(in:isTraining:of:)`` finds one.
  public static func check<Scalar: TensorScalar>(
    _ parameters: ParameterSet<Scalar>, isTraining: Bool, trainingStep: Int,
    of step: (NetworkPass<Scalar>) throws -> Variable<Scalar>
  ) throws {
    if let place = try place(in: parameters, isTraining: isTraining, of: step) {
      throw FlowError.notFinite(place: place, trainingStep: trainingStep)
    }
  }
}
