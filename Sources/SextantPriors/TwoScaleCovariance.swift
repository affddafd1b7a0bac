// The covariance of the two-scale prior (docs/mathematics.md): modes of the archive, inflated; the same modes with far
// correlations removed by localisation; and a Matérn field for what the archive lacks. The initial parameters and the
// hyper-priors were chosen on sets of model fields, without using ERA5 (docs/two-scale.md).

import Foundation
import SextantArrays
import SextantGeometry

/// Builds the two-scale covariance for a set of states.
enum TwoScaleCovariance {
  static func model(
    modes: Tensor<Float>, positions: [SIMD3<Double>], channels: [Int32], anomalyVariance: [Double],
    landShare: [Double]?, climate: [Double], channelCorrelation: Tensor<Double>, isTrend: Bool,
    smoothness: MaternCorrelation = .half, hasGeography: Bool = true
  ) -> CovarianceModel {
    let d = positions.count
    let channelCount = channelCorrelation.columnCount
    // Features of the log standard deviation: for each channel a constant, land, and the archive's own log standard
    // deviation.
    let mean = anomalyVariance.reduce(0, +) / Double(max(1, d))
    let logStandardDeviation = centred(anomalyVariance.map { 0.5 * log($0 + 0.25 * mean) })
    var features: [[Double]] = []
    var standardDeviation: [CovarianceComponent.FeatureCoefficient] = []
    for channel in 0..<channelCount {
      let suffix = channelCount > 1 ? "[\(channel)]" : ""
      func add(_ parameter: CovarianceParameter, _ values: [Double]) {
        var parameter = parameter
        parameter.name += suffix
        standardDeviation.append(.init(feature: features.count, coefficient: parameter))
        features.append((0..<d).map { channels[$0] == channel ? values[$0] : 0 })
      }
      // Together with an archive, the field represents what the archive lacks: about as large as the noise, and larger
      // where modes need inflation. Together with a trend, it carries the total variance, which standardisation makes
      // 1.
      add(
        isTrend
          ? .init(name: "field.log-deviation", start: log(0.6), standardDeviation: 1.5)
          : .init(
            name: "field.log-deviation", start: log(0.12), standardDeviation: 0.6, isRelativeToNoise: true,
            coupling: .init(name: "modes.log-amplitude", factor: 2.25)),
        [Double](repeating: 1, count: d))
      if let landShare { add(.init(name: "field.land", start: 0, standardDeviation: 0.5), centred(landShare)) }
      if !isTrend {
        add(.init(name: "field.archive-deviation", start: 0, standardDeviation: 0.6), logStandardDeviation)
      }
    }
    // Coordinates that separate neighbouring places: land from sea, and warm ground from cold (mountains).
    var coordinates: [[Double]] = []
    var weights: [CovarianceComponent.CoordinateWeight] = []
    if let landShare {
      weights.append(
        .init(coordinate: 0, weight: .init(name: "field.log-land-step", start: log(0.5), standardDeviation: 0.5)))
      coordinates.append(landShare)
    }
    if !isTrend {
      weights.append(
        .init(
          coordinate: coordinates.count,
          weight: .init(name: "field.log-climate-step", start: log(0.5), standardDeviation: 0.5)))
      coordinates.append(climate)
    }
    let spacing = typicalSpacing(positions, channels: channels, usesAll: isTrend && !hasGeography)
    var components: [CovarianceComponent] = [
      .modes(amplitude: .init(name: "modes.log-amplitude", start: 0.4, standardDeviation: isTrend ? 1.5 : 0.5)),
      .localisedModes(
        amplitude: .init(name: "localised.log-amplitude", start: -1.2, standardDeviation: 0.5),
        range: .init(name: "localised.log-range", start: log(6 * spacing), standardDeviation: 0.4), coordinates: [],
        smoothness: .threeHalves),
      .field(
        range: .init(name: "field.log-range", start: log(5 * spacing), standardDeviation: isTrend ? 1 : 0.8),
        coordinates: weights,
        smoothness: smoothness, standardDeviation: standardDeviation),
    ]
    // The modes of a trend do not come from an archive, so they are not localised.
    if isTrend { components.remove(at: 1) }
    var model = CovarianceModel(
      components: components, modes: modes.converted(to: Double.self), positions: positions,
      coordinates: coordinates, features: features, channels: channels, channelCorrelation: channelCorrelation)
    model.isIndependentOfNumbering = isTrend && !hasGeography
    return model
  }

  private static func centred(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return values.map { $0 - mean }
  }

  /// The typical distance between neighbours, which serves as the unit of ranges: the distance to the fourth nearest
  /// neighbour where the grid is widest.
  ///
  /// - Parameters:
  ///   - positions: the position of each state (d).
  ///   - channels: the channel of each state (d).
  ///   - usesAll: whether every state is looked at, so that nothing depends on how a mesh numbers its vertices, or
  ///     about 500 of them.
  static func typicalSpacing(
    _ positions: [SIMD3<Double>], channels: [Int32], usesAll: Bool = false
  ) -> Double {
    let own = positions.indices.filter { channels[$0] == channels.first }.map { positions[$0] }
    guard own.count > 4 else { return 0.1 }
    let tree = NearestNeighbours(own)
    let distances = stride(from: 0, to: own.count, by: usesAll ? 1 : max(1, own.count / 500)).compactMap { i in
      tree.nearest(5, to: own[i]).last?.distance
    }
    return distances.sorted()[distances.count * 9 / 10]
  }
}
