// What an instrument does to values beside adding noise of one size: it counts, so that the noise grows with the signal, and it
// saturates, so that of a value above a level only that is known. The noise comes first and the level cuts it off, as in a camera.

/// The behaviour of the instrument in each variable.
public struct Detector: Sendable, Equatable {
  /// The noise of the variables that are counted (C); nil for the others. Empty if none is counted.
  public var counting: [CountingNoise?]
  /// The level of each variable (C) above which values are cut off; nil where there is none. Empty if none is cut off.
  public var saturation: [Float?]

  /// - Parameters:
  ///   - counting: the noise of the variables that are counted (C); nil for the others.
  ///   - saturation: the level of each variable (C) above which values are cut off; nil where there is none.
  public init(counting: [CountingNoise?] = [], saturation: [Float?] = []) {
    self.counting = counting.contains { $0 != nil } ? counting : []
    self.saturation = saturation.contains { $0 != nil } ? saturation : []
  }

  /// An instrument whose noise has the stated size, at all levels.
  public static let ideal = Detector()

  /// Whether the instrument adds noise of the stated size alone.
  public var isIdeal: Bool { counting.isEmpty && saturation.isEmpty }

  /// The noise of a channel that is counted.
  package func counting(ofChannel channel: Int) -> CountingNoise? { counting.isEmpty ? nil : counting[channel] }

  /// The level above which values of a channel are cut off.
  package func saturation(ofChannel channel: Int) -> Float? { saturation.isEmpty ? nil : saturation[channel] }
}

extension FieldMeasurement {
  /// Takes account of the instrument: values above its level are cut off, and the noise of what is counted gets a first guess, that
  /// at the mean of the values that share it. A guess at each value itself would trust low values more than high ones.
  ///
  /// - Parameters:
  ///   - detector: the instrument, in the units of the values.
  ///   - channels: the variable of each value (m).
  public mutating func read(by detector: Detector, channels: [Int]) {
    if !detector.saturation.isEmpty {
      isSaturated = values.indices.map { row in detector.saturation(ofChannel: channels[row]).map { values[row] >= $0 } ?? false }
      for row in values.indices where isSaturated[row] {
        values[row] = detector.saturation(ofChannel: channels[row]) ?? values[row]
      }
      if !isSaturated.contains(true) { isSaturated = [] }
    }
    guard !detector.counting.isEmpty else { return }
    counting = channels.map { detector.counting(ofChannel: $0) }
    for kind in Set(counting.compactMap(\.self)) {
      let rows = counting.indices.filter { counting[$0] == kind }
      let mean = rows.reduce(0.0) { $0 + Double(values[$1]) } / Double(rows.count)
      for row in rows { noise[row] = Float(kind.deviation(at: mean)) }
    }
    if counting.allSatisfy({ $0 == nil }) { counting = [] }
  }
}
