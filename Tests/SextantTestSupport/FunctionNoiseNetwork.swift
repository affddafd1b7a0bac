// A noise network that is a function, and parameters set to zero, for tests of what takes any network.

import Sextant

/// A noise network defined by a function.
public struct FunctionNoiseNetwork<Scalar: TensorScalar>: NoiseNetwork {
  /// Maps noisy fields (B×V×C), times (B) and the parameters on the tape to the output (B×V×C).
  public typealias Function =
    @Sendable (_ x: DifferentiableTensor<Scalar>, _ times: [Double], _ pass: NetworkPass<Scalar>) ->
    DifferentiableTensor<Scalar>
  private let function: Function

  public init(_ function: @escaping Function) { self.function = function }

  public func output(for x: DifferentiableTensor<Scalar>, at times: [Double], in pass: NetworkPass<Scalar>)
    -> DifferentiableTensor<Scalar>
  {
    function(x, times, pass)
  }
}

extension ParameterSet {
  /// Sets the parameters whose names begin with `prefix` to zero, for example those of a network's last layer, so that
  /// a correction vanishes until it is trained.
  public mutating func setToZero(prefix: String) {
    for (index, name) in names.enumerated() where name.hasPrefix(prefix) {
      tensors[index] = .zeros(tensors[index].shape)
    }
  }
}
