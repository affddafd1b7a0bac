// The numbers of a network by name: what an optimiser changes, an average follows and a checkpoint holds.
// Layers keep references into a set, never tensors, so a network is a plain value that any set of the same layout serves.

import SextantArrays

/// Named tensors in a fixed order.
public struct ParameterSet<Scalar: TensorScalar>: Sendable {
  /// One tensor of the set.
  public struct Reference: Sendable, Hashable {
    let index: Int
  }

  /// The names in order, such as "down.0.convolution.weight".
  public private(set) var names: [String] = []
  /// The tensors in the order of the names.
  public var tensors: [Tensor<Scalar>] = []
  /// Whether each is changed by an optimiser; running statistics are not.
  public private(set) var isTrained: [Bool] = []

  public init() {}

  /// Adds a tensor under a name that is not taken.
  public mutating func add(_ name: String, _ tensor: Tensor<Scalar>, isTrained: Bool = true) -> Reference {
    precondition(!names.contains(name), "The parameter '\(name)' is there already")
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

/// Builds a parameter set layer by layer, with names by scope and initial values by name: adding a layer never
/// changes the values that another starts from.
public struct ParameterBuilder<Scalar: TensorScalar> {
  /// What was built so far.
  public private(set) var parameters = ParameterSet<Scalar>()
  private var scopes: [String] = []
  private let random: RandomStream?

  /// - Parameter random: where initial values come from.
  public init(random: RandomStream) { self.random = random }

  private init() { random = nil }

  /// Builds names and shapes alone: the tensors' content is unspecified and their memory is not touched.
  ///
  /// For networks whose numbers come from a file: drawing those of a large one takes longer than reading it.
  public static var layout: ParameterBuilder { ParameterBuilder() }

  /// Puts "name." before the names of what `body` adds.
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

  /// Independent normal numbers of mean 0.
  public mutating func normal(
    _ name: String, _ shape: [Int], deviation: Double
  ) -> ParameterSet<Scalar>.Reference {
    guard var stream = random?.split(path(name)) else { return constant(name, shape) }
    return parameters.add(path(name), converted(stream.normals(shape, as: Double.self)) * Scalar(deviation))
  }

  /// Independent numbers, uniform in ±`bound`.
  public mutating func uniform(
    _ name: String, _ shape: [Int], bound: Double
  ) -> ParameterSet<Scalar>.Reference {
    guard var stream = random?.split(path(name)) else { return constant(name, shape) }
    let numbers = Tensor<Double>(shape: shape) { out in
      for i in 0..<out.count { out[i] = stream.uniform(in: -bound..<bound) }
    }
    return parameters.add(path(name), converted(numbers))
  }

  /// Drawn in double precision and rounded: networks of both precisions start from the same numbers.
  private func converted(_ numbers: Tensor<Double>) -> Tensor<Scalar> {
    Tensor(shape: numbers.shape) { out in
      numbers.withUnsafeScalars { numbers in
        guard let numbers = numbers.baseAddress, let target = out.baseAddress else { return }
        Scalar.networkKernels.fromDoubles(out.count, numbers, false, target)
      }
    }
  }
}
