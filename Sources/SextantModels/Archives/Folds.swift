// How a list of fields is cut into parts where neighbours in time are alike.

import SextantArrays
import SextantConfiguration

/// Which fields stay together.
public enum Folds: String, ConfigurationChoice {
  /// Consecutive ones: what is left out is like times that are still to come.
  case blocks
  /// Every n-th: what is left out lies between what is kept.
  case interleaved

  /// The positions of the share of `count` fields that is left out: at least one, so that at least two are left.
  ///
  /// - Parameter copyCount: how many fields in succession are copies of one, which stay together.
  package func leftOut(share: Double, of count: Int, copyCount: Int = 1) -> [Int] {
    guard copyCount == 1 else {
      return leftOut(share: share, of: count / copyCount).expanded(toCopies: copyCount)
    }
    let held = max(1, min(count - 2, Int((share * Double(count)).rounded())))
    guard held < count else { return [] }
    switch self {
    case .blocks: return Array(count - held..<count)
    case .interleaved: return (0..<count).middles(ofParts: held)
    }
  }
}
