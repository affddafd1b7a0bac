// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M): the sequence of
// compare–exchange steps that sorts any n values. The steps do not depend on the values, so the samples of sixteen
// vertices are sorted at once in vector lanes.

/// The compare–exchange steps that sort a fixed number of values.
struct SortingNetwork: Sendable {
  /// The pairs of values that the steps order; the smaller value is moved to `low`.
  let steps: [(low: Int32, high: Int32)]

  init(count: Int) {
    var steps: [(low: Int32, high: Int32)] = []
    var top = 1
    while top < count { top *= 2 }
    var p = top / 2
    while p > 0 {
      var (q, r, d) = (top / 2, 0, p)
      while true {
        for i in 0..<max(0, count - d) where i & p == r { steps.append((Int32(i), Int32(i + d))) }
        guard q != p else { break }
        (d, q, r) = (q - p, q / 2, p)
      }
      p /= 2
    }
    self.steps = steps
  }

  /// Sorts `rows` in each lane, ascending.
  @inline(__always)
  func sort(_ rows: UnsafeMutablePointer<SIMD16<Float>>) {
    for step in steps {
      let (a, b) = (rows[Int(step.low)], rows[Int(step.high)])
      let isInOrder = a .< b
      rows[Int(step.low)] = b.replacing(with: a, where: isInOrder)
      rows[Int(step.high)] = a.replacing(with: b, where: isInOrder)
    }
  }
}
