// The places of measured values, for methods that work with points rather than with operators.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// The measured values of one channel as points.
struct ObservedPlaces: Sendable {
  /// The place of each value (m); for a value that mixes vertices, the weighted mean of their places.
  private(set) var positions: [SIMD3<Double>] = []
  /// The index of each value among all values of the measurement (m).
  private(set) var rows: [Int] = []
  /// The vertex of each value (m), or −1 for a value that mixes vertices.
  private(set) var vertices: [Int] = []

  /// The measured places of each channel (C).
  ///
  /// Values that mix channels are left out.
  ///
  /// - Throws: `PriorError.wrongSize`, and
  ///   `MeasurementError.operatorNotSupported` for an operator without a matrix that is too
  ///   large for one.
  static func byChannel(
    _ operation: any LinearOperator, domain: any Domain, channelCount: Int, method: String
  ) throws -> [ObservedPlaces] {
    var result = [ObservedPlaces](repeating: ObservedPlaces(), count: channelCount)
    try operation.requireInputs(domain.vertexCount * channelCount)
    let positions = domain.positions
    let matrix = try operation.materialised(for: method)
    for row in 0..<matrix.rowCount {
      let entries = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      guard let first = entries.first else { continue }
      let channel = Int(matrix.columns[first]) % channelCount
      guard entries.allSatisfy({ Int(matrix.columns[$0]) % channelCount == channel }) else { continue }
      var place = SIMD3<Double>()
      for k in entries { place += matrix.values[k] * positions[Int(matrix.columns[k]) / channelCount] }
      result[channel].positions.append(place)
      result[channel].rows.append(row)
      result[channel].vertices.append(entries.count == 1 ? Int(matrix.columns[first]) / channelCount : -1)
    }
    return result
  }

  /// The measured values (m) of this channel, in the variable's units.
  func values(of measurement: FieldMeasurement) -> [Double] { rows.map { Double(measurement.values[$0]) } }
}

extension Domain {
  /// The V×C array with the given values of each channel at the nodes; NaN for channels without values.
  func array(fromNodes channels: [[Double]?]) -> [Float] {
    let (vertices, nodes) = (vertexCount, nodeOfVertex)
    var result = [Float](repeating: .nan, count: vertices * channels.count)
    for (channel, values) in channels.enumerated() {
      guard let values else { continue }
      for v in 0..<vertices { result[v * channels.count + channel] = Float(values[Int(nodes[v])]) }
    }
    return result
  }
}
