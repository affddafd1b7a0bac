// Positions in lists that are told by arithmetic alone, so that those who choose fields of an archive choose in the same way.

extension Sequence where Element == Int {
  /// The positions of all copies of what is at these positions, in a list in which `copyCount` copies of each follow each other.
  package func expanded(toCopies copyCount: Int) -> [Int] { flatMap { $0 * copyCount..<($0 + 1) * copyCount } }
}

extension RandomAccessCollection {
  /// The elements in the middle of `number` equal parts, in order; all elements where there are no more of them.
  package func middles(ofParts number: Int) -> [Element] {
    let kept = Swift.min(number, count)
    return (0..<kept).map { self[index(startIndex, offsetBy: (2 * $0 + 1) * count / (2 * kept))] }
  }
}
