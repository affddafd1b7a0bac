// The largest eigenpairs of a positive definite operator that is given by its products with vectors, by ARPACK's
// implicitly restarted Lanczos method (Lehoucq, Sorensen and Yang 1998). For the smallest eigenpairs, pass the inverse.
// For dense matrices use `symmetricEigendecomposition`.

import CARPACK
import Synchronization

/// The largest eigenpairs of a symmetric positive definite operator on vectors with n entries.
public struct LargestEigenpairs: Sendable {
  /// The eigenvalues, in descending order (k).
  public let values: [Double]
  /// The eigenvectors, orthonormal, in rows (k×n).
  public let vectors: Tensor<Double>

  /// ARPACK stores its state in global variables, so only one computation can run at a time.
  private static let library = Mutex(())

  /// The `count` eigenpairs with the largest eigenvalues, counted with multiplicity; `count` is below `size`.
  ///
  /// `image` applies the operator to a vector (1×n) and must not compute eigenpairs itself. Eigenvalues have the
  /// relative accuracy `tolerance`; `random` gives the initial vectors. Throws
  /// ``LinearAlgebraError/tooFewEigenpairs(size:wanted:found:)`` or
  /// ``LinearAlgebraError/eigensolverRefused(size:status:)``.
  public init(
    size: Int, count: Int, tolerance: Double = 1e-10, random: RandomStream, image: (Tensor<Double>) -> Tensor<Double>
  ) throws {
    precondition(count > 0 && count < size, "\(count) eigenpairs of an operator of size \(size)")
    // More basis vectors than ARPACK's recommendation of 2·count, because of repeated eigenvalues.
    let basisCount = min(size, 2 * count + 20)
    func find(_ wanted: Int, round: Int, _ image: (Tensor<Double>) -> Tensor<Double>) throws -> LargestEigenpairs {
      try Self.library.withLock { _ in
        var iteration = LanczosIteration(
          size: size, count: wanted, basisCount: basisCount, tolerance: tolerance, random: random.split(round))
        while iteration.advance() { iteration.answer(image(iteration.question)) }
        return try iteration.eigenpairs()
      }
    }
    // Threads would change the order of sums, and hence the last bits.
    self = try OpenBLAS.withSingleThread {
      var found = try find(count, round: 0, image)
      var round = 1
      // A Krylov space contains one direction of each eigenspace; the others appear only by rounding, perhaps too late.
      // Search the complement of the directions found, until its largest eigenvalue is not above the smallest of these.
      while true {
        let directions = found.vectors
        let rest = try find(1, round: round) {
          Self.projecting(image(Self.projecting($0, outOf: directions)), outOf: directions)
        }
        guard rest.values[0] > found.values[count - 1] * (1 + 10 * tolerance) else { return found }
        found = found.inserting(rest.values[0], Self.projecting(rest.vectors, outOf: directions))
        round += 1
      }
    }
  }

  fileprivate init(values: [Double], vectors: Tensor<Double>) { (self.values, self.vectors) = (values, vectors) }

  /// The component of a vector (1×n) orthogonal to orthonormal rows.
  private static func projecting(_ vector: Tensor<Double>, outOf rows: Tensor<Double>) -> Tensor<Double> {
    vector - matrixProduct(matrixProduct(vector, rows, transposingSecond: true), rows)
  }

  /// The same with one more pair in place of the smallest; `vector` is 1×n, of any length.
  private func inserting(_ value: Double, _ vector: Tensor<Double>) -> LargestEigenpairs {
    let place = values.firstIndex { $0 < value } ?? values.count
    let (count, size) = (values.count, vectors.columnCount)
    var (newValues, scalars) = (values, vectors.scalars)
    newValues.insert(value, at: place)
    let unit = (vector * (1 / vector.dot(vector).squareRoot())).scalars
    scalars.insert(contentsOf: unit, at: place * size)
    return LargestEigenpairs(
      values: Array(newValues.prefix(count)),
      vectors: Tensor(Array(scalars.prefix(count * size)), shape: [count, size]))
  }
}

/// ARPACK's reverse communication: it requests images of vectors until it has finished.
private struct LanczosIteration {
  private let size: Int
  private let count: Int
  private let tolerance: Double
  /// The number m of basis vectors, larger than `count`.
  private let basisCount: Int
  private var step: Int32 = 0
  /// 1 means that `residual` contains the initial vector.
  private var status: Int32 = 1
  private var parameters = [Int32](repeating: 0, count: 11)
  private var places = [Int32](repeating: 0, count: 11)
  private var residual: [Double]
  /// The basis in rows (m×n).
  private var basis: [Double]
  /// The requested vector, its image, and one more: 3·n.
  private var vectors: [Double]
  private var scratch: [Double]
  private let scratchCount: Int32

  init(size: Int, count: Int, basisCount: Int, tolerance: Double, random: RandomStream) {
    var random = random
    (self.size, self.count, self.basisCount, self.tolerance) = (size, count, basisCount, tolerance)
    scratchCount = Int32(basisCount * (basisCount + 8))
    parameters[0] = 1  // ARPACK restarts with shifts of its own,
    parameters[2] = 1000  // at most so often,
    parameters[3] = 1  // one vector at a time,
    parameters[6] = 1  // on the operator as it is.
    residual = random.normals([size], as: Double.self).scalars
    basis = [Double](repeating: 0, count: basisCount * size)
    vectors = [Double](repeating: 0, count: 3 * size)
    scratch = [Double](repeating: 0, count: Int(scratchCount))
  }

  /// Advances to the next request; false if there is none.
  mutating func advance() -> Bool {
    dsaupd_c(
      &step, "I", Int32(size), "LA", Int32(count), tolerance, &residual, Int32(basisCount), &basis, Int32(size),
      &parameters, &places, &vectors, &scratch, scratchCount, &status)
    return abs(step) == 1
  }

  /// The vector whose image is requested (1×n).
  var question: Tensor<Double> {
    let start = Int(places[0]) - 1
    return Tensor(Array(vectors[start..<start + size]), shape: [1, size])
  }

  mutating func answer(_ image: Tensor<Double>) {
    precondition(image.count == size, "An image of \(image.count) numbers of a vector of \(size)")
    let start = Int(places[1]) - 1
    vectors.replaceSubrange(start..<start + size, with: image.scalars)
  }

  /// The result, after the last request.
  mutating func eigenpairs() throws -> LargestEigenpairs {
    // 1: the largest number of restarts was reached; 3: no restart would help.
    guard status != 1, status != 3 else {
      throw LinearAlgebraError.tooFewEigenpairs(size: size, wanted: count, found: Int(parameters[4]))
    }
    guard status == 0 else { throw LinearAlgebraError.eigensolverRefused(size: size, status: Int(status)) }
    // ARPACK writes to this array, whatever its header states.
    var selection = [Int32](repeating: 0, count: basisCount)
    var values = [Double](repeating: 0, count: count)
    var found = [Double](repeating: 0, count: count * size)
    dseupd_c(
      1, "A", &selection, &values, &found, Int32(size), 0, "I", Int32(size), "LA", Int32(count), tolerance, &residual,
      Int32(basisCount), &basis, Int32(size), &parameters, &places, &vectors, &scratch, scratchCount, &status)
    guard status == 0 else { throw LinearAlgebraError.eigensolverRefused(size: size, status: Int(status)) }
    let order = values.indices.sorted { values[$0] > values[$1] }
    return LargestEigenpairs(
      values: order.map { values[$0] },
      vectors: Tensor(found, shape: [count, size]).gatheringRows(order))
  }
}
