// The numeric half of the supernodal factorisation, by the multifrontal method (Duff and Reid, 1983; Liu, 1992, "The
// multifrontal method for sparse matrix solution"). Each supernode adds its entries of the matrix and the updates of its
// children, eliminates its own columns with dense operations, and passes an update to its parent. Children are added in
// ascending order, and the tiles of dense work depend on shapes alone, so the result has the same bits on any number of
// threads.

import Foundation
import SextantArrays
import Synchronization

/// The values of a supernodal factor. They never change after `init`.
final class SupernodalFactor: NumericFactor, @unchecked Sendable {
  // Sendable is sound: the values are written to by `init` alone.
  let pattern: SupernodalPattern
  /// For each supernode its rows × columns values, row by row; those above the diagonal are undefined.
  let values: UnsafeMutablePointer<Double>
  let logDeterminant: Double

  /// The width of a tile of dense work.
  private static let tileWidth = 192

  /// - Throws: `LinearAlgebraError.notPositiveDefinite` or
  ///   ``SparseCholeskyError/outOfMemory(size:neededBytes:)``.
  init(_ matrix: SparseMatrix, _ pattern: SupernodalPattern) throws {
    let byteCount = 8 * max(1, pattern.valueStarts[pattern.count])
    // Zeroed by the system as it is touched.
    guard let memory = calloc(byteCount, 1) else {
      throw SparseCholeskyError.outOfMemory(size: pattern.size, neededBytes: byteCount)
    }
    let values = memory.bindMemory(to: Double.self, capacity: byteCount / 8)
    let fronts = Fronts(pattern: pattern, matrix: matrix, values: values)
    OpenBLAS.withSingleThread { fronts.factorise() }
    if let missing = fronts.missingBytes {
      free(memory)
      throw SparseCholeskyError.outOfMemory(size: pattern.size, neededBytes: byteCount + missing)
    }
    var sum = 0.0
    if fronts.failedColumn == nil {
      for s in 0..<pattern.count {
        let columns = pattern.columnCount(s)
        for k in 0..<columns { sum += log(values[pattern.valueStarts[s] + k * (columns + 1)]) }
      }
    }
    // NaN passes through the factorisation unnoticed.
    if let column = fronts.failedColumn ?? (sum.isFinite ? nil : 0) {
      free(memory)
      throw LinearAlgebraError.notPositiveDefinite(order: column + 1, size: pattern.size)
    }
    self.pattern = pattern
    self.values = values
    logDeterminant = 2 * sum
  }

  deinit { free(values) }

  func inverseEntries() throws -> (any InverseEntries)? { try SupernodalInverse(self) }

  var byteCount: Int {
    8 * pattern.valueStarts[pattern.count] + 8 * pattern.rows.count + 8 * pattern.sources.count + 32 * pattern.count
      + 4 * pattern.size
  }

  /// The state of one factorisation.
  private final class Fronts: @unchecked Sendable {
    // Sendable is sound: each supernode is computed by one thread, after its descendants, and writes to its own memory.
    let pattern: SupernodalPattern
    let matrix: SparseMatrix
    let values: UnsafeMutablePointer<Double>
    /// The update of each supernode until its parent has added it: the lower triangle of a square, row by row.
    let updates: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>
    private let firstFailure = Mutex<Int?>(nil)
    private let largestMissing = Mutex<Int?>(nil)

    init(pattern: SupernodalPattern, matrix: SparseMatrix, values: UnsafeMutablePointer<Double>) {
      self.pattern = pattern
      self.matrix = matrix
      self.values = values
      updates = .allocate(capacity: max(1, pattern.count))
      updates.initialize(repeating: nil, count: pattern.count)
    }

    deinit {
      for s in 0..<pattern.count { free(updates[s]) }
      updates.deallocate()
    }

    /// The first column, in the factor's order, whose pivot is not positive; nil when there is none.
    var failedColumn: Int? { firstFailure.withLock(\.self) }

    /// The bytes of the largest update for which there was no memory; nil when there was enough.
    var missingBytes: Int? { largestMissing.withLock(\.self) }

    func factorise() {
      Parallel.forEach(pattern.subtrees.count) { index in
        for s in pattern.subtrees[index] {
          guard eliminate(s, inTiles: { count, body in for tile in 0..<count { body(tile) } }) else { return }
        }
      }
      guard failedColumn == nil, missingBytes == nil else { return }
      for s in pattern.top {
        guard eliminate(s, inTiles: { count, body in Parallel.forEach(count, body) }) else { return }
      }
    }

    /// Computes supernode `s`, and returns whether there was memory for its update and all pivots are positive.
    /// `inTiles` calls its second argument for all indices below its first, in any order or at once.
    private func eliminate(_ s: Int, inTiles: (Int, @Sendable (Int) -> Void) -> Void) -> Bool {
      let (columns, rows) = (pattern.columnCount(s), pattern.rowCount(s))
      let below = rows - columns
      let block = UncheckedPointer(values + pattern.valueStarts[s])
      if below > 0 {
        // Zeroed by the system as it is touched.
        guard let memory = calloc(below * below, 8) else {
          largestMissing.withLock { $0 = max($0 ?? 0, 8 * below * below) }
          return false
        }
        updates[s] = memory.bindMemory(to: Double.self, capacity: below * below)
      }
      // A root has no update, and nothing is written here.
      let update = UncheckedPointer(updates[s] ?? block.base)
      assemble(s, block.base, update.base)

      let tile = SupernodalFactor.tileWidth
      for start in stride(from: 0, to: columns, by: tile) {
        let width = min(tile, columns - start)
        let diagonal = block.base + start * columns + start
        let info = Double.choleskyFactor(width, diagonal, columns)
        guard info == 0 else {
          report(Int(pattern.firstColumns[s]) + start + info - 1)
          return false
        }
        let end = start + width
        let pivot = UncheckedPointer(diagonal)
        inTiles(Self.tileCount(rows - end)) { index in
          let range = Self.tile(index, of: rows - end)
          Double.solveTriangleForRows(
            false, width, range.count, pivot.base, columns, block.base + (end + range.lowerBound) * columns + start,
            columns)
        }
        // The supernode's remaining columns.
        inTiles(Self.tileCount(rows - end) * Self.tileCount(columns - end)) { index in
          let across = Self.tileCount(columns - end)
          let (i, j) = (Self.tile(index / across, of: rows - end), Self.tile(index % across, of: columns - end))
          guard i.upperBound > j.lowerBound else { return }
          Double.multiply(
            false, true, i.count, j.count, width, -1, block.base + (end + i.lowerBound) * columns + start, columns,
            block.base + (end + j.lowerBound) * columns + start, columns, 1,
            block.base + (end + i.lowerBound) * columns + end + j.lowerBound, columns)
        }
      }
      let lower = UncheckedPointer(block.base + columns * columns)
      let across = Self.tileCount(below)
      inTiles(across * (across + 1) / 2) { index in
        let (row, column) = BlockedProduct.trianglePlace(index)
        let (i, j) = (Self.tile(row, of: below), Self.tile(column, of: below))
        let (left, right) = (lower.base + i.lowerBound * columns, lower.base + j.lowerBound * columns)
        let target = update.base + i.lowerBound * below + j.lowerBound
        if row == column {
          Double.multiplyByOwnTranspose(false, i.count, columns, -1, left, columns, 1, target, below)
        } else {
          Double.multiply(
            false, true, i.count, j.count, columns, -1, left, columns, right, columns, 1, target, below)
        }
      }
      return true
    }

    /// Adds the entries of the matrix and the updates of the children.
    private func assemble(_ s: Int, _ block: UnsafeMutablePointer<Double>, _ update: UnsafeMutablePointer<Double>) {
      let columns = pattern.columnCount(s)
      let below = pattern.rowCount(s) - columns
      matrix.values.withUnsafeBufferPointer { entries in
        for k in pattern.entryStarts[s]..<pattern.entryStarts[s + 1] {
          block[Int(pattern.targets[k])] = entries[Int(pattern.sources[k])]
        }
      }
      for k in Int(pattern.childStarts[s])..<Int(pattern.childStarts[s + 1]) {
        let child = Int(pattern.children[k])
        guard let source = updates[child] else { continue }
        let start = pattern.rowStarts[child] + pattern.columnCount(child)
        pattern.places[start..<pattern.rowStarts[child + 1]].withUnsafeBufferPointer { places in
          let own = places.firstIndex { $0 >= columns } ?? places.count
          for i in places.indices {
            let (values, place) = (source + i * places.count, Int(places[i]))
            let left = block + place * columns
            for j in 0..<min(own, i + 1) { left[Int(places[j])] += values[j] }
            guard i >= own else { continue }
            let right = update + (place - columns) * below - columns
            for j in own...i { right[Int(places[j])] += values[j] }
          }
        }
        free(source)
        updates[child] = nil
      }
    }

    private func report(_ column: Int) {
      firstFailure.withLock { $0 = min($0 ?? column, column) }
    }

    private static func tileCount(_ length: Int) -> Int {
      (length + SupernodalFactor.tileWidth - 1) / SupernodalFactor.tileWidth
    }

    private static func tile(_ index: Int, of length: Int) -> Range<Int> {
      index * SupernodalFactor.tileWidth..<min(length, (index + 1) * SupernodalFactor.tileWidth)
    }
  }
}
