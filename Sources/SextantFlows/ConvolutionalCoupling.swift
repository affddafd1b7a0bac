// The coupling block of convolutional flows (D. P. Kingma and P. Dhariwal, "Glow", 2018, as in FrEIA): both halves of the channels are
// transformed in turn, each by a network that sees the other half and the condition.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantNetworks

/// The network of one half of a coupling: a hidden layer and a last layer initialised to 0. It gives a log-scale and a shift for
/// each number of the other half.
struct CouplingSubnetwork<Scalar: TensorScalar>: Sendable {
  private enum Layer: Sendable {
    case window(StencilLayer<Scalar>)
    case dense(Dense<Scalar>)

    func callAsFunction(
      _ x: DifferentiableTensor<Scalar>, _ stencil: Stencil?, in pass: NetworkPass<Scalar>
    ) -> DifferentiableTensor<Scalar> {
      switch self {
      case .dense(let layer): return layer(x, in: pass)
      case .window(let layer):
        guard let stencil else { preconditionFailure("A convolution without pixels") }
        return layer(x, stencil, in: pass)
      }
    }
  }

  private let hidden: Layer
  private let last: Layer
  private let outputs: Int

  /// - Parameters:
  ///   - inputs: the number of channels that it sees.
  ///   - outputs: the number of channels that it transforms.
  ///   - seesNeighbours: whether it sees 3×3 pixels rather than one.
  init(
    _ name: String, inputs: Int, outputs: Int, width: Int, seesNeighbours: Bool, initialDeviation: Double,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    self.outputs = outputs
    func layer(_ name: String, _ inputs: Int, _ outputs: Int, _ initial: InitialValues, in builder: inout ParameterBuilder<Scalar>) -> Layer {
      seesNeighbours
        ? .window(StencilLayer(name, inputs: inputs, outputs: outputs, neighbours: 9, initial: initial, in: &builder))
        : .dense(Dense(name, inputs: inputs, outputs: outputs, initial: initial, in: &builder))
    }
    (hidden, last) = builder.scope(name) { builder in
      (
        layer("hidden", inputs, width, .normal(standardDeviation: initialDeviation), in: &builder),
        layer("last", width, 2 * outputs, .zeros, in: &builder)
      )
    }
  }

  /// The log-scales clamp·0.636·arctan(raw) and the shifts for what it sees; the stencil is that of its pixels, if it has any.
  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, clamp: Double, _ stencil: Stencil?, in pass: NetworkPass<Scalar>
  ) -> (logScale: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>) {
    let output = last(hidden(x, stencil, in: pass).relu(), stencil, in: pass)
    return (
      output.columns(0..<outputs).arcTangent() * Scalar(0.636 * clamp), output.columns(outputs..<2 * outputs)
    )
  }
}

/// One coupling block with the permutation after it.
struct ConvolutionalCoupling<Scalar: TensorScalar>: Sendable {
  private let clamp: Double
  /// The number of channels of the first half; 0 where there is one channel only.
  private let firstCount: Int
  private let count: Int
  /// Sees the second half and transforms the first; nil where there is one channel only.
  private let ofFirst: CouplingSubnetwork<Scalar>?
  /// Sees the first half and transforms the second.
  private let ofSecond: CouplingSubnetwork<Scalar>
  /// Position i of the result is the channel `order[i]`; nil where nothing is permuted.
  private let order: [Int]?
  private let inverse: [Int]?

  /// - Parameter seed: the seed of the permutation; nil for none.
  init(
    _ name: String, channels: Int, conditionWidth: Int, width: Int, seesNeighbours: Bool, clamp: Double, seed: Int?,
    initialDeviation: Double, in builder: inout ParameterBuilder<Scalar>
  ) {
    (count, firstCount, self.clamp) = (channels, channels / 2, clamp)
    let first = channels / 2
    (ofFirst, ofSecond) = builder.scope(name) { builder in
      func network(_ name: String, _ seen: Int, _ changed: Int, in builder: inout ParameterBuilder<Scalar>) -> CouplingSubnetwork<Scalar> {
        CouplingSubnetwork(
          name, inputs: seen + conditionWidth, outputs: changed, width: width, seesNeighbours: seesNeighbours,
          initialDeviation: initialDeviation, in: &builder)
      }
      return (
        first > 0 ? network("first", channels - first, first, in: &builder) : nil,
        network("second", first, channels - first, in: &builder)
      )
    }
    let permutation = seed.map { PinnedPermutation(count: channels, seed: UInt32($0)) }
    (order, inverse) = (permutation?.order, permutation?.inverse)
  }

  /// The transformed numbers (of the shape of x, channels last), and the sums of the log-scales of each sample (B).
  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, condition: DifferentiableTensor<Scalar>, _ stencil: Stencil?, direction: FlowDirection,
    in pass: NetworkPass<Scalar>
  ) -> (values: DifferentiableTensor<Scalar>, logScaleSums: DifferentiableTensor<Scalar>) {
    let batch = x.shape[0]
    func sums(_ logScale: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
      logScale.reshaped(to: [batch, logScale.value.count / batch]).rowSums()
    }
    func shown(_ half: DifferentiableTensor<Scalar>?) -> DifferentiableTensor<Scalar> {
      half.map { concatenateColumns([$0, condition]) } ?? condition
    }
    var total: DifferentiableTensor<Scalar>?
    func move(
      _ half: DifferentiableTensor<Scalar>, by network: CouplingSubnetwork<Scalar>, seeing other: DifferentiableTensor<Scalar>?
    ) -> DifferentiableTensor<Scalar> {
      let (logScale, shift) = network(shown(other), clamp: clamp, stencil, in: pass)
      let own = sums(logScale)
      total = total.map { $0 + own } ?? own
      return direction == .normalising
        ? logScale.exponential() * half + shift : (half - shift) * (logScale * -1).exponential()
    }
    let source = direction == .sampling ? inverse.map { x.gatheringColumns($0) } ?? x : x
    var first = firstCount > 0 ? source.columns(0..<firstCount) : nil
    var second = source.columns(firstCount..<count)
    switch direction {
    case .normalising:
      if let half = first, let ofFirst { first = move(half, by: ofFirst, seeing: second) }
      second = move(second, by: ofSecond, seeing: first)
    case .sampling:
      second = move(second, by: ofSecond, seeing: first)
      if let half = first, let ofFirst { first = move(half, by: ofFirst, seeing: second) }
    }
    let joined = first.map { concatenateColumns([$0, second]) } ?? second
    let values = direction == .normalising ? order.map { joined.gatheringColumns($0) } ?? joined : joined
    guard let total else { preconditionFailure("A coupling transforms at least one half") }
    return (values, total)
  }
}
