// What was counted while fields were filled. Each answer keeps its own counts, so that a run that was interrupted reports on
// all of its fields, not only on those that it filled itself.

import SextantModels
import SextantSignals

/// Counts of one field; those of several add up.
struct AnswerTally: Sendable, Codable, Equatable {
  /// The counts of one variable.
  struct Channel: Sendable, Codable, Equatable {
    /// The observed values, in the model's units.
    var observed = Moments()
    /// The noise of the observed values, in the file's units.
    var noise = Moments()
    /// Observed values that the quantity does not allow and the noise does not explain.
    var impossibleCount = 0

    static func + (a: Channel, b: Channel) -> Channel {
      Channel(observed: a.observed + b.observed, noise: a.noise + b.noise, impossibleCount: a.impossibleCount + b.impossibleCount)
    }
  }

  /// One for each variable (C).
  var channels: [Channel]
  /// The number of fields that a method answered.
  var answeredCount = 0
  /// The values that were missing, and all values.
  var missingCount = 0
  var valueCount = 0
  /// The seconds that it took.
  var seconds = 0.0
  /// Σ of what the method chose.
  var diagnostics: [String: Double] = [:]
  /// Observed values beside the ranges that a model was given.
  var bounds: BoundsCheck.Tally
  /// The fields without any observed value, by name: those that were filled all the same, and those that stayed missing.
  var filledEmptyFields: [String] = []
  var missingEmptyFields: [String] = []
  /// Answers that have no samples although samples were wanted.
  var withoutSamplesCount = 0
  /// Observed values that were cut off at the level of the instrument.
  var saturatedCount = 0
  /// Observed values at places outside of the model's domain.
  var outsideCount = 0
  /// Observed values that were not used, because they depend on what lies beyond the frame of an image.
  var beyondFrameCount = 0
  /// Values of the mean that were clipped to the range of the pixels' type.
  var clippedCount = 0
  /// What the first observed field shows of the nature of its variables; nil before there is one.
  var natures: [Remark]?

  init(channelCount: Int) {
    channels = [Channel](repeating: Channel(), count: channelCount)
    bounds = BoundsCheck.Tally(channelCount: channelCount)
  }

  static func + (a: AnswerTally, b: AnswerTally) -> AnswerTally {
    var sum = a
    for channel in sum.channels.indices { sum.channels[channel] = a.channels[channel] + b.channels[channel] }
    sum.answeredCount += b.answeredCount
    sum.missingCount += b.missingCount
    sum.valueCount += b.valueCount
    sum.seconds += b.seconds
    sum.diagnostics.merge(b.diagnostics, uniquingKeysWith: +)
    sum.bounds = a.bounds + b.bounds
    sum.filledEmptyFields += b.filledEmptyFields
    sum.missingEmptyFields += b.missingEmptyFields
    sum.withoutSamplesCount += b.withoutSamplesCount
    sum.saturatedCount += b.saturatedCount
    sum.outsideCount += b.outsideCount
    sum.beyondFrameCount += b.beyondFrameCount
    sum.clippedCount += b.clippedCount
    sum.natures = a.natures ?? b.natures
    return sum
  }

  /// What the method chose, averaged over the fields that it answered.
  var meanDiagnostics: [String: Double] { diagnostics.mapValues { $0 / Double(max(1, answeredCount)) } }
}
