// Where measured values lie: what methods need that think of points rather than of operators.

import SextantArrays
import SextantGeometry
import SextantMeasurement

/// The measured values of one channel as points with values.
struct ObservedPlaces: Sendable {
  /// Where each value was measured (m); for a value that mixes vertices, their weighted mean.
  private(set) var positions: [SIMD3<Double>] = []
  /// The measured values (m), in the variable's units.
  private(set) var values: [Double] = []
  /// Their noise standard deviations (m).
  private(set) var noise: [Double] = []
  /// The vertex of each value, or −1 where it mixes vertices.
  private(set) var vertices: [Int] = []

  /// The places of each channel (C).
  ///
  /// A value that mixes channels is no point of any, and is left out.
  static func byChannel(_ measurement: FieldMeasurement, domain: any Domain, channelCount: Int) -> [ObservedPlaces] {
    var result = [ObservedPlaces](repeating: ObservedPlaces(), count: channelCount)
    let positions = domain.positions
    let matrix = measurement.operation.matrix
    for row in 0..<matrix.rowCount {
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      guard let first = entries.first else { continue }
      let channel = Int(matrix.columns[first]) % channelCount
      guard entries.allSatisfy({ Int(matrix.columns[$0]) % channelCount == channel }) else { continue }
      var place = SIMD3<Double>()
      for k in entries { place += matrix.values[k] * positions[Int(matrix.columns[k]) / channelCount] }
      result[channel].positions.append(place)
      result[channel].values.append(Double(measurement.values[row]))
      result[channel].noise.append(Double(measurement.noise[row]))
      result[channel].vertices.append(entries.count == 1 ? Int(matrix.columns[first]) / channelCount : -1)
    }
    return result
  }
}

/// Fills a V×C array channel by channel; a channel without a value stays not-a-number.
func fillingChannels(
  _ measurement: FieldMeasurement, domain: any Domain, channelCount: Int,
  _ fill: (_ places: ObservedPlaces, _ channel: Int) throws -> [Double]
) rethrows -> [Float] {
  let vertices = domain.vertexCount
  var result = [Float](repeating: .nan, count: vertices * channelCount)
  let places = ObservedPlaces.byChannel(measurement, domain: domain, channelCount: channelCount)
  for channel in 0..<channelCount where !places[channel].values.isEmpty {
    let values = try fill(places[channel], channel)
    for v in 0..<vertices { result[v * channelCount + channel] = Float(values[v]) }
  }
  return result
}
