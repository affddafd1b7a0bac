// Missing cells of a coarse grid, as in station data that are averaged over 5° boxes.

import Foundation
import SextantArrays
import SextantGeometry

/// Random cells of about equal area are missing until the share is reached.
///
/// Only whole cells are missing, so the share is exceeded by less than one cell. One cell always remains.
struct MissingCells: Sendable, Equatable {
  /// The share of the valid vertices that is missing, 0..<1; each field draws its own from the range.
  var share: ClosedRange<Double>
  /// The size of a cell in degrees of latitude, and in degrees of longitude at the equator.
  var size: Double

  static let kind = MeasurementDesignKind(
    name: "cells", help: "whole cells of a coarse grid are missing", example: "cells:0.6,size=10"
  ) { try MissingCells(&$0) }
}

extension MissingCells {
  init(_ specification: inout DesignText) throws {
    let share = try specification.takeRequiredShares("share")
    self.init(share: share, size: try specification.takeNumber("size", in: 0.1...90, fallback: 10))
  }
}

extension MissingCells: VertexMask {
  func missingVertices(in context: MeasurementContext, using random: inout RandomStream) throws -> [Bool] {
    let points = try context.geographicPoints(for: self)
    let offset = random.uniform(in: 0..<360)
    var vertices: [SIMD2<Int>: [Int]] = [:]
    for vertex in context.validVertices {
      let row = Int(((points[vertex].latitude + 90) / size).rounded(.down))
      let middle = min(90, -90 + (Double(row) + 0.5) * size)
      let columns = max(1, (360 * cos(middle * .pi / 180) / size).rounded())
      let turn = (points[vertex].longitude - offset) / 360
      vertices[SIMD2(row, Int((turn - turn.rounded(.down)) * columns)), default: []].append(vertex)
    }
    // Sorted, because the order of a dictionary differs between runs and the shuffle must start from a fixed order.
    var cells = vertices.keys.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    cells.shuffle(using: &random)
    let drawn = random.uniform(in: share)
    var missingLeft = MeasurementContext.missingCount(share: drawn, of: context.validVertices.count)
    var isMissing = [Bool](repeating: false, count: context.vertexCount)
    for cell in cells.dropLast() {
      guard missingLeft > 0, let members = vertices[cell] else { break }
      for vertex in members { isMissing[vertex] = true }
      missingLeft -= members.count
    }
    return isMissing
  }
}

extension MissingCells: CustomStringConvertible {
  var description: String { "cells:\(share.short(separator: "-")),size=\(size.short)" }
}
