// Gaps that move like clouds: white noise smoothed over neighbouring places and neighbouring steps of a series, of which
// the largest values are missing. In a series the gaps of one step resemble those of the next; alone, a field has gaps
// of the same shape.

import Foundation
import SextantArrays
import SextantGeometry

/// A share of the valid vertices is missing, in patches that change slowly from step to step.
struct MovingClouds: Sendable, Equatable {
  /// The standard deviation of the smoothing in space, in distances between neighbours.
  var length: Double
  /// The standard deviation of the smoothing in time, in steps.
  var time: Double
  /// The share that is missing, 0..<1; each step draws its own from the range.
  var missing: ClosedRange<Double>

  static let kind = MeasurementDesignKind(
    name: "clouds", help: "patches that move from step to step of a series",
    example: "clouds:length=4,time=4,missing=0.57-0.61"
  ) { text in
    MovingClouds(
      length: try text.takeNumber("length", in: 0...200, fallback: 4),
      time: try text.takeNumber("time", in: 0...200, fallback: 4),
      missing: try text.takeShares("missing") ?? 0.57...0.61)
  }

  /// The smoothed noise at each vertex (V) at one step.
  private func cover(of domain: any Domain, at place: SeriesPlace) -> [Double] {
    let count = domain.nodeCount
    var values = [Double](repeating: 0, count: count)
    let reach = Int((4 * time).rounded(.up))
    for offset in -reach...reach {
      let weight = time > 0 ? exp(-0.5 * Double(offset * offset) / (time * time)) : 1
      // Every step of the series has noise of its own, whichever step asks for it.
      var stream = place.stream.split("clouds").split(place.step + offset)
      for node in 0..<count { values[node] += weight * stream.normal() }
    }
    // A walk that stays with probability 1/5 and otherwise goes to a neighbour: on a grid its variance grows by 2/5 along
    // each axis.
    let neighbours = domain.stiffness
    for _ in 0..<Int((2.5 * length * length).rounded()) {
      var next = values
      for node in 0..<count {
        var (sum, number) = (0.0, 0.0)
        for entry in neighbours.rowStarts[node]..<neighbours.rowStarts[node + 1]
        where Int(neighbours.columns[entry]) != node {
          sum += values[Int(neighbours.columns[entry])]
          number += 1
        }
        if number > 0 { next[node] = 0.2 * values[node] + 0.8 * sum / number }
      }
      values = next
    }
    return domain.nodeOfVertex.map { values[Int($0)] }
  }
}

extension MovingClouds: VertexMask {
  var mayHide: Bool { missing.upperBound > 0 }

  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) -> [Bool] {
    let place = context.series ?? SeriesPlace(step: 0, stream: random)
    let share = random.uniform(in: missing)
    let cover = cover(of: context.domain, at: place)
    let places = context.validVertices.sorted { cover[$0] == cover[$1] ? $0 < $1 : cover[$0] > cover[$1] }
    var isMissing = [Bool](repeating: false, count: context.vertexCount)
    for vertex in places.prefix(MeasurementContext.missingCount(share: share, of: places.count)) {
      isMissing[vertex] = true
    }
    return isMissing
  }
}

extension MovingClouds: CustomStringConvertible {
  var description: String { "clouds:length=\(length.short),time=\(time.short),missing=\(missing.short(separator: "-"))" }
}
