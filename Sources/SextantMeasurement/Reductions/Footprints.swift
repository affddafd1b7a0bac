// Averages over the surroundings of places, as a satellite's footprints are: each value is the mean by area over all places
// within half a width. On the sphere distances are along great circles; elsewhere they are straight lines in the units of the
// positions, also across the hollow of a mesh.

import Foundation
import SextantArrays
import SextantGeometry

/// The mean over a disc around every place. A mask after it, such as `stations:400`, leaves the discs that were seen.
struct Footprints: Sendable, Equatable {
  /// The diameter of a disc.
  var width: StatedWidth

  static let kind = MeasurementDesignKind(
    name: "footprints", help: "the mean over a disc around each place, such as a satellite's footprint",
    example: "footprints:500km"
  ) { try Footprints(&$0) }

  init(_ text: inout DesignText) throws {
    let word = text.takeText("width", orPositional: true) ?? ""
    guard let width = StatedWidth(word) else {
      throw text.failure(
        expected: "the width of a footprint as a positive number, with km or deg on the sphere",
        found: word.isEmpty ? "nothing" : "'\(word)'")
    }
    self.width = width
  }

  /// The straight distance within which places belong to a disc, in the units of the domain's positions.
  private func reach(on domain: any Domain) throws -> Double {
    let half = try width.size(
      on: domain, name: "a width", text: description, examples: ("footprints:500km", "footprints:3")) / 2
    return domain.geography == nil ? half : 2 * sin(min(half, .pi) / 2)
  }
}

extension Footprints: MeasurementDesign {
  var mayHide: Bool { false }

  func draw(in context: MeasurementContext, using random: inout RandomStream) throws -> any LinearOperator {
    let domain = context.domain
    let reach = try reach(on: domain) * (1 + 1e-9)
    let (nodes, areas, owner) = (domain.nodePositions, domain.nodeAreas, domain.nodeOfVertex)
    let cells = Cells(nodes, size: reach)
    let representatives = domain.representativeVertices
    var discs: [[(Int, Double)]] = []
    for node in nodes.indices {
      let disc = cells.near(nodes[node]).filter { other in
        let difference = nodes[other] - nodes[node]
        return other == node || (difference * difference).sum() <= reach * reach
      }.sorted()
      let total = disc.reduce(0) { $0 + areas[$1] }
      discs.append(disc.map { (representatives[$0], total > 0 ? areas[$0] / total : 1 / Double(disc.count)) })
    }
    let entries = owner.enumerated().flatMap { vertex, node in
      discs[Int(node)].map { (row: vertex, column: $0.0, value: $0.1) }
    }
    return SparseOperator(
      SparseMatrix(rowCount: context.vertexCount, columnCount: context.vertexCount, entries: entries)
        .repeated(channelCount: context.channelCount))
  }

  /// Points in boxes of a size, for searches within that distance.
  private struct Cells {
    private let boxes: [SIMD3<Int32>: [Int]]
    private let size: Double

    init(_ points: [SIMD3<Double>], size: Double) {
      self.size = size
      boxes = Dictionary(grouping: points.indices) { Self.box(points[$0], size) }
    }

    private static func box(_ point: SIMD3<Double>, _ size: Double) -> SIMD3<Int32> {
      let scaled = (point / size).rounded(.down).clamped(lowerBound: SIMD3(repeating: -1e9), upperBound: SIMD3(repeating: 1e9))
      return SIMD3<Int32>(Int32(scaled.x), Int32(scaled.y), Int32(scaled.z))
    }

    func near(_ point: SIMD3<Double>) -> [Int] {
      let centre = Self.box(point, size)
      return (-1...1).flatMap { (x: Int32) in
        (-1...1).flatMap { (y: Int32) in
          (-1...1).flatMap { (z: Int32) in boxes[centre &+ SIMD3(x, y, z)] ?? [] }
        }
      }
    }
  }
}

extension Footprints: CustomStringConvertible {
  var description: String { "footprints:\(width)" }
}
