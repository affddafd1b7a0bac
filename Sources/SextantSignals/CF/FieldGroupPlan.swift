// The plan for reading fields from each variable of a group: the meaning of its dimensions and the conversion of its
// numbers. It is made once, when the file is opened.

import Foundation

/// The role of a variable's dimension for its fields.
enum DimensionUse: Sendable, Equatable {
  case row
  case column
  /// The field dimension with this index.
  case field(Int)
  /// The dimension of ECMWF's final and preliminary versions.
  case version

  /// Whether the dimension belongs to the grid.
  var isHorizontal: Bool { self == .row || self == .column }
}

/// The plan for reading one variable.
struct ChannelPlan: Sendable {
  let name: String
  /// The role of each dimension of the variable, outermost first.
  let uses: [DimensionUse]
  var decoder: ValueDecoder
}

/// The plan for reading the variables of a group.
struct FieldGroupPlan: Sendable {
  let grid: HorizontalGrid
  private(set) var channels: [ChannelPlan]
  /// The indices along the dimension of versions in order of preference; the single index 0 if there is none.
  let versionOrder: [Int]
  let hasVersions: Bool

  init(_ group: FieldGroup, dimensions: [FieldDimension], in file: NetCDFFile) throws {
    grid = group.grid
    let hasColumns = !group.grid.hasOneDimension
    channels = try group.variables.map { variable in
      let uses = variable.dimensions.map { dimension -> DimensionUse in
        if dimension == group.grid.rows { return .row }
        if hasColumns, dimension == group.grid.columns { return .column }
        return dimensions.firstIndex { $0.dimension == dimension }.map { .field($0) } ?? .version
      }
      return ChannelPlan(name: variable.name, uses: uses, decoder: try ValueDecoder(variable, in: file))
    }
    hasVersions = group.versions != nil
    versionOrder = try Self.versionOrder(group.versions, in: file)
  }

  /// The same plan, which reads only some bits of whole numbers.
  func reading(bits part: ValueDecoder.BitPart) -> FieldGroupPlan {
    var plan = self
    for channel in plan.channels.indices { plan.channels[channel].decoder.bitPart = part }
    return plan
  }

  // "0001" or 1 is final and precedes 5, the preliminary ERA5T.
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
