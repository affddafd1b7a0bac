// Quantiles of an ensemble by plotting positions i/(N+1) with linear interpolation: plain quantiles of a
// finite ensemble are too narrow (docs/mathematics.md, "Scores").

import SextantArrays

extension Tensor where Scalar == Float {
  /// The quantiles of the rows of an ensemble (N×M) at each of `levels`: one list of M values a level.
  ///
  /// Levels beyond the outermost plotting positions give the extreme members.
  public func ensembleQuantiles(_ levels: [Double]) -> [[Float]] {
    let (members, size) = (rowCount, columnCount)
    guard members > 0, !levels.isEmpty else { return [] }
    var result = levels.map { _ in [Float](repeating: 0, count: size) }
    withUnsafeScalars { values in
      var column = [Float](repeating: 0, count: members)
      for j in 0..<size {
        for i in 0..<members { column[i] = values[i * size + j] }
        guard !column[0].isNaN else {
          for level in levels.indices { result[level][j] = .nan }
          continue
        }
        column.sort()
        for (level, share) in levels.enumerated() {
          let place = Swift.min(Swift.max(share * Double(members + 1) - 1, 0), Double(members - 1))
          let low = Int(place)
          let high = Swift.min(low + 1, members - 1)
          result[level][j] = column[low] + Float(place - Double(low)) * (column[high] - column[low])
        }
      }
    }
    return result
  }
}
