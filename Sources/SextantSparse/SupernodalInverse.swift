// Entries of A⁻¹ at the places of a supernodal factor, by the recurrence of Takahashi, Fagan and Chen (1973) in its block form
// (Lin, Yang, Meza, Lu, Ying and E 2011, "SelInv"; Rue and Held 2005, section 2.4). From the roots down, a supernode with the
// columns C and the rows J below them has, with W = L_JC·L_CC⁻¹ and Z = A⁻¹ in the factor's order,
//
//     Z_JC = −Z_JJ·W,    Z_CC = L_CC⁻ᵀ·L_CC⁻¹ − Wᵀ·Z_JC,
//
// and Z_JJ lies in the blocks of its ancestors. Tiles depend on shapes alone, so the bits are the same on any number of threads.

import Foundation
import SextantArrays
import Synchronization

/// The entries of A⁻¹ at the places of a supernodal factor. They never change after `init`.
final class SupernodalInverse: InverseEntries, @unchecked Sendable {
  // Sendable is sound: the values are written to by `init` alone.
  private let pattern: SupernodalPattern
  /// For each supernode its rows × columns values, row by row; those above the diagonal are undefined.
  private let values: UnsafeMutablePointer<Double>
  /// The place of each of the matrix's rows in the factor (n).
  private let places: [Int32]
  /// The supernode of each of the factor's columns (n).
  private let supernodes: [Int32]

  /// Memory: that of the factor's values, and for each thread three blocks of the size of the largest front it treats.
  ///
  /// - Throws: ``SparseCholeskyError/outOfMemory(size:neededBytes:)``.
  init(_ factor: SupernodalFactor) throws {
    let pattern = factor.pattern
    let byteCount = 8 * max(1, pattern.valueStarts[pattern.count])
    // Zeroed by the system as it is touched.
    guard let memory = calloc(byteCount, 1) else {
      throw SparseCholeskyError.outOfMemory(size: pattern.size, neededBytes: byteCount)
    }
    let values = memory.bindMemory(to: Double.self, capacity: byteCount / 8)
    let recurrence = Recurrence(pattern: pattern, factor: factor.values, inverse: values)
    OpenBLAS.withSingleThread { recurrence.run() }
    if let missing = recurrence.missingBytes {
      free(memory)
      throw SparseCholeskyError.outOfMemory(size: pattern.size, neededBytes: byteCount + missing)
    }
    var places = [Int32](repeating: 0, count: pattern.size)
    for (place, row) in pattern.permutation.enumerated() { places[Int(row)] = Int32(place) }
    var supernodes = places
    for s in 0..<pattern.count {
      for column in pattern.firstColumns[s]..<pattern.firstColumns[s + 1] { supernodes[Int(column)] = Int32(s) }
    }
    self.pattern = pattern
    self.values = values
    self.places = places
    self.supernodes = supernodes
  }

  deinit { free(values) }

  var byteCount: Int { 8 * pattern.valueStarts[pattern.count] + 8 * pattern.size }

  var diagonal: [Double] {
    var result = [Double](repeating: 0, count: pattern.size)
    for s in 0..<pattern.count {
      let columns = pattern.columnCount(s)
      for k in 0..<columns {
        let row = pattern.permutation[Int(pattern.firstColumns[s]) + k]
        result[Int(row)] = values[pattern.valueStarts[s] + k * (columns + 1)]
      }
    }
    return result
  }

  subscript(row: Int, column: Int) -> Double? {
    let (high, low) = (max(places[row], places[column]), min(places[row], places[column]))
    let s = Int(supernodes[Int(low)])
    let (columns, first) = (pattern.columnCount(s), pattern.firstColumns[s])
    guard let place = placeOfRow(high, in: s) else { return nil }
    return values[pattern.valueStarts[s] + place * columns + Int(low - first)]
  }

  /// The place of a row of the factor among the rows of a supernode; nil where it is none of them.
  private func placeOfRow(_ row: Int32, in s: Int) -> Int? {
    if row < pattern.firstColumns[s + 1] { return Int(row - pattern.firstColumns[s]) }
    var (low, high) = (pattern.rowStarts[s] + pattern.columnCount(s), pattern.rowStarts[s + 1])
    let end = high
    while low < high {
      let middle = (low + high) / 2
      if pattern.rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < end && pattern.rows[low] == row ? low - pattern.rowStarts[s] : nil
  }
}

/// The state of one inversion.
private final class Recurrence: @unchecked Sendable {
  // Sendable is sound: each supernode is computed by one thread, after its ancestors, and writes to its own memory.
  private let pattern: SupernodalPattern
  private let factor: UnsafeMutablePointer<Double>
  private let inverse: UnsafeMutablePointer<Double>
  private let largestMissing = Mutex<Int?>(nil)

  /// The width of a tile of dense work.
  private static let tileWidth = 192

  /// Calls its second argument for all indices below its first, in any order or at once.
  private typealias Tiles = (Int, @Sendable (Int) -> Void) -> Void

  init(pattern: SupernodalPattern, factor: UnsafeMutablePointer<Double>, inverse: UnsafeMutablePointer<Double>) {
    (self.pattern, self.factor, self.inverse) = (pattern, factor, inverse)
  }

  /// The bytes of the largest front for which there was no memory; nil when there was enough.
  var missingBytes: Int? { largestMissing.withLock(\.self) }

  func run() {
    do {
      let buffer = FrontBuffer()
      for s in pattern.top.reversed() {
        guard invert(s, buffer, inTiles: { count, body in Parallel.forEach(count, body) }) else { return }
      }
    }
    Parallel.forEach(pattern.subtrees.count) { index in
      let buffer = FrontBuffer()
      for s in pattern.subtrees[index].reversed() {
        let isDone = invert(s, buffer, inTiles: { count, body in for tile in 0..<count { body(tile) } })
        guard isDone else { return }
      }
    }
  }

  /// Computes the block of supernode `s`, and returns whether there was memory for it.
  private func invert(_ s: Int, _ buffer: FrontBuffer, inTiles: Tiles) -> Bool {
    let columns = pattern.columnCount(s)
    let below = pattern.rowCount(s) - columns
    let count = below * below + below * columns + columns * columns
    guard let memory = buffer.reserve(count, indices: below) else {
      largestMissing.withLock { $0 = max($0 ?? 0, 8 * count) }
      return false
    }
    let l = UncheckedPointer(factor + pattern.valueStarts[s])
    let z = UncheckedPointer(inverse + pattern.valueStarts[s])
    let square = UncheckedPointer(memory.values)
    let w = UncheckedPointer(square.base + below * below)
    let m = UncheckedPointer(w.base + below * columns)
    let lower = columns * columns
    let (down, across) = (Self.tileCount(below), Self.tileCount(columns))

    gather(s, into: square, by: memory.indices, inTiles: inTiles)
    inTiles(down) { index in
      let rows = Self.tile(index, of: below)
      let target = w.base + rows.lowerBound * columns
      target.update(from: l.base + lower + rows.lowerBound * columns, count: rows.count * columns)
      Double.solveTriangleForRows(true, columns, rows.count, l.base, columns, target, columns)
    }
    inTiles(down * across) { index in
      let (i, j) = (Self.tile(index / across, of: below), Self.tile(index % across, of: columns))
      Double.multiply(
        false, false, i.count, j.count, below, -1, square.base + i.lowerBound * below, below, w.base + j.lowerBound,
        columns, 0, z.base + lower + i.lowerBound * columns + j.lowerBound, columns)
    }
    // The rows of L_CC⁻¹.
    inTiles(across) { index in
      let rows = Self.tile(index, of: columns)
      let target = m.base + rows.lowerBound * columns
      target.update(repeating: 0, count: rows.count * columns)
      for row in 0..<rows.count { target[row * columns + rows.lowerBound + row] = 1 }
      Double.solveTriangleForRows(true, rows.upperBound, rows.count, l.base, columns, target, columns)
    }
    inTiles(across * (across + 1) / 2) { index in
      let (row, column) = BlockedProduct.trianglePlace(index)
      let (i, j) = (Self.tile(row, of: columns), Self.tile(column, of: columns))
      let start = i.lowerBound * columns
      let target = z.base + start + j.lowerBound
      Double.multiply(
        true, false, i.count, j.count, columns - i.lowerBound, 1, m.base + start + i.lowerBound, columns,
        m.base + start + j.lowerBound, columns, 0, target, columns)
      guard below > 0 else { return }
      Double.multiply(
        true, false, i.count, j.count, below, -1, w.base + i.lowerBound, columns, z.base + lower + j.lowerBound,
        columns, 1, target, columns)
    }
    return true
  }

  /// Copies Z_JJ for the rows J below supernode `s` from the blocks of its ancestors, with both triangles.
  ///
  /// A row's place among the rows of one ancestor leads to its place among those of the next.
  private func gather(
    _ s: Int, into square: UncheckedPointer<Double>, by places: UncheckedPointer<Int32>, inTiles: Tiles
  ) {
    let start = pattern.rowStarts[s] + pattern.columnCount(s)
    let below = pattern.rowStarts[s + 1] - start
    pattern.places.withUnsafeBufferPointer { steps in
      for i in 0..<below { places[i] = steps[start + i] }
      var (first, ancestor) = (0, Int(pattern.parents[s]))
      while first < below, ancestor >= 0 {
        let columns = pattern.columnCount(ancestor)
        var end = first
        while end < below, places[end] < columns { end += 1 }
        if end > first {
          let source = UncheckedPointer(inverse + pattern.valueStarts[ancestor])
          let (own, rows) = (first..<end, below - first)
          inTiles(Self.tileCount(rows)) { index in
            for i in Self.tile(index, of: rows) {
              let i = own.lowerBound + i
              let values = source.base + Int(places[i]) * columns
              for j in own.lowerBound..<min(own.upperBound, i + 1) {
                let value = values[Int(places[j])]
                square[i * below + j] = value
                square[j * below + i] = value
              }
            }
          }
        }
        for i in end..<below { places[i] = steps[pattern.rowStarts[ancestor] + Int(places[i])] }
        (first, ancestor) = (end, Int(pattern.parents[ancestor]))
      }
    }
  }

  private static func tileCount(_ length: Int) -> Int { (length + tileWidth - 1) / tileWidth }

  private static func tile(_ index: Int, of length: Int) -> Range<Int> {
    index * tileWidth..<min(length, (index + 1) * tileWidth)
  }
}

/// Memory for the dense work of one supernode after another.
private final class FrontBuffer {
  private var values: UnsafeMutablePointer<Double>?
  private var capacity = 0
  private var indices: UnsafeMutablePointer<Int32>?
  private var indexCapacity = 0

  deinit {
    free(values)
    free(indices)
  }

  /// Memory for so many values and indices, uninitialised; nil if there is not enough.
  func reserve(
    _ count: Int, indices indexCount: Int
  ) -> (values: UnsafeMutablePointer<Double>, indices: UncheckedPointer<Int32>)? {
    if values == nil || count > capacity {
      free(values)
      capacity = max(count, 1024)
      values = malloc(8 * capacity)?.bindMemory(to: Double.self, capacity: capacity)
    }
    if indices == nil || indexCount > indexCapacity {
      free(indices)
      indexCapacity = max(indexCount, 64)
      indices = malloc(4 * indexCapacity)?.bindMemory(to: Int32.self, capacity: indexCapacity)
    }
    guard let values, let indices else { return nil }
    return (values, UncheckedPointer(indices))
  }
}
