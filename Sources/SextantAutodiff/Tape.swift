// The tape of reverse-mode differentiation: operations are computed immediately and recorded, and their pullbacks run
// in reverse order to give gradients.
//
// The tape does not know any operation. Each operation is defined next to its pullback, in its own file, and calls
// `record`. A tape serves one evaluation and is then released, which returns its memory to the pool. Operations of a
// training step are `@specialized` for `Float`: the compiler otherwise emits one generic version of code that other
// modules call, and its run-time type lookups took a third of the step of a small network.

import SextantArrays

/// A record of one evaluation, from which gradients are computed.
///
/// A tape must not be shared between threads; operations are parallel inside.
public final class Tape<Scalar: TensorScalar> {
  /// The pullback of an operation: it adds the gradients of the inputs, given the gradient of the result.
  public typealias Pullback = (_ gradient: Tensor<Scalar>, _ cotangents: inout Cotangents<Scalar>) -> Void

  private struct Node {
    /// Nil for leaves.
    var pullback: Pullback?
    var operation: StaticString
  }

  private var nodes: [Node] = []
  private var scopes: [String] = []
  /// Whether every recorded value is checked for infinities and NaN. This is slow, and meant to find their origin.
  private let looksForNonFinite: Bool
  /// The scopes and the operation that gave the first non-finite value.
  public private(set) var firstNonFinite: String?
  /// The profile to which times are written, if any.
  private let profile = OperationProfile.current
  /// When the last value was recorded, or the tape created; used by the profile alone.
  private var lastRecord = ContinuousClock.now
  private var hasRecorded = false

  /// - Parameter findingNonFinite: whether to check every recorded value, which sets ``firstNonFinite``.
  public init(findingNonFinite: Bool = false) {
    looksForNonFinite = findingNonFinite
  }

  /// A value without a gradient.
  public func constant(_ value: Tensor<Scalar>) -> DifferentiableTensor<Scalar> {
    DifferentiableTensor(value: value, tape: self, index: nil)
  }

  /// A leaf, for which a gradient is computed.
  public func leaf(_ value: Tensor<Scalar>) -> DifferentiableTensor<Scalar> {
    nodes.append(Node(pullback: nil, operation: "leaf"))
    return DifferentiableTensor(value: value, tape: self, index: nodes.count - 1)
  }

  /// Records the result of an operation on `inputs`, with its pullback if any of them needs a gradient.
  ///
  /// - Parameters:
  ///   - value: the result.
  ///   - operation: the operation's name, for messages.
  ///   - inputs: the tensors from which the result was computed.
  ///   - pullback: adds the gradients of the inputs; it is called at most once. It should keep as little memory alive
  ///     as possible.
  public func record(
    _ value: Tensor<Scalar>, operation: StaticString, from inputs: [DifferentiableTensor<Scalar>],
    pullback: @escaping Pullback
  ) -> DifferentiableTensor<Scalar> {
    if let profile {
      let now = ContinuousClock.now
      // The time before the first operation is mostly spent on the step's data.
      profile.add(
        hasRecorded ? "\(operation)" : "before the first operation",
        forward: (now - lastRecord) / .seconds(1))
      hasRecorded = true
      lastRecord = now
    }
    if looksForNonFinite, firstNonFinite == nil, !value.isFinite {
      firstNonFinite = (scopes + ["\(operation)"]).joined(separator: " / ")
    }
    guard inputs.contains(where: \.wantsGradient) else { return constant(value) }
    nodes.append(Node(pullback: pullback, operation: operation))
    return DifferentiableTensor(value: value, tape: self, index: nodes.count - 1)
  }

  /// Names the scope of the operations that `body` records, for messages: "step 3", "attention".
  public func scope<R>(_ name: @autoclosure () -> String, _ body: () throws -> R) rethrows -> R {
    guard looksForNonFinite else { return try body() }
    scopes.append(name())
    defer { scopes.removeLast() }
    return try body()
  }

  /// Runs the tape backwards from `output` and empties it. `seed` is the gradient with respect to `output`; 1 by default
  /// if it is a single number.
  ///
  /// - Returns: the gradients of all leaves on which `output` depends.
  @specialized(where Scalar == Float)
  public func gradients(of output: DifferentiableTensor<Scalar>, seed: Tensor<Scalar>? = nil) -> Gradients<Scalar> {
    precondition(seed != nil || output.value.count == 1, "The gradient of shape \(output.value.shape) needs a seed")
    var cotangents = Cotangents<Scalar>(isLeaf: nodes.map { $0.pullback == nil })
    guard let last = output.index else { return Gradients(cotangents) }
    cotangents.values[last] = seed ?? Tensor(repeating: 1, shape: output.value.shape)
    for index in stride(from: last, through: 0, by: -1) {
      // Releasing each pullback after its call returns its memory to the pool immediately.
      guard let pullback = nodes[index].pullback else { continue }
      nodes[index].pullback = nil
      guard let gradient = cotangents.values[index] else { continue }
      cotangents.values[index] = nil
      let start = profile == nil ? nil : ContinuousClock.now
      pullback(gradient, &cotangents)
      if let start {
        profile?.add("\(nodes[index].operation)", backward: (ContinuousClock.now - start) / .seconds(1))
      }
    }
    nodes.removeAll(keepingCapacity: true)
    return Gradients(cotangents)
  }
}

/// A tensor on a tape.
public struct DifferentiableTensor<Scalar: TensorScalar> {
  /// The value, available immediately.
  public let value: Tensor<Scalar>
  /// The tape on which it was recorded.
  public let tape: Tape<Scalar>
  /// Its index on the tape; nil for a constant.
  let index: Int?

  /// The shape of the value.
  public var shape: [Int] { value.shape }
  /// Whether the variable needs a gradient, because it depends on a leaf.
  public var wantsGradient: Bool { index != nil }
  /// The destination of its gradient. A pullback that does not need the value captures this instead of the variable.
  public var slot: GradientSlot<Scalar> { GradientSlot(index: index, shape: shape) }
  /// The same value as a constant: no gradient flows through it.
  public var detached: DifferentiableTensor { tape.constant(value) }
}

/// The destination of a variable's gradient, without its value, whose memory it would keep alive.
public struct GradientSlot<Scalar: TensorScalar>: Sendable {
  /// The variable's index on the tape; nil for a constant.
  let index: Int?
  /// The shape of the value and of the gradient.
  public let shape: [Int]

  /// The number of scalars.
  public var count: Int { shape.reduce(1, *) }
  /// Whether a gradient is needed.
  public var wantsGradient: Bool { index != nil }
}

/// The gradients during the backward pass; pullbacks add to them.
public struct Cotangents<Scalar: TensorScalar> {
  fileprivate var values: [Tensor<Scalar>?]
  /// Gradients of leaves that are so far a single product, by index; ``values`` has no entry for them.
  fileprivate var products: [Int: (g: Tensor<Scalar>, x: Tensor<Scalar>)] = [:]
  private let isLeaf: [Bool]

  fileprivate init(isLeaf: [Bool]) {
    self.isLeaf = isLeaf
    values = Array(repeating: nil, count: isLeaf.count)
  }

  /// Adds to the gradient of `input`; does nothing if it needs none.
  public mutating func add(_ gradient: @autoclosure () -> Tensor<Scalar>, to input: DifferentiableTensor<Scalar>) {
    add(gradient(), to: input.slot)
  }

  /// Adds to the gradient in `slot`; does nothing if it needs none.
  public mutating func add(_ gradient: @autoclosure () -> Tensor<Scalar>, to slot: GradientSlot<Scalar>) {
    guard let index = slot.index else { return }
    formProduct(at: index)
    let gradient = gradient()
    precondition(gradient.count == slot.count, "Gradient of shape \(gradient.shape) for \(slot.shape)")
    if values[index] == nil {
      values[index] = gradient.reshaped(to: slot.shape)
    } else {
      values[index]?.add(gradient)
    }
  }

  /// Adds to the gradient of `input` in place. `body` receives the memory and whether it contains an earlier sum to add
  /// to; if not, the content is undefined and must be overwritten.
  public mutating func accumulate(
    to input: DifferentiableTensor<Scalar>, _ body: (_ memory: UnsafeMutableBufferPointer<Scalar>, _ adds: Bool) -> Void
  ) {
    accumulate(to: input.slot, body)
  }

  /// The same for the gradient in `slot`.
  public mutating func accumulate(
    to slot: GradientSlot<Scalar>, _ body: (_ memory: UnsafeMutableBufferPointer<Scalar>, _ adds: Bool) -> Void
  ) {
    guard let index = slot.index else { return }
    formProduct(at: index)
    if values[index] == nil {
      values[index] = Tensor(shape: slot.shape) { body($0, false) }
    } else {
      values[index]?.withUnsafeMutableScalars { body($0, true) }
    }
  }

  /// Keeps Gᵀ·X as the gradient of `input` (outputs×inputs) in its two factors G (rows×outputs) and X (rows×inputs), if
  /// that saves work and nothing else has been added to it. Returns false if the caller has to form and add the product.
  mutating func keepProduct(_ g: Tensor<Scalar>, _ x: Tensor<Scalar>, of input: DifferentiableTensor<Scalar>) -> Bool {
    guard let index = input.index else { return true }
    guard isLeaf[index], values[index] == nil, products[index] == nil,
      ParameterGradient<Scalar>.keepsFactors(rows: x.rowCount, outputs: g.columnCount, inputs: x.columnCount)
    else { return false }
    products[index] = (g, x)
    return true
  }

  private mutating func formProduct(at index: Int) {
    guard let product = products.removeValue(forKey: index) else { return }
    values[index] = ParameterGradient.product(product.g, product.x).tensor
  }
}

/// The gradients of a tape's leaves.
public struct Gradients<Scalar: TensorScalar> {
  private var cotangents: Cotangents<Scalar>

  fileprivate init(_ cotangents: Cotangents<Scalar>) { self.cotangents = cotangents }

  /// The gradient with respect to `leaf`, or nil if the output does not depend on it.
  public subscript(leaf: DifferentiableTensor<Scalar>) -> Tensor<Scalar>? { parameterGradient(of: leaf)?.tensor }

  /// The same, as two factors if it was kept in that form.
  public func parameterGradient(of leaf: DifferentiableTensor<Scalar>) -> ParameterGradient<Scalar>? {
    guard let index = leaf.index else { return nil }
    if let product = cotangents.products[index] { return .product(product.g, product.x) }
    return cotangents.values[index].map { .whole($0) }
  }
}
