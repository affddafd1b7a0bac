// Fill-reducing orders of the rows of a symmetric sparse matrix: approximate minimum degree (Amestoy, Davis and Duff,
// 1996, as implemented by Eigen) and multilevel nested dissection (Karypis and Kumar, 1998, METIS). OrderedTree.swift
// chooses between them.

import CEigenSparse
import CMETIS
import SextantArrays
import Synchronization

/// The method that orders the rows of a sparse matrix before the factorisation, so that the factor stays sparse.
public enum SparseOrdering: Sendable, Equatable {
  /// Minimum degree or, if its fill is large, the better of minimum degree and nested dissection.
  case automatic
  /// Approximate minimum degree: fast, and good up to about ten thousand rows.
  case minimumDegree
  /// Nested dissection by METIS: slower, and best for surfaces with very many vertices.
  case nestedDissection
  /// The order of the matrix.
  case natural
  /// This order: a permutation of all rows, such as a dissection that uses the geometry.
  case given([Int32])
}

/// The graph of a symmetric sparse matrix: for each row the columns of both triangles.
struct SymmetricGraph {
  /// Where the columns of each row start (n + 1).
  private let starts: [Int32]
  /// The columns of each row, ascending and without the diagonal.
  private let neighbours: [Int32]
  private var size: Int { starts.count - 1 }

  /// METIS draws random numbers from the one stream of the C library, so simultaneous calls would change each other's
  /// orders.
  private static let metis = Mutex(())

  /// Reads the lower triangle.
  ///
  /// - Throws: ``SparseCholeskyError/tooLarge(size:entryCount:)`` where 32-bit indices do not suffice.
  init(_ matrix: SparseMatrix) throws {
    let n = matrix.rowCount
    guard matrix.entryCount < Int(Int32.max) / 2 else {
      throw SparseCholeskyError.tooLarge(size: n, entryCount: matrix.entryCount)
    }
    var starts = [Int32](repeating: 0, count: n + 1)
    matrix.forEachLowerEntry { row, column, _ in
      guard row != column else { return }
      starts[row + 1] += 1
      starts[column + 1] += 1
    }
    for i in 0..<n { starts[i + 1] += starts[i] }
    var next = starts
    var neighbours = [Int32](repeating: 0, count: Int(starts[n]))
    // Row by row, so that the neighbours of each row are in ascending order.
    matrix.forEachLowerEntry { row, column, _ in
      guard row != column else { return }
      neighbours[Int(next[row])] = Int32(column)
      neighbours[Int(next[column])] = Int32(row)
      next[row] += 1
      next[column] += 1
    }
    self.starts = starts
    self.neighbours = neighbours
  }

  /// The rows in an order of approximate minimum degree.
  func minimumDegreeOrder() throws -> [Int32] {
    let n = size
    // Eigen treats a row without a diagonal entry as dense.
    var withDiagonal = [Int32](repeating: 0, count: neighbours.count + n)
    var shifted = [Int32](repeating: 0, count: n + 1)
    var slot = 0
    for i in 0..<n {
      var isPlaced = false
      for k in Int(starts[i])..<Int(starts[i + 1]) {
        if !isPlaced, Int(neighbours[k]) > i {
          withDiagonal[slot] = Int32(i)
          slot += 1
          isPlaced = true
        }
        withDiagonal[slot] = neighbours[k]
        slot += 1
      }
      if !isPlaced {
        withDiagonal[slot] = Int32(i)
        slot += 1
      }
      shifted[i + 1] = Int32(slot)
    }
    var order = [Int32](repeating: 0, count: n)
    guard sextant_minimum_degree(Int32(n), shifted, withDiagonal, &order) == 0 else {
      throw SparseCholeskyError.outOfMemory(size: n, neededBytes: 8 * withDiagonal.count)
    }
    return order
  }

  /// The rows in an order of nested dissection.
  func nestedDissectionOrder() throws -> [Int32] {
    guard !neighbours.isEmpty else { return (0..<Int32(size)).map(\.self) }
    var (count, starts, neighbours) = (idx_t(size), starts, neighbours)
    var order = [Int32](repeating: 0, count: size)
    var places = order
    let status = Self.metis.withLock { _ in
      METIS_NodeND(&count, &starts, &neighbours, nil, nil, &order, &places)
    }
    guard status == METIS_OK.rawValue else {
      throw SparseCholeskyError.outOfMemory(size: size, neededBytes: 32 * (neighbours.count + size))
    }
    return order
  }
}

extension SparseMatrix {
  /// Calls `body` with the row, the column and the index of each entry on or below the diagonal, row by row.
  func forEachLowerEntry(_ body: (_ row: Int, _ column: Int, _ index: Int) -> Void) {
    rowStarts.withUnsafeBufferPointer { starts in
      columns.withUnsafeBufferPointer { columns in
        for row in 0..<rowCount {
          for k in starts[row]..<starts[row + 1] {
            let column = Int(columns[k])
            guard column <= row else { break }
            body(row, column, k)
          }
        }
      }
    }
  }
}
