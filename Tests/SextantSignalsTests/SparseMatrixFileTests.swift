// Sparse matrices in Matrix Market's files, and what is refused; SciPy's own files where Python has SciPy.

import Foundation
import SextantArrays
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct SparseMatrixFileTests {
  private func read(_ text: String) throws -> SparseMatrix {
    let folder = try ScratchFolder()
    let path = folder.path("matrix.mtx")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try SparseMatrixFile.read(path)
  }

  private func dense(_ matrix: SparseMatrix) -> [[Double]] {
    (0..<matrix.rowCount).map { row in
      matrix.times((0..<matrix.columnCount).map { _ in 0 }).indices.contains(row)
        ? (0..<matrix.columnCount).map { column in
          var unit = [Double](repeating: 0, count: matrix.columnCount)
          unit[column] = 1
          return matrix.times(unit)[row]
        } : []
    }
  }

  @Test func matrixMarketIsRead() throws {
    let head = "%%MatrixMarket matrix"
    #expect(try dense(read("\(head) coordinate real general\n% note\n2 3 3\n1 1 2.5\n2 3 -1\n1 1 1\n")) == [[3.5, 0, 0], [0, 0, -1]])
    #expect(try dense(read("\(head) coordinate integer symmetric\n2 2 2\n1 1 4\n2 1 7\n")) == [[4, 7], [7, 0]])
    #expect(try dense(read("\(head) coordinate real skew-symmetric\n2 2 1\n2 1 7\n")) == [[0, -7], [7, 0]])
    #expect(try dense(read("\(head) coordinate pattern general\n1 2 1\n1 2\n")) == [[0, 1]])
    #expect(try dense(read("\(head) array real general\n2 2\n1\n2\n3\n4\n")) == [[1, 3], [2, 4]])
    #expect(try dense(read("\(head) array real symmetric\n2 2\n1\n2\n3\n")) == [[1, 2], [2, 3]])
  }

  @Test(arguments: [
    ("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 0\n", "real numbers"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n", "cut off"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1\n", "row from 1 to 2"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 nan\n", "finite"),
    ("hello\n", "Matrix Market"), ("PK\u{3}\u{4} no archive", "archive"),
  ])
  func otherFilesAreRefused(text: String, expected: String) throws {
    let error = try #require(throws: (any Error).self) { try read(text) }
    #expect("\(error)".contains(expected), "\(error)")
  }

  @Test(.enabled(if: PythonReference.has(["scipy.sparse"]), "Python has no SciPy"), arguments: ["csr", "csc", "coo"])
  func scipyIsRead(form: String) throws {
    let folder = try ScratchFolder()
    _ = try PythonReference.run("sparse_matrix.py", arguments: [folder.path("matrix.npz"), form])
    #expect(try dense(SparseMatrixFile.read(folder.path("matrix.npz"))) == [[0, 1.5, 0], [-2, 0, 4]])
  }
}
