// The n-dimensional array: row-major, contiguous, with value semantics, in pooled memory.
//
// Another compute device could be added behind this module: code above it accesses the storage only through
// `withUnsafeScalars`, which a device could implement by copying. There are no views or strides: reshaping is free, and
// everything else creates a new tensor. Functions that take a closure are `@inlinable`, so that other modules compile
// the loops for their own scalar types and closures.

/// A row-major array of `Float` or `Double` with any number of dimensions.
///
/// Copies share memory until one is written. Shape mismatches are programming errors and trap with both shapes.
public struct Tensor<Scalar: TensorScalar>: Sendable {
  /// The extent of each dimension, outermost first.
  public private(set) var shape: [Int]
  /// The number of scalars.
  public let count: Int
  @usableFromInline var storage: TensorStorage<Scalar>

  @usableFromInline
  init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "Negative extent in shape \(shape)")
    self.shape = shape
    count = shape.reduce(1, *)
    storage = TensorStorage(count: count)
  }

  /// Memory with undefined content, filled by `initialize`, which receives all `count` scalars.
  @inlinable
  public init(
    shape: [Int], initializingWith initialize: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows {
    self.init(uninitialized: shape)
    try initialize(UnsafeMutableBufferPointer(start: storage.base, count: count))
  }

  /// A tensor filled with `value`.
  @inlinable
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(shape: shape) { $0.initialize(repeating: value) }
  }

  /// A tensor filled with zeros.
  @inlinable
  public static func zeros(_ shape: [Int]) -> Tensor {
    // As bytes: element by element this is slow if the compiler does not know the scalar type.
    Tensor(shape: shape) { UnsafeMutableRawBufferPointer($0).initializeMemory(as: UInt8.self, repeating: 0) }
  }

  /// A tensor with `scalars` in row-major order.
  @inlinable
  public init(_ scalars: some Collection<Scalar>, shape: [Int]) {
    precondition(
      scalars.count == shape.reduce(1, *), "\(scalars.count) scalars do not fill shape \(shape)")
    self.init(shape: shape) { _ = $0.initialize(from: scalars) }
  }

  /// A one-dimensional tensor with `scalars`.
  public init(_ scalars: some Collection<Scalar>) { self.init(scalars, shape: [scalars.count]) }

  /// The n×n identity matrix.
  public static func identity(_ n: Int) -> Tensor {
    var result = zeros([n, n])
    result.withUnsafeMutableScalars { for i in 0..<n { $0[i * n + i] = 1 } }
    return result
  }

  /// A copy of the scalars in row-major order.
  @inlinable
  public var scalars: [Scalar] { withUnsafeScalars { Array($0) } }

  /// The number of rows of the tensor as a matrix, that is the product of all dimensions but the last.
  @inlinable
  public var rowCount: Int { shape.isEmpty ? 1 : shape.dropLast().reduce(1, *) }
  /// The number of columns of the tensor as a matrix, that is the last dimension.
  @inlinable
  public var columnCount: Int { shape.last ?? 1 }

  /// Calls `body` with the scalars in row-major order.
  @inlinable
  public func withUnsafeScalars<R, E: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeBufferPointer(start: storage.base, count: count))
  }

  /// Calls `body` with the scalars for writing, after ensuring that this tensor is the only owner of its memory.
  @inlinable
  public mutating func withUnsafeMutableScalars<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(E) -> R
  ) throws(E) -> R {
    makeUnique()
    return try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
  }

  @usableFromInline
  mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = TensorStorage<Scalar>(count: count)
    copy.base.update(from: storage.base, count: count)
    storage = copy
  }

  /// The scalar at a full index, with bounds checking. For tests and small computations; loops belong in operations.
  @inlinable
  public subscript(index: Int...) -> Scalar {
    get { withUnsafeScalars { $0[offset(of: index)] } }
    set {
      let offset = offset(of: index)
      withUnsafeMutableScalars { $0[offset] = newValue }
    }
  }

  @usableFromInline
  func offset(of index: [Int]) -> Int {
    precondition(index.count == shape.count, "Index \(index) into shape \(shape)")
    var offset = 0
    for (i, extent) in zip(index, shape) {
      precondition(i >= 0 && i < extent, "Index \(index) outside shape \(shape)")
      offset = offset * extent + i
    }
    return offset
  }

  /// The same scalars with another shape, sharing memory.
  public func reshaped(to shape: [Int]) -> Tensor {
    precondition(
      shape.reduce(1, *) == count, "Shape \(self.shape) cannot be reshaped to \(shape)")
    var result = self
    result.shape = shape
    return result
  }
}

extension Tensor: Equatable {
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape
      && a.withUnsafeScalars { a in b.withUnsafeScalars { b in a.elementsEqual(b) } }
  }
}

extension Tensor: CustomStringConvertible {
  public var description: String {
    let head = withUnsafeScalars { $0.prefix(8).map { "\($0)" }.joined(separator: ", ") }
    return "Tensor<\(Scalar.self)>\(shape)[\(head)\(count > 8 ? ", …" : "")]"
  }
}
