// The named parameters of a network, which an optimiser changes, a moving average follows and a checkpoint stores.
// Layers hold references into a set, never tensors, so a network is a plain value that works with any set of the same
// layout.

import SextantArrays

/// Named tensors in a fixed order.
public struct ParameterSet<Scalar: TensorScalar>: Sendable {
  /// A reference to one tensor of the set.
  public struct Reference: Sendable, Hashable {
    let index: Int
  }

  /// The names in order, such as "down.0.convolution.weight".
  public private(set) var names: [String] = []
  /// The tensors, in the order of the names.
  public var tensors: [Tensor<Scalar>] = []
  /// Whether an optimiser changes each tensor; running statistics are not trained.
  public private(set) var isTrained: [Bool] = []

  public init() {}

  /// Adds a tensor under a new name.
  public mutating func add(_ name: String, _ tensor: Tensor<Scalar>, isTrained: Bool = true) -> Reference {
    precondition(!names.contains(name), "The parameter '\(name)' already exists")
    names.append(name)
    tensors.append(tensor)
    self.isTrained.append(isTrained)
    return Reference(index: names.count - 1)
  }

  public subscript(reference: Reference) -> Tensor<Scalar> {
    get { tensors[reference.index] }
    set { tensors[reference.index] = newValue }
  }

  /// The number of scalars that an optimiser changes.
  public var trainedCount: Int { zip(tensors, isTrained).reduce(0) { $0 + ($1.1 ? $1.0.count : 0) } }

  /// The same layout in another precision.
  public func converted<Result: TensorScalar>(to type: Result.Type) -> ParameterSet<Result> {
    var result = ParameterSet<Result>()
    for (i, name) in names.enumerated() {
      _ = result.add(name, tensors[i].converted(to: Result.self), isTrained: isTrained[i])
    }
    return result
  }
}

/// Builds a parameter set layer by layer. Names depend on the scope and initial values on the name, so an added layer
/// does not change the initial values of the others.
public struct ParameterBuilder<Scalar: TensorScalar> {
  /// The set built so far.
  public private(set) var parameters = ParameterSet<Scalar>()
  private var scopes: [String] = []
  private let random: RandomStream?

  /// - Parameter random: the random stream for initial values.
  public init(random: RandomStream) { self.random = random }

  private init() { random = nil }

  /// A builder of names and shapes alone: the content of the tensors is undefined and their memory is not touched.
  ///
  /// For networks that are read from a file, because drawing the initial values of a large network takes longer than
  /// reading it.
  public static var layout: ParameterBuilder { ParameterBuilder() }

  /// Prefixes the names added by `body` with "name.".
  public mutating func scope<R>(_ name: String, _ body: (inout ParameterBuilder) throws -> R) rethrows -> R {
    scopes.append(name)
    defer { scopes.removeLast() }
    return try body(&self)
  }

  private func path(_ name: String) -> String { (scopes + [name]).joined(separator: ".") }

  /// A tensor filled with `value`.
  public mutating func constant(
    _ name: String, _ shape: [Int], _ value: Scalar = 0, isTrained: Bool = true
  ) -> ParameterSet<Scalar>.Reference {
    let tensor = random == nil ? Tensor(shape: shape) { _ in } : Tensor(repeating: value, shape: shape)
    return parameters.add(path(name), tensor, isTrained: isTrained)
  }

  /// Independent normal values with mean 0.
  public mutating func normal(
    _ name: String, _ shape: [Int], standardDeviation: Double
  ) -> ParameterSet<Scalar>.Reference {
    guard var stream = random?.split(path(name)) else { return constant(name, shape) }
    return parameters.add(path(name), converted(stream.normals(shape, as: Double.self)) * Scalar(standardDeviation))
  }

  /// Independent values, uniform in ±`bound`.
  public mutating func uniform(
    _ name: String, _ shape: [Int], bound: Double
  ) -> ParameterSet<Scalar>.Reference {
    guard var stream = random?.split(path(name)) else { return constant(name, shape) }
    let numbers = Tensor<Double>(shape: shape) { out in
      for i in 0..<out.count { out[i] = stream.uniform(in: -bound..<bound) }
    }
    return parameters.add(path(name), converted(numbers))
  }

  /// Initial values are drawn in double precision and rounded, so networks of both precisions start from the same
  /// values.
  private func converted(_ numbers: Tensor<Double>) -> Tensor<Scalar> {
    Tensor(shape: numbers.shape) { out in
      numbers.withUnsafeScalars { numbers in
        guard let numbers = numbers.baseAddress, let target = out.baseAddress else { return }
        Scalar.kernels.fromDoubles(count: out.count, numbers, adds: false, to: target)
      }
    }
  }
}
