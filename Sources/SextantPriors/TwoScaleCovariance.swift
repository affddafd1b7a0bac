// The covariance of the two-scale prior (design §3): modes of the archive, inflated; the same modes with
// far correlations cut off; and a Matérn field for what the archive lacks. Parameter starts and hyper-priors
// were chosen on sets of model fields without looking at ERA5 (docs/two-scale.md).

import Foundation
import SextantArrays

/// Builds the two-scale covariance of a set of states.
enum TwoScaleCovariance {
  static func model(
    modes: Tensor<Float>, positions: [SIMD3<Double>], channels: [Int32], anomalyVariance: [Double],
    landShare: [Double]?, climate: [Double], channelCorrelation: Tensor<Double>, isTrend: Bool
  ) -> CovarianceModel {
    let d = positions.count
    let channelCount = channelCorrelation.columnCount
    // Features of log standard deviation: for each channel a constant, land, and the archive's own log deviation.
    let mean = anomalyVariance.reduce(0, +) / Double(max(1, d))
    let logDeviation = centred(anomalyVariance.map { 0.5 * log($0 + 0.25 * mean) })
    var features: [[Double]] = []
    var deviation: [CovarianceComponent.FeatureCoefficient] = []
    for channel in 0..<channelCount {
      let suffix = channelCount > 1 ? "[\(channel)]" : ""
      func add(_ parameter: CovarianceParameter, _ values: [Double]) {
        var parameter = parameter
        parameter.name += suffix
        deviation.append(.init(feature: features.count, coefficient: parameter))
        features.append((0..<d).map { channels[$0] == channel ? values[$0] : 0 })
      }
      add(
        .init(
          name: "field.log-deviation", start: log(0.11), deviation: 0.8, isRelativeToNoise: true,
          coupling: .init(name: "modes.log-amplitude", factor: 2.25)),
        [Double](repeating: 1, count: d))
      if let landShare { add(.init(name: "field.land", start: 0, deviation: 1), centred(landShare)) }
      if !isTrend { add(.init(name: "field.archive-deviation", start: 0, deviation: 1), logDeviation) }
    }
    // Coordinates that part what lies near each other: land from sea, and warm ground from cold (mountains).
    var coordinates: [[Double]] = []
    var weights: [CovarianceComponent.CoordinateWeight] = []
    if let landShare {
      weights.append(.init(coordinate: 0, weight: .init(name: "field.log-land-step", start: log(0.5), deviation: 1)))
      coordinates.append(landShare)
    }
    if !isTrend {
      weights.append(
        .init(
          coordinate: coordinates.count,
          weight: .init(name: "field.log-climate-step", start: log(0.5), deviation: 1)))
      coordinates.append(climate)
    }
    let spacing = typicalSpacing(positions, channels: channels)
    var components: [CovarianceComponent] = [
      .modes(amplitude: .init(name: "modes.log-amplitude", start: 0.3, deviation: 1.5)),
      .localisedModes(
        amplitude: .init(name: "localised.log-amplitude", start: -1.5, deviation: 1),
        range: .init(name: "localised.log-range", start: log(6 * spacing), deviation: 0.7), coordinates: [],
        smoothness: .threeHalves),
      .field(
        range: .init(name: "field.log-range", start: log(3 * spacing), deviation: 1), coordinates: weights,
        smoothness: .half, deviation: deviation),
    ]
    // The modes of a trend are no archive's: there is nothing in them to localise.
    if isTrend { components.remove(at: 1) }
    return CovarianceModel(
      components: components, modes: modes.converted(to: Double.self), positions: positions,
      coordinates: coordinates, features: features, channels: channels, channelCorrelation: channelCorrelation)
  }

  private static func centred(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return values.map { $0 - mean }
  }

  /// The edge of the square that has the area of one node: the length in which ranges are thought of.
  static func typicalSpacing(_ positions: [SIMD3<Double>], channels: [Int32]) -> Double {
    let first = positions.indices.filter { channels[$0] == channels.first }
    guard first.count > 1 else { return 0.1 }
    // Distances to the nearest of all others, for a sample of nodes.
    let step = max(1, first.count / 200)
    var distances: [Double] = []
    for i in stride(from: 0, to: first.count, by: step) {
      var nearest = Double.infinity
      for j in first where j != first[i] {
        let difference = positions[first[i]] - positions[j]
        nearest = min(nearest, (difference * difference).sum())
      }
      distances.append(nearest.squareRoot())
    }
    return distances.sorted()[distances.count * 9 / 10]
  }
}
