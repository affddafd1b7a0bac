// Windows of a series: the filter reads ahead of the answers, and what it has read is kept for the next window.

import SextantArrays

/// A filter, and what it leaves of the steps after those that are answered.
struct SeriesWindow<Scalar: TensorScalar>: Sendable {
  /// The filter after the last step that is answered.
  private(set) var filter: SeriesFilter<Scalar>
  /// The filter after the last step that is read.
  private var reader: SeriesFilter<Scalar>
  /// The steps between the two.
  private var smoother: SeriesSmoother<Scalar>

  init(_ filter: SeriesFilter<Scalar>) {
    (self.filter, reader) = (filter, filter)
    smoother = SeriesSmoother(filter.dynamics)
  }

  mutating func skip(_ step: SeriesStep) throws {
    var next = filter
    try next.skip(step)
    self = SeriesWindow(next)
  }

  mutating func estimate(at step: SeriesStep) throws -> SeriesEstimate {
    var next = filter
    let estimate = try next.estimate(at: step)
    self = SeriesWindow(next)
    return estimate
  }

  /// The answers of the first `count` steps, given all; `steps` begins with those that are read.
  mutating func estimates(
    of steps: [SeriesStep], count: Int, _ checkInterruption: () throws -> Void
  ) throws -> [SeriesEstimate] {
    // Where fewer steps are answered than are read, the filter between them is not at hand.
    if count < smoother.count { self = SeriesWindow(filter) }
    if count == smoother.count { filter = reader }
    for index in smoother.count..<steps.count {
      try checkInterruption()
      try smoother.take(steps[index], by: &reader)
      if index + 1 == count { filter = reader }
    }
    return try smoother.estimates(count, isInterrupted: checkInterruption)
  }
}
