// Answers that are given at some places alone: not a number elsewhere, alike in the mean, the spread and the members.

import SextantArrays

/// Which entries of a V×C array have an answer.
package struct EntryRegion: Sendable {
  private let isInside: [Bool]

  /// - Parameter isInside: whether each entry is in the region (V·C, channel fastest).
  package init(_ isInside: [Bool]) { self.isInside = isInside }

  /// - Parameters:
  ///   - vertices: whether each vertex is in the region (V).
  ///   - channelCount: the number C of variables.
  package init(vertices: [Bool], channelCount: Int) {
    self.init(vertices.flatMap { [Bool](repeating: $0, count: channelCount) })
  }

  /// Makes every entry outside of the region not a number.
  ///
  /// - Parameters:
  ///   - mean: V·C numbers.
  ///   - spread: V·C numbers; nil without a spread.
  ///   - members: N×V·C numbers; nil without an ensemble.
  package func removeOutside(mean: inout [Float], spread: inout [Float]?, members: inout Tensor<Float>?) {
    for entry in isInside.indices where !isInside[entry] {
      mean[entry] = .nan
      spread?[entry] = .nan
    }
    if var rows = members.take() {
      removeOutside(&rows)
      members = rows
    }
  }

  /// Makes every entry outside of the region not a number in rows of V·C numbers.
  package func removeOutside(_ rows: inout Tensor<Float>) {
    rows.withUnsafeMutableScalars { values in
      for i in values.indices where !isInside[i % isInside.count] { values[i] = .nan }
    }
  }
}
