// Inverse distance weighting, and with one neighbour nearest-neighbour interpolation, as CDO's operators setmisstodis
// and setmisstonn do it, except that distances are chords of the sphere. Observed vertices keep their values. There is
// no uncertainty. The neighbours are found once for each operator.

import SextantArrays
import SextantGeometry
import SextantMeasurement

/// Gives each vertex the mean of its nearest observations, weighted by the inverse of their distances.
public struct InverseDistanceSolver: Solver {
  private let domain: any Domain
  private let channelCount: Int
  private let neighbourCount: Int

  public var name: String { neighbourCount == 1 ? "nearest neighbour" : "inverse distance" }

  /// Makes the solver for fields of `channelCount` variables that cover the whole domain.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - channelCount: the number C of variables.
  ///   - neighbourCount: the number of observations that are averaged. CDO's default is 4; 1 gives each vertex the
  ///     value of the nearest observation.
  public init(domain: any Domain, channelCount: Int, neighbourCount: Int = 4) {
    self.domain = domain
    self.channelCount = channelCount
    self.neighbourCount = neighbourCount
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try NeighbourPreparation(
      MeasurementModel(operation: operation, noise: noise), domain: domain, channelCount: channelCount,
      neighbourCount: neighbourCount, method: name)
  }
}

/// The nearest observations of each node and their weights, for each channel.
private struct NeighbourPreparation: PreparedSolver {
  let model: MeasurementModel
  private let domain: any Domain
  private let channels: [Channel]

  private struct Channel: Sendable {
    var places: ObservedPlaces
    /// The `width` observations nearest to each node, nearest first, and the inverse of each distance.
    var neighbours: [Int32] = []
    var weights: [Double] = []
    var width = 0
  }

  init(
    _ model: MeasurementModel, domain: any Domain, channelCount: Int, neighbourCount: Int, method: String
  ) throws {
    self.model = model
    self.domain = domain
    let nodes = domain.nodePositions
    channels = try ObservedPlaces.byChannel(
      model.operation, domain: domain, channelCount: channelCount, method: method
    ).map { places in
      guard !places.rows.isEmpty else { return Channel(places: places) }
      let tree = NearestNeighbours(places.positions)
      let width = min(neighbourCount, places.rows.count)
      var neighbours = [Int32](repeating: 0, count: nodes.count * width)
      var weights = [Double](repeating: 0, count: nodes.count * width)
      neighbours.withUnsafeMutableBufferPointer { neighbours in
        weights.withUnsafeMutableBufferPointer { weights in
          // Safe, because each node is written by one thread.
          nonisolated(unsafe) let (neighbours, weights) = (neighbours, weights)
          Parallel.forEachRange(of: nodes.count, grain: 256) { range in
            for node in range {
              for (i, neighbour) in tree.nearest(width, to: nodes[node]).enumerated() {
                neighbours[node * width + i] = Int32(neighbour.index)
                // An observation at the node itself outweighs all others.
                weights[node * width + i] = 1 / max(neighbour.distance, 1e-9)
              }
            }
          }
        }
      }
      return Channel(places: places, neighbours: neighbours, weights: weights, width: width)
    }
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let nodeCount = domain.nodeCount
    return Posterior(
      mean: domain.array(
        fromNodes: channels.map { channel in
          guard channel.width > 0 else { return nil }
          let values = channel.places.values(of: measurement)
          return (0..<nodeCount).map { node in
            var (sum, total) = (0.0, 0.0)
            for k in node * channel.width..<(node + 1) * channel.width {
              sum += channel.weights[k] * values[Int(channel.neighbours[k])]
              total += channel.weights[k]
            }
            return sum / total
          }
        }))
  }
}

extension Method {
  /// Nearest-neighbour interpolation.
  public static let nearest = Method(
    name: "nearest", title: "nearest neighbour", traits: .ofPoints
  ) { context in
    InverseDistanceSolver(
      domain: context.space.domain, channelCount: context.space.channelCount, neighbourCount: 1)
  }

  /// Inverse distance weighting.
  public static let inverseDistance = Method(
    name: "inverse-distance", title: "inverse distance weighting", traits: .ofPoints
  ) { context in
    InverseDistanceSolver(domain: context.space.domain, channelCount: context.space.channelCount)
  }
}

extension Method.Traits {
  /// The traits of methods that interpolate between points: a single answer at every vertex, independent of the noise.
  static let ofPoints = Method.Traits(drawsSamples: false, usesNoise: false, answersInStates: false)

  /// The same traits for a method that needs the neighbours of vertices.
  var needingNeighbours: Method.Traits {
    var result = self
    result.usesNeighbours = true
    return result
  }
}
