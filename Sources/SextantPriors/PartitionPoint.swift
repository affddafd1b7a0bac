// Binary search.

/// The first index of the range for which `isBelow` is false; the range's end if there is none.
///
/// - Parameters:
///   - range: the indices to search.
///   - isBelow: true for the first indices of the range, and false for all others.
@inline(__always)
func partitionPoint(in range: Range<Int>, _ isBelow: (Int) -> Bool) -> Int {
  var (low, high) = (range.lowerBound, range.upperBound)
  while low < high {
    let middle = (low + high) / 2
    if isBelow(middle) { low = middle + 1 } else { high = middle }
  }
  return low
}
