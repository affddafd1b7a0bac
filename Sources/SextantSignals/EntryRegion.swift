// Answers that are given at some places alone: not a number elsewhere, alike in the mean, the spread and the members.

import SextantArrays

/// Which entries of a V×C array have an answer.
package struct EntryRegion: Sendable {
  private let isInside: [Bool]

  /// - Parameter isInside: whether each entry is in the region (V·C, channel fastest).
  package init(_ isInside: [Bool]) { self.isInside = isInside }

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
    members?.withUnsafeMutableScalars { values in
      for i in values.indices where !isInside[i % isInside.count] { values[i] = .nan }
    }
  }
}
