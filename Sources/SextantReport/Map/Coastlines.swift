// Coastlines from GSHHG (Wessel and Smith 1996) in the binned NetCDF files that GMT uses. The sphere is divided into
// square bins; a bin has segments; a segment has points, packed as unsigned 16-bit fractions of the bin's side from its
// south-west corner. The bits of a segment's description are, from the lowest: 3 for the exit side, 3 for the entry
// side, 3 for the level (1 land, 2 lake, 3 island, 4 pond, 5 Antarctic ice front, 6 Antarctic grounding line), then the
// number of points. Only lines are read, not filled land.

import Foundation
import SextantGeometry
import SextantSignals

/// Lines between land and water.
public struct Coastlines: Sendable {
  /// One line; consecutive points are connected.
  public struct Line: Sendable {
    /// The points, in order.
    public var points: [GeographicPoint]
    /// 1 for a sea coast, 2 for a lake shore, 3 for an island in a lake, 4 for a pond on such an island.
    public var level: Int
    /// The area of the whole land mass or lake that the line bounds, in km².
    public var area: Double

    public init(points: [GeographicPoint], level: Int = 1, area: Double = .infinity) {
      self.points = points
      self.level = level
      self.area = area
    }
  }

  /// The resolution of the lines.
  public enum Detail: String, Sendable, CaseIterable {
    /// About 25 km.
    case crude = "c"
    /// About 5 km.
    case low = "l"
    /// About 1 km.
    case intermediate = "i"
  }

  /// The lines.
  public var lines: [Line]

  /// Custom lines.
  public init(lines: [Line]) { self.lines = lines }

  /// The folders that are searched: the folder in the environment variable `SEXTANT_COASTLINES`, then the folders in
  /// which GMT's packages install the files.
  public static var folders: [String] {
    let own = ProcessInfo.processInfo.environment["SEXTANT_COASTLINES"].map { [$0] } ?? []
    let usual = ["/usr/share", "/usr/local/share", "/opt/homebrew/share"]
    return own + usual.flatMap { ["\($0)/gmt-gshhg", "\($0)/gshhg-gmt-nc4", "\($0)/gmt/coast"] }
  }

  /// The installed coastlines with the given detail or the next coarser; nil if none are installed or readable.
  public static func installed(_ detail: Detail) -> Coastlines? {
    let coarser = Detail.allCases.prefix(through: Detail.allCases.firstIndex(of: detail) ?? 0)
    for candidate in coarser.reversed() {
      for folder in folders {
        let path = "\(folder)/binned_GSHHS_\(candidate.rawValue).nc"
        if FileManager.default.isReadableFile(atPath: path), let lines = try? Coastlines(contentsOf: path) {
          return lines
        }
      }
    }
    return nil
  }

  /// Reads one binned file.
  ///
  /// Throws ``ReportError/coastlines(path:reason:)`` for a file without the expected variables or with indices that are
  /// out of range.
  public init(contentsOf path: String) throws {
    do {
      lines = try Self.lines(of: BinnedFile(path))
    } catch let error as ReportError {
      throw error
    } catch {
      throw ReportError.coastlines(path: path, reason: "\(error)")
    }
  }

  private static func lines(of file: BinnedFile) throws -> [Line] {
    let side = Double(try file.integer("Bin_size_in_minutes")) / 60
    let columns = try file.integer("N_bins_in_360_longitude_range")
    let firstSegments = try file.integers("Id_of_first_segment_in_a_bin")
    let segmentCounts = try file.integers("N_segments_in_a_bin")
    let descriptions = try file.integers("Embedded_npts_levels_exit_entry_for_a_segment")
    let firstPoints = try file.integers("Id_of_first_point_in_a_segment")
    let polygons = try file.integers("Id_of_GSHHS_ID")
    let areas = try file.numbers("The_km_squared_area_of_polygons")
    let eastwards = try file.integers("Relative_longitude_from_SW_corner_of_bin")
    let northwards = try file.integers("Relative_latitude_from_SW_corner_of_bin")
    guard side > 0, columns > 0, firstSegments.count == segmentCounts.count, eastwards.count == northwards.count,
      firstPoints.count == descriptions.count, polygons.count == descriptions.count
    else { throw file.unexpected("its arrays do not match") }
    let step = side / 65535
    var lines: [Line] = []
    lines.reserveCapacity(descriptions.count)
    for bin in firstSegments.indices {
      let west = Double(bin % columns) * side
      let south = 90 - Double(bin / columns + 1) * side
      let (first, count) = (firstSegments[bin], segmentCounts[bin])
      guard count == 0 || (first >= 0 && count > 0 && first + count <= descriptions.count) else {
        throw file.unexpected("bin \(bin) has segments \(first)..<\(first + count) of \(descriptions.count)")
      }
      for segment in first..<first + count {
        let level = descriptions[segment] >> 6 & 7
        // The grounding line lies under the ice shelves; the ice front is the coast that is seen.
        guard level != 6 else { continue }
        let (start, length) = (firstPoints[segment], descriptions[segment] >> 9)
        guard start >= 0, length >= 0, start + length <= eastwards.count else {
          throw file.unexpected("segment \(segment) has points \(start)..<\(start + length) of \(eastwards.count)")
        }
        let polygon = polygons[segment]
        lines.append(
          Line(
            points: (start..<start + length).map { point in
              GeographicPoint(
                latitude: south + Double(UInt16(truncatingIfNeeded: northwards[point])) * step,
                longitude: west + Double(UInt16(truncatingIfNeeded: eastwards[point])) * step)
            },
            level: level == 5 ? 1 : level,
            area: areas.indices.contains(polygon) ? abs(areas[polygon]) : .infinity))
      }
    }
    return lines
  }
}

/// An open coastline file.
private struct BinnedFile {
  private let file: NetCDFFile

  init(_ path: String) throws { file = try NetCDFFile(path: path) }

  func unexpected(_ reason: String) -> ReportError { .coastlines(path: file.path, reason: reason) }

  func integer(_ name: String) throws -> Int {
    guard let value = try integers(name).first else { throw unexpected("variable \(name) is empty") }
    return value
  }

  /// All values of a one-dimensional variable of any integer type.
  func integers(_ name: String) throws -> [Int] {
    try numbers(name).map { number in
      guard let integer = Int(exactly: number) else { throw unexpected("variable \(name) has the value \(number)") }
      return integer
    }
  }

  /// All values of a one-dimensional variable.
  func numbers(_ name: String) throws -> [Double] {
    guard let variable = file.variable(name) else { throw unexpected("variable \(name) is missing") }
    guard variable.dimensions.count == 1 else {
      throw unexpected("variable \(name) has \(variable.dimensions.count) dimensions instead of 1")
    }
    return try file.rawValues(of: variable)
  }
}
