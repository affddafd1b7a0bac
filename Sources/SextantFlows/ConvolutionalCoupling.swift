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

    /// What a range of the inputs contributes to the output.
    func part(
      _ inputs: Range<Int>, of x: DifferentiableTensor<Scalar>, _ stencil: Stencil?, hasBias: Bool,
      in pass: NetworkPass<Scalar>
    ) -> DifferentiableTensor<Scalar> {
      switch self {
      case .dense(let layer): return layer.part(inputs, of: x, hasBias: hasBias, in: pass)
      case .window(let layer):
        guard let stencil else { preconditionFailure("A convolution without pixels") }
        return layer.part(inputs, of: x, stencil, hasBias: hasBias, in: pass)
      }
    }
  }

  private let hidden: Layer
  private let last: Layer
  /// The numbers of channels of the other half and of the condition.
  private let seen, conditionWidth: Int
  private let outputs: Int

  /// - Parameters:
  ///   - seen: the number of channels of the other half.
  ///   - conditionWidth: the number of channels of the condition.
  ///   - outputs: the number of channels that it transforms.
  ///   - seesNeighbours: whether it sees 3×3 pixels rather than one.
  init(
    _ name: String, seen: Int, conditionWidth: Int, outputs: Int, width: Int, seesNeighbours: Bool,
    initialDeviation: Double,
    in builder: inout ParameterBuilder<Scalar>
  ) {
    (self.seen, self.conditionWidth, self.outputs) = (seen, conditionWidth, outputs)
    func layer(
      _ name: String, _ inputs: Int, _ outputs: Int, _ initial: InitialValues,
      in builder: inout ParameterBuilder<Scalar>
    ) -> Layer {
      seesNeighbours
        ? .window(StencilLayer(name, inputs: inputs, outputs: outputs, neighbours: 9, initial: initial, in: &builder))
        : .dense(Dense(name, inputs: inputs, outputs: outputs, initial: initial, in: &builder))
    }
    (hidden, last) = builder.scope(name) { builder in
      (
        layer("hidden", seen + conditionWidth, width, .normal(standardDeviation: initialDeviation), in: &builder),
        layer("last", width, 2 * outputs, .zeros, in: &builder)
      )
    }
  }

  /// The log-scales clamp·0.636·arctan(raw) and the shifts for what it sees.
  ///
  /// - Parameters:
  ///   - half: the other half (B×V×channels), or nil where there is one channel only.
  ///   - condition: P×V×channels, where P divides B and consecutive samples share a condition, which is seen once for all of them.
  ///     Where each has its own, one convolution sees both: the hidden channels are far more, and are written once.
  ///   - count: B.
  ///   - stencil: that of the pixels, if there are any.
  func callAsFunction(
    _ half: DifferentiableTensor<Scalar>?, condition: DifferentiableTensor<Scalar>, count: Int, clamp: Double,
    _ stencil: Stencil?,
    in pass: NetworkPass<Scalar>
  ) -> (logScale: DifferentiableTensor<Scalar>, shift: DifferentiableTensor<Scalar>) {
    let inner: DifferentiableTensor<Scalar>
    if let half, condition.shape[0] == count {
      inner = hidden(concatenateColumns([half, condition]), stencil, in: pass)
    } else {
      let ofCondition = hidden.part(seen..<seen + conditionWidth, of: condition, stencil, hasBias: true, in: pass)
      let (conditions, size) = (condition.shape[0], ofCondition.value.count / condition.shape[0])
      let shape = [count] + ofCondition.shape.dropFirst()
      if let half {
        inner = hidden.part(0..<seen, of: half, stencil, hasBias: false, in: pass)
          .reshaped(to: [conditions, count / conditions, size])
          .addingToRows(ofCondition.reshaped(to: [conditions, size])).reshaped(to: shape)
      } else {
        let places = (0..<count).map { Int32($0 * conditions / count) }
        inner = gatherRows(ofCondition.reshaped(to: [1, conditions, size]), places).reshaped(to: shape)
      }
    }
    let output = last(inner.relu(), stencil, in: pass)
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
      func network(_ name: String, _ seen: Int, _ changed: Int, in builder: inout ParameterBuilder<Scalar>)
        -> CouplingSubnetwork<Scalar>
      {
        CouplingSubnetwork(
          name, seen: seen, conditionWidth: conditionWidth, outputs: changed, width: width,
          seesNeighbours: seesNeighbours,
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

  /// The transformed numbers (of the shape of x, channels last), and the sums of the log-scales of each sample (B). Consecutive samples
  /// share a condition.
  func callAsFunction(
    _ x: DifferentiableTensor<Scalar>, condition: DifferentiableTensor<Scalar>, _ stencil: Stencil?,
    direction: FlowDirection,
    in pass: NetworkPass<Scalar>
  ) -> (values: DifferentiableTensor<Scalar>, logScaleSums: DifferentiableTensor<Scalar>) {
    let batch = x.shape[0]
    func sums(_ logScale: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
      logScale.reshaped(to: [batch, logScale.value.count / batch]).rowSums()
    }
    var total: DifferentiableTensor<Scalar>?
    func move(
      _ half: DifferentiableTensor<Scalar>, by network: CouplingSubnetwork<Scalar>,
      seeing other: DifferentiableTensor<Scalar>?
    ) -> DifferentiableTensor<Scalar> {
      let (logScale, shift) = network(other, condition: condition, count: batch, clamp: clamp, stencil, in: pass)
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
