// The n-dimensional array: row-major, contiguous, with value semantics, on pooled storage.
//
// This module is the one seam behind which another compute device could stand: nothing above it
// touches raw storage except through `withUnsafeScalars`, which such a device would answer by copying.
// There are no views or strides here; reshaping is free, everything else makes a new tensor.
// What takes a closure is `@inlinable`, so that loops in other modules are compiled for their own scalar and closure.

/// A row-major array of `Float` or `Double` with any number of dimensions.
///
/// Copies share memory until one is written to. Shapes that do not fit are programmer errors and trap with both shapes.
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

  /// Memory with unspecified content, to be filled by `initialize`, which is given all `count` scalars.
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
    // As bytes: element by element it is slow where the scalar type is not known to the compiler.
    Tensor(shape: shape) { UnsafeMutableRawBufferPointer($0).initializeMemory(as: UInt8.self, repeating: 0) }
  }

  /// A tensor holding `scalars` in row-major order.
  @inlinable
  public init(_ scalars: some Collection<Scalar>, shape: [Int]) {
    precondition(
      scalars.count == shape.reduce(1, *), "\(scalars.count) scalars do not fill shape \(shape)")
    self.init(shape: shape) { _ = $0.initialize(from: scalars) }
  }

  /// A one-dimensional tensor holding `scalars`.
  public init(_ scalars: some Collection<Scalar>) { self.init(scalars, shape: [scalars.count]) }

  /// The n×n identity matrix.
  public static func identity(_ n: Int) -> Tensor {
    var result = zeros([n, n])
    result.withUnsafeMutableScalars { for i in 0..<n { $0[i * n + i] = 1 } }
    return result
  }

  /// The scalars in row-major order, copied.
  @inlinable
  public var scalars: [Scalar] { withUnsafeScalars { Array($0) } }

  /// The number of rows of a matrix, and of its columns: the last dimension, and the product of all others.
  @inlinable
  public var rowCount: Int { shape.isEmpty ? 1 : shape.dropLast().reduce(1, *) }
  /// The extent of the last dimension.
  @inlinable
  public var columnCount: Int { shape.last ?? 1 }

  /// Calls `body` with the scalars in row-major order.
  @inlinable
  public func withUnsafeScalars<R, E: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeBufferPointer(start: storage.base, count: count))
  }

  /// Calls `body` with the scalars for writing, after making this tensor the only owner of its memory.
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

  /// The scalar at a full index, checked. For tests and small work; loops belong in operations.
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

  /// The same scalars under another shape, sharing memory.
  public func reshaped(to shape: [Int]) -> Tensor {
    precondition(
      shape.reduce(1, *) == count, "Shape \(self.shape) cannot be seen as shape \(shape)")
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
