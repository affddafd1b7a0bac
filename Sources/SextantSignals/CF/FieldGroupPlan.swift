// How to find a field in each variable of a group: what each of its dimensions is, and how its numbers are
// turned into values. Made once on opening.

import Foundation

/// What a dimension of a variable is to its fields.
enum DimensionUse: Sendable, Equatable {
  case row
  case column
  /// The field dimension of this number.
  case field(Int)
  /// ECMWF's final and preliminary versions.
  case version

  /// Whether it is part of the grid.
  var isHorizontal: Bool { self == .row || self == .column }
}

/// One variable, ready to be read.
struct ChannelPlan: Sendable {
  let name: String
  /// For each dimension of the variable, outermost first.
  let uses: [DimensionUse]
  let decoder: ValueDecoder
}

/// The variables of a group, ready to be read.
struct FieldGroupPlan: Sendable {
  let grid: HorizontalGrid
  let channels: [ChannelPlan]
  /// The places along the dimension of versions in order of preference; one place, 0, if there is none.
  let versionOrder: [Int]
  let hasVersions: Bool

  init(_ group: FieldGroup, dimensions: [FieldDimension], in file: NetCDFFile) throws {
    grid = group.grid
    let isPoints = group.grid.kind == .points
    channels = try group.variables.map { variable in
      let uses = variable.dimensions.map { dimension -> DimensionUse in
        if dimension == group.grid.rows { return .row }
        if !isPoints, dimension == group.grid.columns { return .column }
        return dimensions.firstIndex { $0.dimension == dimension }.map { .field($0) } ?? .version
      }
      return ChannelPlan(name: variable.name, uses: uses, decoder: try ValueDecoder(variable, in: file))
    }
    hasVersions = group.versions != nil
    versionOrder = try Self.versionOrder(group.versions, in: file)
  }

  // "0001" or 1 is final and comes before 5, the preliminary ERA5T.
  private static func versionOrder(_ versions: NetCDFDimension?, in file: NetCDFFile) throws -> [Int] {
    guard let versions else { return [0] }
    let places = Array(0..<versions.length)
    guard
      let variable = file.variables.first(where: { $0.dimensions.first == versions && $0.baseName == versions.name })
    else { return places }
    let keys =
      variable.type.isNumeric
      ? try file.values(of: variable)
      : try file.texts(of: variable).map { Double($0) ?? .infinity }
    return places.sorted { keys[$0] < keys[$1] }
  }
}
