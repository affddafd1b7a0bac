// Large holes on the sphere: whole regions without observations, the most difficult of the random masks.

import Foundation
import SextantArrays
import SextantGeometry

/// Holes of a given size in degrees, up to a missing share or a number of holes.
///
/// The centre of a hole is a valid vertex that is not yet missing, drawn with probability proportional to its area.
/// With a share, exactly round(share·n) of n valid vertices are missing; of the last hole only the vertices nearest to
/// its centre are used. With a number of holes, holes may overlap, and the share follows.
struct BlockHoles: Sendable, Equatable {
  /// The outline of a hole.
  enum Shape: String, Sendable, CaseIterable {
    /// All vertices within half the size of the centre.
    case cap
    /// Half the size to the north, south, east and west: approximately a square on the sphere.
    case rectangle
  }

  /// The amount of holes.
  enum Amount: Sendable, Equatable {
    /// A missing share of 0..<1; each field draws its own from the range.
    case share(ClosedRange<Double>)
    /// A number of holes.
    case count(Int)
  }

  /// How much is missing.
  var amount: Amount
  /// The diameter of a hole in degrees; each hole draws its own from the range.
  var size: ClosedRange<Double>
  /// The outline of the holes.
  var shape: Shape

  static let kind = MeasurementDesignKind(
    name: "blocks", help: "large holes up to a share or a number of them", example: "blocks:share=0.4,size=30,shape=cap"
  ) { try BlockHoles(&$0) }
}

extension BlockHoles {
  init(_ specification: inout DesignText) throws {
    let shares = try specification.takeShares("share")
    let countText = specification.takeText("count")
    switch (shares, countText) {
    case (let shares?, nil): amount = .share(shares)
    case (nil, let text?):
      guard let count = Int(text), (1...10_000).contains(count) else {
        throw specification.failure(expected: "count as a whole number from 1 to 10000", found: "'\(text)'")
      }
      amount = .count(count)
    default:
      throw specification.failure(
        expected: "either share=SHARE or count=HOLES", found: shares == nil ? "neither" : "both")
    }
    size = try specification.takeRange("size", in: 0.1...180, fallback: 30...30)
    let shapeText = specification.takeText("shape") ?? Shape.cap.rawValue
    guard let shape = Shape(rawValue: shapeText) else {
      throw specification.failure(expected: "shape=cap or shape=rectangle", found: "'\(shapeText)'")
    }
    self.shape = shape
  }

  /// The relative distance of a direction from the centre of a hole: 0 at the centre, 1 on the edge, above 1 outside.
  private func depth(of direction: SIMD3<Double>, from centre: SIMD3<Double>, size: Double) -> Double {
    let half = size / 2 * .pi / 180
    let angle = acos(min(1, max(-1, (direction * centre).sum())))
    guard shape == .rectangle else { return angle / half }
    // Points on the far side of the sphere can have the same latitude and longitude differences.
    guard angle < .pi / 2 else { return .infinity }
    let (place, middle) = (GeographicPoint(direction), GeographicPoint(centre))
    let northward = abs(place.latitude - middle.latitude) * .pi / 180
    let turn = (place.longitude - middle.longitude).remainder(dividingBy: 360)
    let eastward = abs(turn) * .pi / 180 * cos(middle.latitude * .pi / 180)
    return max(northward, eastward) / half
  }

  /// One of the vertices where `isCandidate`, with probability proportional to its area; nil if there is none.
  private static func draw(
    from vertices: [Int], where isCandidate: (Int) -> Bool, areas: [Double], using random: inout RandomStream
  ) -> Int? {
    let candidates = vertices.filter(isCandidate)
    let weights = candidates.map { areas[$0] }
    return random.categorical(weights, total: weights.reduce(0, +)).map { candidates[$0] } ?? candidates.last
  }
}

extension BlockHoles: VertexMask {
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    let directions = try context.directions(for: self)
    let valid = context.validVertices
    var missingLeft = valid.count - 1
    var holesLeft = Int.max
    switch amount {
    case .share(let range):
      let share = random.uniform(in: range)
      missingLeft = MeasurementContext.missingCount(share: share, of: valid.count)
    case .count(let count): holesLeft = count
    }
    var isMissing = [Bool](repeating: false, count: directions.count)
    let areas = context.domain.areaWeights
    while missingLeft > 0, holesLeft > 0 {
      let size = random.uniform(in: self.size)
      let middle = Self.draw(from: valid, where: { !isMissing[$0] }, areas: areas, using: &random)
      guard let centre = middle.map({ directions[$0] }) else { break }
      let inside = valid.compactMap { vertex -> (depth: Double, vertex: Int)? in
        guard !isMissing[vertex] else { return nil }
        let depth = depth(of: directions[vertex], from: centre, size: size)
        return depth <= 1 ? (depth, vertex) : nil
      }
      let hole = inside.count <= missingLeft ? inside : inside.sorted { $0 < $1 }
      for (_, vertex) in hole.prefix(missingLeft) { isMissing[vertex] = true }
      missingLeft -= min(missingLeft, hole.count)
      holesLeft -= 1
    }
    return isMissing
  }
}

extension BlockHoles: CustomStringConvertible {
  var description: String {
    let amountText =
      switch amount {
      case .share(let range): "share=\(range.short(separator: "-"))"
      case .count(let count): "count=\(count)"
      }
    return "blocks:\(amountText),size=\(size.short(separator: "..")),shape=\(shape.rawValue)"
  }
}
