// One term of a covariance between two lists of states, prepared for loops over pairs.
//
// The vector kernels compute a row of a block at a time; no code here handles single pairs. Posteriors use single
// precision, which suffices because of the noise; the likelihood uses double precision, because the search depends on
// its differences.

import SextantArrays

/// The factors and correlations of one term, row by row.
struct PairKernel<Scalar: TensorScalar>: Sendable {
  /// Whether the term multiplies the products of the states' modes.
  let usesModes: Bool
  /// The number of axes of the embedding: three plus one for each coordinate, or none.
  let axisCount: Int
  /// The number of rows of a block.
  let rowCount: Int
  private let columnCount: Int
  private let smoothness: MaternCorrelation
  private let rowEmbedding: [Scalar]
  private let columnEmbedding: [Scalar]
  /// The factor of each row: the standard deviation of a field, or an amplitude.
  private let rowFactors: [Scalar]
  /// The factors of the columns for each possible channel of a row; empty if all are 1.
  private let columnFactors: [[Scalar]]
  private let rowChannels: [Int]

  init(_ term: CovarianceModel.Term, rows: [Int], columns: [Int], in model: CovarianceModel) {
    rowCount = rows.count
    columnCount = columns.count
    let metric: CovarianceModel.Metric?
    switch term {
    case .modes(let amplitude):
      (usesModes, metric, smoothness) = (true, nil, .half)
      rowFactors = [Scalar](repeating: Scalar(amplitude), count: rows.count)
      columnFactors = []
    case .localisedModes(let amplitude, let own):
      (usesModes, metric, smoothness) = (true, own, own.smoothness)
      rowFactors = [Scalar](repeating: Scalar(amplitude), count: rows.count)
      columnFactors = []
    case .field(let own, let logStandardDeviation):
      (usesModes, metric, smoothness) = (false, own, own.smoothness)
      rowFactors = model.standardDeviations(logStandardDeviation, at: rows).map { Scalar($0) }
      let standardDeviations = model.standardDeviations(logStandardDeviation, at: columns)
      let correlation = model.channelCorrelation
      columnFactors = (0..<correlation.rowCount).map { channel in
        zip(columns, standardDeviations).map { state, standardDeviation in
          let other = Int(model.channels[state])
          return Scalar(other == channel ? standardDeviation : standardDeviation * correlation[channel, other])
        }
      }
    }
    axisCount = metric.map { 3 + $0.weights.count } ?? 0
    rowEmbedding = metric.map { model.embedding($0, of: rows).map { Scalar($0) } } ?? []
    columnEmbedding = metric.map { model.embedding($0, of: columns).map { Scalar($0) } } ?? []
    rowChannels = rows.map { Int(model.channels[$0]) }
  }

  /// Factor times correlation of row `i` with the first `values.count` columns.
  func fill(_ values: UnsafeMutableBufferPointer<Scalar>, row i: Int) {
    fill(values, slopes: nil, squaredDistances: nil, row: i)
  }

  /// ``fill(_:row:)`` with the quantities for the gradient: slopes, and squared distances up to each group of axes.
  ///
  /// - Parameter squaredDistances: for each group (the three axes of the position, then each coordinate) as many values
  ///   as `values`.
  func fill(
    _ values: UnsafeMutableBufferPointer<Scalar>, slopes: UnsafeMutableBufferPointer<Scalar>?,
    squaredDistances: UnsafeMutableBufferPointer<Scalar>?, row i: Int
  ) {
    guard axisCount > 0 else {
      values.update(repeating: rowFactors[i])
      return
    }
    let kernels = Scalar.kernels
    let count = values.count
    values.update(repeating: 0)
    columnEmbedding.withUnsafeBufferPointer { embedding in
      for axis in 0..<axisCount {
        let row = UnsafeBufferPointer(rebasing: embedding[axis * columnCount..<axis * columnCount + count])
        kernels.addSquaredDifferences(from: rowEmbedding[axis * rowCount + i], to: row, into: values)
        // After the three axes of the position, and after each coordinate, the running sum belongs to a group of axes.
        if let squaredDistances, axis >= 2 {
          let group = UnsafeMutableBufferPointer(rebasing: squaredDistances[(axis - 2) * count..<(axis - 1) * count])
          _ = group.update(from: values)
        }
      }
    }
    kernels.matern(smoothness, squaredDistances: UnsafeBufferPointer(values), values: values, slopes: slopes)
    for target in [values, slopes].compactMap(\.self) {
      kernels.scale(UnsafeBufferPointer(target), by: rowFactors[i], into: target)
      guard !columnFactors.isEmpty else { continue }
      columnFactors[rowChannels[i]].withUnsafeBufferPointer {
        kernels.multiply(UnsafeBufferPointer(target), UnsafeBufferPointer(rebasing: $0[..<count]), into: target)
      }
    }
  }
}

extension PairKernel {
  /// Replaces the products of the states' modes (rows × columns) by the covariance, the sum of `kernels`.
  ///
  /// - Parameter lowerOnly: whether the block is square and only its lower triangle is used.
  static func assemble(_ kernels: [PairKernel], in block: inout Tensor<Scalar>, lowerOnly: Bool) {
    let (rows, columns) = (block.rowCount, block.columnCount)
    let vectors = Scalar.kernels
    block.withUnsafeMutableScalars { out in
      // Sound, because each row is written by one thread.
      nonisolated(unsafe) let out = out
      Parallel.forEachRange(of: rows, grain: 8) { range in
        var scratch = [Scalar](repeating: 0, count: 3 * columns)
        scratch.withUnsafeMutableBufferPointer { scratch in
          for i in range {
            let count = lowerOnly ? i + 1 : columns
            func part(_ k: Int) -> UnsafeMutableBufferPointer<Scalar> {
              UnsafeMutableBufferPointer(rebasing: scratch[k * columns..<k * columns + count])
            }
            let (values, onModes, alone) = (part(0), part(1), part(2))
            onModes.update(repeating: 0)
            alone.update(repeating: 0)
            for kernel in kernels {
              kernel.fill(values, row: i)
              vectors.add(UnsafeBufferPointer(values), scaledBy: 1, to: kernel.usesModes ? onModes : alone)
            }
            let row = UnsafeMutableBufferPointer(rebasing: out[i * columns..<i * columns + count])
            vectors.multiply(UnsafeBufferPointer(row), UnsafeBufferPointer(onModes), into: row)
            vectors.add(UnsafeBufferPointer(alone), scaledBy: 1, to: row)
          }
        }
      }
    }
  }
}
