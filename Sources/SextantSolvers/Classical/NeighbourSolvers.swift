// Nearest neighbour and inverse distance weighting, as CDO's setmisstonn and setmisstodis do it, but on the
// sphere itself: distances are chords. Observed vertices keep their value. No uncertainty.

import SextantArrays
import SextantGeometry
import SextantMeasurement

/// Gives every vertex the value of the nearest observation.
public struct NearestNeighbourSolver: Solver {
  public let name = "nearest neighbour"
  private let inner: InverseDistanceSolver

  public init(domain: any Domain, channelCount: Int) {
    inner = InverseDistanceSolver(domain: domain, channelCount: channelCount, neighbourCount: 1)
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    try inner.prepare(for: operation)
  }
}

/// Gives every vertex the mean of its nearest observations, weighted by the inverse of their distances.
public struct InverseDistanceSolver: Solver {
  public let name = "inverse distance"
  private let domain: any Domain
  private let channelCount: Int
  private let neighbourCount: Int

  /// - Parameter neighbourCount: how many observations are averaged; 4 is CDO's default.
  public init(domain: any Domain, channelCount: Int, neighbourCount: Int = 4) {
    self.domain = domain
    self.channelCount = channelCount
    self.neighbourCount = neighbourCount
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    Prepared(domain: domain, channelCount: channelCount, neighbourCount: neighbourCount)
  }

  private struct Prepared: PreparedSolver {
    let domain: any Domain
    let channelCount: Int
    let neighbourCount: Int

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let nodes = domain.nodePositions
      let nodeOfVertex = domain.nodeOfVertex
      let mean = fillingChannels(measurement, domain: domain, channelCount: channelCount) { places, _ in
        let tree = NearestNeighbours(places.positions)
        let atNodes = [Double](unsafeUninitializedCapacity: nodes.count) { out, count in
          count = nodes.count
          guard let base = out.baseAddress else { return }
          let target = UncheckedPointer(base)
          Parallel.forEachRange(of: nodes.count, grain: 256) { range in
            for node in range {
              let neighbours = tree.nearest(neighbourCount, to: nodes[node])
              var (sum, weights) = (0.0, 0.0)
              for neighbour in neighbours {
                // A distance of zero outweighs all others.
                let weight = 1 / max(neighbour.distance, 1e-9)
                sum += weight * places.values[neighbour.index]
                weights += weight
              }
              target[node] = sum / weights
            }
          }
        }
        return nodeOfVertex.map { atNodes[Int($0)] }
      }
      return Posterior(mean: mean)
    }
  }
}

extension Method {
  /// The value of the nearest observation.
  public static let nearest = Method(
    name: "nearest", title: "nearest neighbour", traits: .ofPoints, handles: [.selection, .sparse]
  ) { context in
    NearestNeighbourSolver(domain: context.space.domain, channelCount: context.space.channelCount)
  }

  /// Inverse distance weighting.
  public static let inverseDistance = Method(
    name: "inverse-distance", title: "inverse distance weighting", traits: .ofPoints, handles: [.selection, .sparse]
  ) { context in
    InverseDistanceSolver(domain: context.space.domain, channelCount: context.space.channelCount)
  }
}

extension Method.Traits {
  /// Those of methods that interpolate between points: one answer, at every vertex, whatever the noise.
  static let ofPoints = Method.Traits(drawsSamples: false, usesNoise: false, answersInStates: false)
}
