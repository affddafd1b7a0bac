// Extraction and replacement of rows and columns.

extension Tensor {
  /// Row `index` of a matrix (columns).
  public func row(_ index: Int) -> Tensor { rows(index..<index + 1).reshaped(to: [columnCount]) }

  /// Consecutive entries of the first dimension.
  @inlinable
  public func rows(_ range: Range<Int>) -> Tensor {
    let extent = shape.first ?? 0
    precondition(range.lowerBound >= 0 && range.upperBound <= extent, "Rows \(range) of shape \(shape)")
    let stride = extent == 0 ? 0 : count / extent
    return Tensor(shape: [range.count] + shape.dropFirst()) { out in
      withUnsafeScalars {
        _ = out.initialize(from: $0[range.lowerBound * stride..<range.upperBound * stride])
      }
    }
  }

  /// The rows of a matrix with the given indices.
  public func gatheringRows(_ indices: [Int]) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    precondition(indices.allSatisfy { $0 >= 0 && $0 < rows }, "A row index is outside shape \(shape)")
    return Tensor(shape: [indices.count, columns]) { out in
      withUnsafeScalars { source in
        guard let first = source.baseAddress, let base = out.baseAddress else { return }
        // Sound, because each row is written by one thread.
        nonisolated(unsafe) let (source, target) = (first, base)
        Parallel.forEachRange(of: indices.count, grain: Self.rowsInPart(columns: columns)) { range in
          for i in range { (target + i * columns).update(from: source + indices[i] * columns, count: columns) }
        }
      }
    }
  }

  /// The columns of a matrix with the given indices.
  public func gatheringColumns(_ indices: [Int]) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    precondition(indices.allSatisfy { $0 >= 0 && $0 < columns }, "A column index is outside shape \(shape)")
    let places = indices.map { Int32($0) }
    return Tensor(shape: [rows, indices.count]) { out in
      withUnsafeScalars { source in
        guard let first = source.baseAddress, let base = out.baseAddress else { return }
        // Sound, because each row is written by one thread.
        nonisolated(unsafe) let (source, target) = (first, base)
        let kernels = Scalar.kernels
        Parallel.forEachRange(of: rows, grain: Self.rowsInPart(columns: places.count)) { range in
          let start = range.lowerBound
          kernels.gatherColumns(
            rows: range.count, columns: places.count, inputColumns: columns, indices: places,
            from: source + start * columns, to: target + start * places.count)
        }
      }
    }
  }

  /// Consecutive columns of a matrix.
  public func columns(_ range: Range<Int>) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "Columns \(range) of shape \(shape)")
    return Tensor(shape: [rows, range.count]) { out in
      withUnsafeScalars { source in
        guard let first = source.baseAddress, let base = out.baseAddress else { return }
        // Sound, because each row is written by one thread.
        nonisolated(unsafe) let (source, target) = (first, base)
        Parallel.forEachRange(of: rows, grain: Self.rowsInPart(columns: range.count)) { part in
          for row in part {
            (target + row * range.count).update(from: source + row * columns + range.lowerBound, count: range.count)
          }
        }
      }
    }
  }

  /// The number of rows that is worth a thread.
  private static func rowsInPart(columns: Int) -> Int { Swift.max(1, (1 << 16) / Swift.max(1, columns)) }

  /// Overwrites consecutive entries of the first dimension, starting at `start`, with those of `other`.
  public mutating func replaceRows(from start: Int, with other: Tensor) {
    let stride = count / Swift.max(1, shape.first ?? 0)
    precondition(
      start >= 0 && start * stride + other.count <= count,
      "Shape \(other.shape) does not fit at row \(start) of \(shape)")
    withUnsafeMutableScalars { target in
      other.withUnsafeScalars { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        (target + start * stride).update(from: source, count: other.count)
      }
    }
  }
}
