// A prior for a season or an hour of which the archive has no fields. Its mean there is not known: it may differ from the
// climatology by about as much as the climatology differs from place to place, smoothly over the domain and with the kind of
// place (land or sea, plain or mountain). This uncertainty is added to the prior as further modes, so that every method that
// conditions the archive's modes lets the observations decide, and says how little is known where there are none.

import Foundation
import SextantArrays
import SextantGeometry

extension GaussianPrior {
  /// The number of places of each channel whose unknown mean is represented, which spread over the domain.
  private static let placeCount = 60
  /// The range of the unknown mean's correlation, in units of the root mean square distance of the places from their centre.
  private static let range = 0.7
  /// The distance that one standard deviation of the climatology counts for, in the same units.
  private static let climateStep = 0.7
  /// The smallest standard deviation of the unknown mean, in standard deviations of the anomalies.
  private static let leastDeviation = 1.0

  /// The same prior about a mean that is not known.
  ///
  /// - Parameters:
  ///   - share: the standard deviation of the mean as a share of that of the climatology over the domain, more than 0.
  ///   - domain: the domain of the fields.
  package func withUnknownClimatology(share: Double, on domain: any Domain) throws -> GaussianPrior {
    let layout = space.layout
    let nodes = domain.nodePositions
    let mean = space.climatology.overallMean
    var unknown = Tensor<Float>.zeros([0, space.count])
    for channel in 0..<layout.channelCount {
      let states = Array(layout.states(ofChannel: channel))
      guard states.count > 1 else { continue }
      let climate = Self.standardised(states.map { Double(mean[$0]) })
      let deviation = share * max(Self.leastDeviation, climate.deviation / Double(space.scales[channel]))
      let points = Self.embedding(states.map { nodes[Int(layout.nodeOfState[$0])] }, climate: climate.values)
      // A Matérn field of smoothness 3/2.
      let modes = try Tensor<Float>.modes(ofFieldAt: points, placeLimit: Self.placeCount, states: states, count: space.count) { a, b in
        let difference = points[a] - points[b]
        let t = (3 * (difference * difference).sum()).squareRoot()
        return (1 + t) * exp(-t) * deviation * deviation
      }
      unknown = unknown.stacked(on: modes)
    }
    let (functions, rotation) = try functions.adding(modes: unknown)
    // The archive's fields have no part in the unknown mean.
    let padded = Tensor<Float>(shape: [archiveCoefficients.rowCount, rotation.rowCount]) { out in
      for i in out.indices { out[i] = 0 }
      archiveCoefficients.withUnsafeScalars { source in
        let k = archiveCoefficients.columnCount
        for i in source.indices { out[i / k * rotation.rowCount + i % k] = source[i] }
      }
    }
    return GaussianPrior(
      configuration: configuration, space: space, functions: functions,
      archiveCoefficients: archiveCoefficients.rowCount > 0 ? matrixProduct(padded, rotation) : .zeros([0, functions.modeCount]),
      landShare: landShare, channelCorrelation: channelCorrelation)
  }

  private static func standardised(_ values: [Double]) -> (values: [Double], deviation: Double) {
    let centre = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0.0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count)
    let deviation = variance.squareRoot()
    return (values.map { deviation > 0 ? ($0 - centre) / deviation : 0 }, deviation)
  }

  /// The places with the climate as a fourth coordinate, in units of the range.
  private static func embedding(_ positions: [SIMD3<Double>], climate: [Double]) -> [SIMD4<Double>] {
    let centre = positions.reduce(SIMD3<Double>(), +) / Double(positions.count)
    let square = positions.reduce(0.0) { $0 + (($1 - centre) * ($1 - centre)).sum() } / Double(positions.count)
    let scale = square > 0 ? 1 / (range * square.squareRoot()) : 0
    return zip(positions, climate).map { position, climate in
      SIMD4((position - centre) * scale, climate * climateStep / range)
    }
  }
}

extension EmpiricalOrthogonalFunctions {
  /// These functions and further modes (j×d), with the sum of the covariances.
  ///
  /// - Returns: the functions, and the rotation from coefficients of the old and the further modes (k+j) to theirs.
  package func adding(modes: Tensor<Float>) throws -> (functions: EmpiricalOrthogonalFunctions, rotation: Tensor<Float>) {
    let all = scaledModes.stacked(on: modes)
    let (values, vectors) = try symmetricEigendecomposition(gramMatrix(all.converted(to: Double.self)))
    let kept = values.prefix { $0 > 1e-9 * max(values.first ?? 0, .leastNormalMagnitude) }.count
    let leading = vectors.rows(0..<kept).converted(to: Float.self)
    return (
      EmpiricalOrthogonalFunctions(
        scaledModes: matrixProduct(leading, all), standardDeviations: values.prefix(kept).map { Float($0.squareRoot()) },
        residualVariance: residualVariance),
      leading.transposed()
    )
  }
}
