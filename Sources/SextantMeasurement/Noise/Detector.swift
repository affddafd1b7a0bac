// What an instrument does to values beside adding noise of one size: its noise has a law, such as that of counts, by which it depends on the
// signal, and it saturates, so that of a value above a level only that is known. The noise comes first and the level cuts it off, as in a camera.

/// The behaviour of the instrument in each variable.
public struct Detector: Sendable, Equatable {
  /// The law of the noise of each variable (C); nil where it has the stated size. Empty if there is none.
  public var laws: [NoiseLaw?]
  /// The level of each variable (C) above which values are cut off; nil where there is none. Empty if none is cut off.
  public var saturation: [Float?]

  /// - Parameters:
  ///   - laws: the law of the noise of each variable (C); nil where it has the stated size.
  ///   - saturation: the level of each variable (C) above which values are cut off; nil where there is none.
  public init(laws: [NoiseLaw?] = [], saturation: [Float?] = []) {
    self.laws = laws.contains { $0 != nil } ? laws : []
    self.saturation = saturation.contains { $0 != nil } ? saturation : []
  }

  /// An instrument whose noise has the stated size, at all levels.
  public static let ideal = Detector()

  /// Whether the instrument adds noise of the stated size alone.
  public var isIdeal: Bool { laws.isEmpty && saturation.isEmpty }

  /// The law of the noise of a channel; nil where it has the stated size.
  package func law(ofChannel channel: Int) -> NoiseLaw? { laws.isEmpty ? nil : laws[channel] }

  /// The level above which values of a channel are cut off.
  package func saturation(ofChannel channel: Int) -> Float? { saturation.isEmpty ? nil : saturation[channel] }
}

extension FieldMeasurement {
  /// Takes account of the instrument: values above its level are cut off, and noise that has a law gets a first guess, that
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
    guard !detector.laws.isEmpty else { return }
    laws = channels.map { detector.law(ofChannel: $0) }
    for law in Set(laws.compactMap(\.self)) {
      let rows = laws.indices.filter { laws[$0] == law }
      let mean = rows.reduce(0.0) { $0 + Double(values[$1]) } / Double(rows.count)
      for row in rows { noise[row] = Float(law.deviation(at: mean)) }
    }
    if laws.allSatisfy({ $0 == nil }) { laws = [] }
  }
}
