// The input of a conditioning network: the Gaussian posterior, which entries were measured, and the difference of the
// measured values from that posterior (BackProjection.swift), all scaled to be of order one.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Computes the input of a conditioning network from a measurement and its Gaussian posterior.
package struct PosteriorFeatures: Sendable {
  /// F, the number of channels of the input for fields of C channels on a domain.
  package static func channelCount(fieldChannels: Int, domain: any Domain) -> Int {
    7 * fieldChannels + 1 + placeWidth(on: domain)
  }

  /// The number of features that describe the place of a vertex: the sine of its latitude or, on a domain without a
  /// geography, three coordinates in the bounding box.
  private static func placeWidth(on domain: any Domain) -> Int { domain.geography == nil ? 3 : 1 }

  /// The features of each vertex's place, from −1 to 1 (V lists of ``placeWidth(on:)`` numbers).
  private static func places(on domain: any Domain) -> [[Float]] {
    let positions = domain.positions
    guard domain.geography == nil, let first = positions.first else { return positions.map { [Float($0.z)] } }
    let low = positions.reduce(first) { pointwiseMin($0, $1) }
    let high = positions.reduce(first) { pointwiseMax($0, $1) }
    let half = max((high - low).max() / 2, .leastNormalMagnitude)
    return positions.map { p in
      let place = (p - (low + high) / 2) / half
      return [Float(place.x), Float(place.y), Float(place.z)]
    }
  }

  private let space: StateSpace
  private let transforms: [MarginalTransform]
  /// The features that do not depend on the measurement (V×(C+1+p)): the standard deviation of the archive's anomalies,
  /// the share of land, and the place.
  private let fixed: [Float]

  /// - Parameters:
  ///   - prior: the prior, in transformed units.
  ///   - transforms: the transform of each channel (C).
  ///   - domain: the domain of the fields.
  ///   - landShare: the share of land at each vertex (V), or nil.
  package init(_ prior: GaussianPrior, transforms: [MarginalTransform], domain: any Domain, landShare: [Float]?) {
    space = prior.space
    self.transforms = transforms
    let standardDeviations = prior.functions.totalVariance.map { Float($0.squareRoot()) }
    let expanded = prior.space.layout.expanded(
      Tensor(standardDeviations, shape: [1, standardDeviations.count]), outside: 0
    ).scalars
    let channels = prior.space.layout.channelCount
    let places = Self.places(on: domain)
    var fixed: [Float] = []
    for vertex in 0..<domain.vertexCount {
      fixed += expanded[vertex * channels..<(vertex + 1) * channels]
      fixed.append(landShare?[vertex] ?? 0)
      fixed += places[vertex]
    }
    self.fixed = fixed
  }

  /// The input of the network (V×F).
  ///
  /// - Parameters:
  ///   - measurement: the measurement, in the variables' units.
  ///   - posterior: the mean and the spread (V·C) in transformed units.
  /// - Throws: `MeasurementError`, as ``BackProjection`` does.
  package func features(of measurement: FieldMeasurement, posterior: Posterior) throws -> Tensor<Float> {
    let channels = space.layout.channelCount
    let vertices = posterior.mean.count / channels
    let fixedWidth = fixed.count / max(1, vertices)
    let width = 6 * channels + fixedWidth
    let climate = space.layout.expanded(
      Tensor(space.climatology.mean(for: measurement.label), shape: [1, space.count]), outside: .nan
    ).scalars
    let overall = space.climatology.overallMean
    let centres = (0..<channels).map { channel in
      let states = space.layout.states(ofChannel: channel)
      return states.reduce(0.0) { $0 + Double(overall[$1]) } / Double(max(1, states.count))
    }
    let latent = posterior.mean
    let measured = try BackProjection(
      of: measurement, at: latent.indices.map { Float(transforms[$0 % channels].value(at: Double(latent[$0]))) })
    return Tensor(shape: [vertices, width]) { out in
      for vertex in 0..<vertices {
        for channel in 0..<channels {
          let entry = vertex * channels + channel
          let mean = posterior.mean[entry]
          let isInside = mean.isFinite
          let scale = space.scales[channel]
          let at = vertex * width + 6 * channel
          out[at] = isInside ? (mean - climate[entry]) / scale : 0
          out[at + 1] = isInside ? (posterior.spread?[entry] ?? 0) / scale : 0
          out[at + 2] = isInside ? Float(max(-6, min(6, measured.standardised(at: entry))) / 2) : 0
          out[at + 3] = isInside && measured.weights[entry] > 0 ? 1 : 0
          // How much the value could tell beyond the posterior.
          let seen = isInside ? abs(transforms[channel].slope(at: Double(mean))) * Double(posterior.spread?[entry] ?? 0) : 0
          out[at + 4] = Float(log1p(seen * measured.precision(at: entry)))
          out[at + 5] = isInside ? (climate[entry] - Float(centres[channel])) / scale / 4 : 0
        }
        for k in 0..<fixedWidth { out[vertex * width + 6 * channels + k] = fixed[vertex * fixedWidth + k] }
      }
    }
  }
}
