// The reverse-mode tape: operations are computed at once and remembered, and run backwards for gradients.
//
// The tape knows no operation. Each operation stands beside its pullback in a file of its own and calls
// `record`. A tape serves one evaluation and is then dropped, which gives its memory back to the pool.
// Operations on the path of a training step are `@specialized` for `Float`: generic code that other modules call is
// otherwise compiled once for all types, and looking those up took a third of the step of a small network.

import SextantArrays

/// A record of one evaluation, from which gradients are taken.
///
/// Not shared between threads; operations are parallel inside.
public final class Tape<Scalar: TensorScalar> {
  /// What an operation does to pass a gradient on to its inputs.
  public typealias Pullback = (_ gradient: Tensor<Scalar>, _ cotangents: inout Cotangents<Scalar>) -> Void

  private struct Node {
    /// Absent for leaves.
    var pullback: Pullback?
    var operation: StaticString
  }

  private var nodes: [Node] = []
  private var scopes: [String] = []
  /// Whether every recorded value is looked at for infinities and NaN: slow, for finding where they began.
  private let looksForNonFinite: Bool
  /// Where the first value that was not finite arose: its scopes, then its operation.
  public private(set) var firstNonFinite: String?
  /// Where times are written to, if anywhere.
  private let profile = OperationProfile.current
  /// When the last value was recorded, or the tape begun; of use to the profile alone.
  private var lastRecord = ContinuousClock.now
  private var hasRecorded = false

  /// - Parameter findingNonFinite: Look at every value that is recorded, to fill ``firstNonFinite``.
  public init(findingNonFinite: Bool = false) {
    looksForNonFinite = findingNonFinite
  }

  /// A value without a gradient.
  public func constant(_ value: Tensor<Scalar>) -> Variable<Scalar> { Variable(value: value, tape: self, index: nil) }

  /// A leaf whose gradient is wanted.
  public func leaf(_ value: Tensor<Scalar>) -> Variable<Scalar> {
    nodes.append(Node(pullback: nil, operation: "leaf"))
    return Variable(value: value, tape: self, index: nodes.count - 1)
  }

  /// The result of an operation on `inputs`, remembered if any of them wants a gradient.
  ///
  /// - Parameters:
  ///   - operation: its name, for messages.
  ///   - pullback: adds the gradients of its inputs; called once at most. It should hold on to as little as it can.
  public func record(
    _ value: Tensor<Scalar>, operation: StaticString, from inputs: [Variable<Scalar>], pullback: @escaping Pullback
  ) -> Variable<Scalar> {
    if let profile {
      let now = ContinuousClock.now
      // What comes first is mostly the step's data.
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
    return Variable(value: value, tape: self, index: nodes.count - 1)
  }

  /// Names what `body` records, for messages: "step 3", "attention".
  public func scope<R>(_ name: @autoclosure () -> String, _ body: () throws -> R) rethrows -> R {
    guard looksForNonFinite else { return try body() }
    scopes.append(name())
    defer { scopes.removeLast() }
    return try body()
  }

  /// Runs the tape backwards from `output` and empties it.
  ///
  /// - Parameter seed: the gradient with respect to `output`; 1 for a single number if none is given.
  /// - Returns: the gradients of all leaves that `output` depends on.
  @specialized(where Scalar == Float)
  public func gradients(of output: Variable<Scalar>, seed: Tensor<Scalar>? = nil) -> Gradients<Scalar> {
    precondition(seed != nil || output.value.count == 1, "The gradient of shape \(output.value.shape) needs a seed")
    var cotangents = Cotangents<Scalar>(isLeaf: nodes.map { $0.pullback == nil })
    guard let last = output.index else { return Gradients(cotangents) }
    cotangents.values[last] = seed ?? Tensor(repeating: 1, shape: output.value.shape)
    for index in stride(from: last, through: 0, by: -1) {
      // Dropping each pullback as it has been called gives what it held back to the pool at once.
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
public struct Variable<Scalar: TensorScalar> {
  /// The value, known at once.
  public let value: Tensor<Scalar>
  /// The tape that it was recorded on.
  public let tape: Tape<Scalar>
  /// Its place there; nil for a constant.
  let index: Int?

  /// The shape of the value.
  public var shape: [Int] { value.shape }
  /// Whether anything before it wants a gradient.
  public var wantsGradient: Bool { index != nil }
  /// Where its gradient goes: what a pullback holds on to instead of the variable, where it does not need the value.
  public var slot: GradientSlot<Scalar> { GradientSlot(index: index, shape: shape) }
  /// The same value without its past: no gradient flows through it.
  public var detached: Variable { tape.constant(value) }
}

/// Where the gradient of a variable goes, without the variable's value, whose memory it would keep.
public struct GradientSlot<Scalar: TensorScalar>: Sendable {
  /// The variable's place on the tape; nil for a constant.
  let index: Int?
  /// The shape of value and gradient.
  public let shape: [Int]

  /// How many numbers these are.
  public var count: Int { shape.reduce(1, *) }
  /// Whether a gradient is wanted.
  public var wantsGradient: Bool { index != nil }
}

/// Gradients on their way back: pullbacks add to them.
public struct Cotangents<Scalar: TensorScalar> {
  fileprivate var values: [Tensor<Scalar>?]
  /// Gradients of leaves that are products so far, by index; ``values`` has none then.
  fileprivate var products: [Int: (g: Tensor<Scalar>, x: Tensor<Scalar>)] = [:]
  private let isLeaf: [Bool]

  fileprivate init(isLeaf: [Bool]) {
    self.isLeaf = isLeaf
    values = Array(repeating: nil, count: isLeaf.count)
  }

  /// Adds to the gradient of `input`; nothing happens where none is wanted.
  public mutating func add(_ gradient: @autoclosure () -> Tensor<Scalar>, to input: Variable<Scalar>) {
    add(gradient(), to: input.slot)
  }

  /// Adds to the gradient that goes to `slot`; nothing happens where none is wanted.
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

  /// Adds to the gradient of `input` in place: `body` is given the memory and whether it holds an earlier sum to
  /// add to; where it does not, the content is unspecified and is to be overwritten.
  public mutating func accumulate(
    to input: Variable<Scalar>, _ body: (_ memory: UnsafeMutableBufferPointer<Scalar>, _ adds: Bool) -> Void
  ) {
    accumulate(to: input.slot, body)
  }

  /// The same for what goes to `slot`.
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

  /// Keeps Gᵀ·X as the gradient of `input` in its two factors, if that is worth it and nothing else adds to it so far.
  ///
  /// - Parameters:
  ///   - g, x: rows×outputs and rows×inputs; `input` is outputs×inputs.
  /// - Returns: false where the product is to be formed and added by the caller.
  mutating func keepProduct(_ g: Tensor<Scalar>, _ x: Tensor<Scalar>, of input: Variable<Scalar>) -> Bool {
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

  /// The gradient of `leaf`, or nil if the output does not depend on it.
  public subscript(leaf: Variable<Scalar>) -> Tensor<Scalar>? { parameterGradient(of: leaf)?.tensor }

  /// The same, in its factors where it was kept so.
  public func parameterGradient(of leaf: Variable<Scalar>) -> ParameterGradient<Scalar>? {
    guard let index = leaf.index else { return nil }
    if let product = cotangents.products[index] { return .product(product.g, product.x) }
    return cotangents.values[index].map { .whole($0) }
  }
}
