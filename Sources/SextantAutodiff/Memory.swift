// Access to the memory of several tensors at once, and the partition of an operation's work. Ranges depend on shapes
// alone, so results have the same bits with any number of threads.

import SextantArrays

extension Tensor {
  /// Calls `body` with a pointer to the scalars, or to a placeholder if the tensor is empty.
  func reading<R>(_ body: (UnsafePointer<Scalar>) -> R) -> R {
    // Storage always has room for at least one scalar, so even an empty tensor has an address.
    withUnsafeScalars { $0.baseAddress.map(body) ?? withUnsafePointer(to: 0, body) }
  }
}

/// Calls `body` with pointers to the memory of two tensors.
func reading<Scalar: TensorScalar, R>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> R
) -> R {
  a.reading { a in b.reading { b in body(a, b) } }
}

/// Calls `body` with pointers to the memory of three tensors.
func reading<Scalar: TensorScalar, R>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ c: Tensor<Scalar>,
  _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> R
) -> R {
  a.reading { a in b.reading { b in c.reading { c in body(a, b, c) } } }
}

extension Tensor {
  /// Calls `body` with a pointer to the scalars for writing; does nothing if the tensor is empty.
  mutating func writing(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
    withUnsafeMutableScalars { scalars in
      if scalars.count > 0, let base = scalars.baseAddress { body(base) }
    }
  }

  /// A tensor of `shape` whose memory is written by `fill`, which is not called if the tensor is empty.
  init(writing shape: [Int], _ fill: (UnsafeMutablePointer<Scalar>) -> Void) {
    self.init(shape: shape) { memory in
      if memory.count > 0, let base = memory.baseAddress { fill(base) }
    }
  }
}

extension UnsafeMutablePointer where Pointee: TensorScalar {
  /// Writes zero bytes. Element by element this is slow if the compiler does not know the scalar type.
  func clear(count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
  }
}

extension Cotangents {
  /// ``accumulate(to:_:)`` with a pointer; does nothing if the tensor is empty.
  mutating func write(
    to input: DifferentiableTensor<Scalar>, _ body: (_ memory: UnsafeMutablePointer<Scalar>, _ adds: Bool) -> Void
  ) {
    write(to: input.slot, body)
  }

  /// The same for the gradient in `slot`.
  mutating func write(
    to slot: GradientSlot<Scalar>, _ body: (_ memory: UnsafeMutablePointer<Scalar>, _ adds: Bool) -> Void
  ) {
    accumulate(to: slot) { memory, adds in
      if memory.count > 0, let base = memory.baseAddress { body(base, adds) }
    }
  }
}

/// The partition of element-wise work into parts large enough to be worth a thread and small enough for the cache.
enum Work {
  /// The number of scalars in one part.
  static let grain = 1 << 14

  /// Partitions `count` scalars.
  static func overScalars(_ count: Int, _ body: (Range<Int>) -> Void) {
    // Sound, because operations write to disjoint ranges.
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      Parallel.forEachRange(of: count, grain: grain) { body($0) }
    }
  }

  /// Partitions `rows` rows of `columns` scalars.
  static func overRows(_ rows: Int, columns: Int, _ body: (Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      Parallel.forEachRange(of: rows, grain: rowGrain(columns)) { body($0) }
    }
  }

  /// Partitions `count` indices into ranges of `grain`.
  static func overRanges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      Parallel.forEachRange(of: count, grain: grain) { body($0) }
    }
  }

  /// Calls `body` once for each sample.
  static func overSamples(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      Parallel.forEach(count) { body($0) }
    }
  }

  /// Splits the `count` indices of each sample into ranges of `grain`.
  static func overSamples(_ samples: Int, of count: Int, grain: Int, _ body: (_ sample: Int, Range<Int>) -> Void) {
    let grain = max(1, grain)
    let parts = (count + grain - 1) / grain
    overSamples(samples * parts) { index in
      let (sample, part) = index.quotientAndRemainder(dividingBy: parts)
      body(sample, part * grain..<min(count, (part + 1) * grain))
    }
  }

  /// Splits `segments` blocks of `rows` rows each, never across blocks.
  static func overSegments(
    _ segments: Int, rows: Int, columns: Int, _ body: (_ segment: Int, _ part: Int, _ rows: Range<Int>) -> Void
  ) {
    let parts = partCount(rows: rows, columns: columns)
    let size = parts == 0 ? 0 : (rows + parts - 1) / parts
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      Parallel.forEach(segments * parts) { index in
        let (segment, part) = (index / parts, index % parts)
        let range = part * size..<min(rows, (part + 1) * size)
        if !range.isEmpty { body(segment, part, range) }
      }
    }
  }

  /// The number of parts into which ``overSegments(_:rows:columns:_:)`` partitions one block.
  static func partCount(rows: Int, columns: Int) -> Int {
    let grain = rowGrain(columns)
    return (rows + grain - 1) / grain
  }

  private static func rowGrain(_ columns: Int) -> Int { max(1, grain / max(1, columns)) }
}
