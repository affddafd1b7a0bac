// The sparse Matérn field over a series, for domains of any size and without an archive: windows of neighbouring steps, each one sparse
// Gaussian (SparseSeriesField). The parameters are those of the file, estimated once from some of its steps. Variables are treated
// separately. Samples are whole series: each is one draw of the series, which the windows correct by what was observed.

import SextantArrays
import SextantMeasurement
import SextantPriors
import SextantSignals

/// Recovers the fields of a series together under the sparse field with memory.
struct SparseSeriesSolver: SeriesSolver {
  let name = "sparse Matérn field"
  let answersCausally = false
  private let solver: SparseFieldSolver

  init(_ solver: SparseFieldSolver) { self.solver = solver }

  func prepare(
    _ series: any MeasuredSeries, _ request: SeriesRequest, from carried: CarriedSeries?
  ) throws -> any PreparedSeries {
    try SparseSeries(solver, series: series, request: request)
  }
}

/// The answers of a series, computed window by window in the order of time.
private final class SparseSeries: PreparedSeries {
  private let solver: SparseFieldSolver
  private let series: any MeasuredSeries
  private let request: SeriesRequest
  /// The different times, and the steps at each.
  private let times: [Double]
  private let stepsOfTime: [[Int]]
  private let timeOfStep: [Int]
  private let channels: [Channel]
  /// The number of times in a window, and how many of them on each side are not answered by it.
  private let window: (length: Int, margin: Int)
  private var answers: [Int: Posterior] = [:]
  /// The draws at the times of the last window: for each time, those of each channel.
  private var draws: [Int: [Tensor<Double>]] = [:]

  /// One variable with states.
  private struct Channel {
    let number: Int
    let field: SparseSeriesField
  }

  /// The most steps of a window: beyond them nothing is gained but work.
  private static let longestWindow = 16
  /// The number of steps from which the roughness is estimated, and of groups of steps for the memory.
  private static let (fittedSteps, groupCount) = (4, 3)

  init(_ solver: SparseFieldSolver, series: any MeasuredSeries, request: SeriesRequest) throws {
    (self.solver, self.series, self.request) = (solver, series, request)
    var times: [Double] = []
    var stepsOfTime: [[Int]] = []
    for (step, time) in series.times.enumerated() {
      if times.last == time {
        stepsOfTime[times.count - 1].append(step)
      } else {
        times.append(time)
        stepsOfTime.append([step])
      }
    }
    (self.times, self.stepsOfTime) = (times, stepsOfTime)
    timeOfStep = stepsOfTime.indices.flatMap { place in stepsOfTime[place].map { _ in place } }
    let layout = solver.space.layout
    let fitter = SparseSeriesSteps(solver: solver, series: series, stepsOfTime: stepsOfTime)
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
    let spacing = gaps.isEmpty ? 1 : gaps[gaps.count / 2]
    channels = try (0..<layout.channelCount).compactMap { channel -> Channel? in
      guard !layout.states(ofChannel: channel).isEmpty else { return nil }
      try request.checkInterruption()
      let seen = try times.indices.filter { try fitter.isObserved($0, channel: channel) }
      guard !seen.isEmpty else { throw PriorError.nothingObserved }
      let fields = try Self.spaced(seen, Self.fittedSteps).flatMap { try fitter.observations(at: $0, channel: channel) }
      let offsets = [0, 1, 3].filter { $0 < seen.count }
      let starts = Self.spaced(Array(0..<seen.count - (offsets.last ?? 0)), Self.groupCount)
      let groups =
        offsets.count < 2
        ? []
        : try starts.map { start in
          try offsets.map { offset in
            let time = seen[start + offset]
            return SparseSeriesStep(time: times[time], observations: try fitter.observations(at: time, channel: channel))
          }
        }
      let parameters = try solver.prior.seriesParameters(
        from: fields, groups: groups, spacing: spacing, random: request.random.split("fit").split(channel))
      return Channel(number: channel, field: try SparseSeriesField(solver.prior, parameters: parameters))
    }
    let length = channels.map { $0.field.windowLength(longest: Self.longestWindow, byteLimit: request.memoryLimit) }.min() ?? 1
    guard length >= min(3, times.count) else {
      throw PriorError.tooLarge(
        "--time joint: three steps of this field together need more than the \(request.memoryLimit >> 30) GiB that a series may take. Give --time separate, or a coarser grid."
      )
    }
    window = length >= times.count ? (times.count, 0) : (length, max(1, (length - 1) / 3))
  }

  /// At most `count` of some places, evenly chosen.
  private static func spaced(_ places: [Int], _ count: Int) -> [Int] {
    guard places.count > count else { return places }
    return (0..<count).map { places[$0 * (places.count - 1) / max(1, count - 1)] }
  }

  var correlationOfSteps: Double? {
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
    guard !gaps.isEmpty else { return nil }
    return channels.map { $0.field.correlation(over: gaps[gaps.count / 2]) }.max()
  }

  func posterior(at step: Int) throws -> Posterior {
    let time = timeOfStep[step]
    if answers[time] == nil { try answer(around: time) }
    guard let answer = answers[time] else { preconditionFailure("A window answers the time that it was made for") }
    return answer
  }

  /// Answers the block of times that one belongs to, from a window around it. Blocks begin at fixed places, so that answers do not
  /// depend on which was asked first.
  private func answer(around time: Int) throws {
    try request.checkInterruption()
    let answered = window.length - 2 * window.margin
    let block = (time / answered) * answered..<min(times.count, (time / answered + 1) * answered)
    let places = max(0, block.lowerBound - window.margin)..<min(times.count, block.upperBound + window.margin)
    try draw(places)
    let fitter = SparseSeriesSteps(solver: solver, series: series, stepsOfTime: stepsOfTime)
    let layout = solver.space.layout
    let size = layout.stateOfEntry.count
    let empty = Posterior(
      mean: [Float](repeating: .nan, count: size), spread: [Float](repeating: .nan, count: size),
      samples: request.samples > 0 ? Tensor(repeating: .nan, shape: [request.samples, size]) : nil)
    answers = Dictionary(uniqueKeysWithValues: block.map { ($0, empty) })
    for (index, channel) in channels.enumerated() {
      try request.checkInterruption()
      let (field, n) = (channel.field, channel.field.nodeCount)
      let steps = try places.map { place in
        SparseSeriesStep(time: times[place], observations: try fitter.observations(at: place, channel: channel.number))
      }
      let gaussian = try field.window(steps)
      let mean = gaussian.mean()
      let variances = try gaussian.variances()
      let corrections =
        request.samples > 0
        ? gaussian.corrections(of: places.map { draws[$0]?[index] ?? .zeros([0, n]) }) { step, count in
          var stream = self.stream(of: places.lowerBound + step).split("noise").split(channel.number)
          return stream.normals([request.samples, count])
        } : nil
      for place in block {
        let own = (place - places.lowerBound) * n..<(place - places.lowerBound + 1) * n
        let label = series.labels[stepsOfTime[place][0]]
        let entries = ChannelEntries(
          layout, channel: channel.number, climatology: solver.space.climatology.mean(for: label),
          scale: solver.space.scales[channel.number])
        let level = field.parameters.level
        let centre = mean[own].map { Float($0 + level) }
        guard var answer = answers[place] else { continue }
        entries.write(centre, to: &answer.mean)
        if var spread = answer.spread {
          entries.writeSpread(variances[own].map { Float($0.squareRoot()) }, to: &spread)
          answer.spread = spread
        }
        if let corrections, let drawn = draws[place]?[index] {
          var members = drawn
          members.add(corrections.columns(own))
          // As deviations from the mean, which lacks the level.
          let deviations = members.subtractingFromRows(Array(mean[own])).converted(to: Float.self)
          entries.write(deviations, about: centre, firstRow: 0, to: &answer.samples)
        }
        answer.diagnostics["memory in days\(name(of: channel))"] = field.parameters.memory
        answer.diagnostics["steps in a window"] = Double(places.count)
        answer.diagnostics["factor entries\(name(of: channel))"] = Double(gaussian.factorEntryCount)
        answers[place] = answer
      }
    }
  }

  private func name(of channel: Channel) -> String {
    solver.space.layout.channelCount > 1 ? " \(channel.number + 1)" : ""
  }

  /// Draws the series at the times of a window, from where the last one ended; from its start where that lies behind.
  private func draw(_ places: Range<Int>) throws {
    guard request.samples > 0 else { return }
    var next = (draws.keys.max() ?? -1) + 1
    if let first = draws.keys.min(), first > places.lowerBound { (draws, next) = ([:], 0) }
    while next < places.upperBound {
      try request.checkInterruption()
      let earlier = next > 0 ? draws[next - 1] : nil
      let elapsed = next > 0 ? times[next] - times[next - 1] : 0
      let stream = stream(of: next)
      draws[next] = channels.enumerated().map { index, channel in
        channel.field.draws(
          request.samples, after: earlier?[index], elapsed: elapsed, random: stream.split("field").split(channel.number))
      }
      if next - 1 < places.lowerBound { draws[next - 1] = nil }
      next += 1
    }
    for place in draws.keys where place < places.lowerBound { draws[place] = nil }
  }

  /// The members of a time depend on its place in time, not on the file that it lies in.
  private func stream(of place: Int) -> RandomStream {
    request.random.split(series.labels[stepsOfTime[place][0]].time ?? "step \(times[place])")
  }
}

/// What was observed at the times of a series, channel by channel.
private struct SparseSeriesSteps {
  let solver: SparseFieldSolver
  let series: any MeasuredSeries
  let stepsOfTime: [[Int]]

  func observations(at place: Int, channel: Int) throws -> [SparseFieldObservation] {
    try stepsOfTime[place].compactMap { step in
      guard let measurement = try series.measurement(at: step), measurement.count > 0 else { return nil }
      let seen = try solver.part(of: solver.space.observe(measurement), channel: channel)
      return seen.count > 0 ? seen : nil
    }
  }

  func isObserved(_ place: Int, channel: Int) throws -> Bool { try !observations(at: place, channel: channel).isEmpty }
}

extension Tensor where Scalar == Double {
  /// Each row (B×n) minus a vector (n).
  fileprivate func subtractingFromRows(_ vector: [Double]) -> Tensor {
    var result = self
    let width = columnCount
    result.withUnsafeMutableScalars { values in for i in values.indices { values[i] -= vector[i % width] } }
    return result
  }
}
