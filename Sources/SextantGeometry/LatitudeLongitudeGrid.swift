// The latitude–longitude grid: rows of latitude times columns of longitude, global or regional, as files
// have them. Vertex = row · columns + column, in file order. The vertices of a pole row are one node, and
// so are those of a last column that repeats the first. Areas are exact: Δλ(sin φ₂ − sin φ₁).
// Not here: the Laplacian and the interpolation, which have files of their own.

import Foundation
import SextantArrays

/// A grid of latitudes and longitudes on the sphere.
public struct LatitudeLongitudeGrid: Domain, Geography {
  /// The latitude of each row, in degrees, in file order.
  public let latitudes: [Double]
  /// The longitude of each column, in degrees, in file order.
  public let longitudes: [Double]
  public let nodeCount: Int
  public let nodeOfVertex: [Int32]
  public let nodePositions: [SIMD3<Double>]
  public let areaWeights: [Double]
  public let fingerprint: String
  let latitudeAxis: LatitudeAxis
  let longitudeAxis: LongitudeAxis

  /// The number of rows.
  public var rows: Int { latitudes.count }
  /// The number of columns, a repeated one counted.
  public var columns: Int { longitudes.count }
  public var vertexCount: Int { rows * columns }
  /// Whether the columns go all the way round, so that the last neighbours the first.
  public var wraps: Bool { longitudeAxis.wraps }
  /// Whether the last column lies where the first does, as 360° and 0° do.
  public var hasRepeatedColumn: Bool { longitudeAxis.hasRepeatedColumn }
  /// Whether a row lies on the north pole.
  public var hasNorthPole: Bool { latitudeAxis.latitudes.contains(90) }
  /// Whether a row lies on the south pole.
  public var hasSouthPole: Bool { latitudeAxis.latitudes.contains(-90) }
  /// Whether the latitudes are the nodes of Gauss–Legendre quadrature, as those of spectral models are.
  public var isGaussian: Bool { latitudeAxis.isGaussian }
  /// Whether the cells cover the whole sphere.
  public var isGlobal: Bool { wraps && latitudeAxis.reachesNorthPole && latitudeAxis.reachesSouthPole }

  /// A grid with a vertex at each pair of a latitude and a longitude.
  ///
  /// Latitudes lie in −90…90 and longitudes span at most 360°, both in degrees; each rises or falls throughout, where
  /// longitudes may pass the end of their range once (350, 355, 0, 5). Throws ``GeometryError/invalidGrid(_:)``.
  public init(latitudes: [Double], longitudes: [Double]) throws {
    let typicalStep = { (values: [Double]) in
      values.count > 1 ? min(90, abs(values[values.count - 1] - values[0]) / Double(values.count - 1)) : nil
    }
    // A single row is as high as the columns are wide, and the other way round.
    let longitudeAxis = try LongitudeAxis(longitudes, spacingOfSingle: typicalStep(latitudes) ?? 1)
    let latitudeAxis = try LatitudeAxis(
      latitudes, wraps: longitudeAxis.wraps, spacingOfSingle: longitudeAxis.spacing ?? 1)
    self.latitudes = latitudes
    self.longitudes = longitudes
    self.latitudeAxis = latitudeAxis
    self.longitudeAxis = longitudeAxis
    let (columns, distinct) = (longitudes.count, longitudeAxis.distinctCount)

    var nodeOfVertex: [Int32] = []
    var positions: [SIMD3<Double>] = []
    var areas: [Double] = []
    nodeOfVertex.reserveCapacity(latitudes.count * columns)
    positions.reserveCapacity(latitudes.count * columns)
    areas.reserveCapacity(latitudes.count * columns)
    let longitudePositions = longitudes.map { GeographicPoint(latitude: 0, longitude: $0).position }
    let circle = longitudeAxis.widths.reduce(0, +)
    for (i, latitude) in latitudeAxis.latitudes.enumerated() {
      let band = abs(latitudeAxis.edgeSines[i + 1] - latitudeAxis.edgeSines[i])
      let firstNode = Int32(positions.count)
      if abs(latitude) == 90 {
        positions.append(SIMD3(0, 0, latitude / 90))
        nodeOfVertex += repeatElement(firstNode, count: columns)
        areas += repeatElement(band * circle / Double(columns), count: columns)
        continue
      }
      let (sine, cosine) = (sin(latitude * .pi / 180), cos(latitude * .pi / 180))
      for j in 0..<columns {
        let isShared = longitudeAxis.hasRepeatedColumn && (j == 0 || j == distinct)
        nodeOfVertex.append(firstNode + Int32(j % distinct))
        areas.append(band * longitudeAxis.widths[j % distinct] * (isShared ? 0.5 : 1))
        if j < distinct {
          positions.append(SIMD3(cosine * longitudePositions[j].x, cosine * longitudePositions[j].y, sine))
        }
      }
    }
    self.nodeOfVertex = nodeOfVertex
    nodePositions = positions
    nodeCount = positions.count
    areaWeights = areas

    var hash = Fingerprint(kind: "latitude–longitude grid")
    hash.add(degrees: latitudeAxis.latitudes)
    let start = longitudes[0].truncatingRemainder(dividingBy: 360)
    hash.add(degrees: [start < 0 ? start + 360 : start, longitudeAxis.direction])
    hash.add(degrees: longitudeAxis.offsets)
    fingerprint = hash.text
  }

  public var gridAxes: GridAxes? { GridAxes(latitudes: latitudes, longitudes: longitudes) }

  public var raster: Raster? {
    let firstIsNorth = (latitudes.first ?? 0) > (latitudes.last ?? 0)
    func edge(isNorth: Bool) -> Raster.Edge {
      if isNorth ? hasNorthPole : hasSouthPole { return wraps ? .pole : .end }
      return isGlobal ? .beyondPole : .end
    }
    return Raster(
      rows: rows, columns: columns, wraps: wraps, repeatsColumn: hasRepeatedColumn,
      firstEdge: edge(isNorth: firstIsNorth), lastEdge: edge(isNorth: !firstIsNorth))
  }

  public func neighbourhoods(levelCount: Int) -> NeighbourhoodHierarchy? {
    raster.map { NeighbourhoodHierarchy($0, levelCount: levelCount) }
  }

  /// The node of a row and a distinct column.
  func node(_ row: Int, _ column: Int) -> Int32 { nodeOfVertex[row * columns + column] }

  /// Whether a row is one node: a pole.
  func isPole(_ row: Int) -> Bool { abs(latitudeAxis.latitudes[row]) == 90 }
}

extension LatitudeLongitudeGrid {
  /// The distance between neighbours for people, such as "4°", "2.5°×3.75°" or "Gaussian, 2.8°".
  public var spacing: String {
    let (north, east) = (latitudeAxis.spacing, longitudeAxis.spacing)
    let isEven = Self.isEven(latitudes) && Self.isEven(longitudeAxis.offsets)
    let text: String
    switch (north.map(Self.degrees), east.map(Self.degrees)) {
    case (let north?, let east?): text = north == east || isGaussian ? east : "\(north)×\(east)"
    case (let north?, nil): text = north
    case (nil, let east?): text = east
    case (nil, nil): text = "a single place"
    }
    return isGaussian ? "Gaussian, \(text)" : isEven ? text : "uneven, up to \(text)"
  }

  public var summary: String {
    "\(rows)×\(columns) latitude–longitude grid, \(spacing), \(extent)"
  }

  private var extent: String {
    if isGlobal {
      switch (hasNorthPole, hasSouthPole) {
      case (true, true): return "global, poles included"
      case (false, false): return "global, poles not included"
      case (true, false): return "global, north pole included"
      case (false, true): return "global, south pole included"
      }
    }
    let (south, north) = (latitudes.min() ?? 0, latitudes.max() ?? 0)
    let rows = "\(GeographicPoint.text(latitude: south)) to \(GeographicPoint.text(latitude: north))"
    if wraps { return "\(rows), all longitudes" }
    let ends = [longitudes[0], longitudes[columns - 1]]
    let (west, east) = longitudeAxis.direction > 0 ? (ends[0], ends[1]) : (ends[1], ends[0])
    return "\(rows), \(GeographicPoint.text(longitude: west)) to \(GeographicPoint.text(longitude: east))"
  }

  private static func isEven(_ values: [Double]) -> Bool {
    let steps = zip(values.dropFirst(), values).map { abs($0 - $1) }
    guard let least = steps.min(), let most = steps.max() else { return true }
    return most - least <= 0.01 * most
  }

  private static func degrees(_ value: Double) -> String { GeographicPoint.number(value) + "°" }
}
