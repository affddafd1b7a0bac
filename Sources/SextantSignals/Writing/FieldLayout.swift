// The layout of a file of fields: its dimensions, its coordinates, and the arrangement of a field in each variable. It
// is made from a template, whose axes are preserved, or from a grid and labels.

import SextantGeometry

/// A dimension to be written.
struct LayoutDimension: Sendable, Equatable {
  let name: String
  let length: Int
  var isUnlimited = false
}

/// The arrangement of a variable's fields in the file.
struct ChannelLayout: Sendable {
  /// The template's variable, whose attributes are preserved.
  let source: NetCDFVariable?
  /// Outermost first.
  let dimensions: [LayoutDimension]
  /// The role of each dimension for a field.
  let uses: [DimensionUse]

  /// The position of additional dimensions: CF recommends them to the left of time, height, latitude and longitude.
  var leadingPosition: Int { 0 }
}

/// A coordinate to be written.
enum LayoutCoordinate: Sendable {
  /// Copied from the template, with the selected indices along each of its dimensions.
  case copied(NetCDFVariable, places: [[Int]])
  /// Defined by numbers.
  case numbers(String, [Double], type: NetCDFType, dimensions: [String], attributes: [(String, NetCDFAttributeValue)])
  /// Defined by texts.
  case texts(String, [String], dimensions: [String], attributes: [(String, NetCDFAttributeValue)])

  var name: String {
    switch self {
    case .copied(let variable, _): variable.baseName
    case .numbers(let name, _, _, _, _), .texts(let name, _, _, _): name
    }
  }
}

/// The layout of a file of fields.
struct FieldLayout: Sendable {
  /// All dimensions, in the order in which they are defined.
  let dimensions: [LayoutDimension]
  let coordinates: [LayoutCoordinate]
  /// One for each variable of the template, or a single one for all variables.
  let channels: [ChannelLayout]
  /// The length of each field dimension.
  let fieldLengths: [Int]
  let rows: Int
  let columns: Int
  /// The vertex of each cell of the file, −1 for a cell that stays empty; empty if all cells are vertices.
  var vertexOfCell: [Int32] = []
  /// The template file, from which coordinates and attributes are copied.
  let template: NetCDFFile?
  /// Attributes of the template and of its variables that no longer apply.
  var droppedAttributes: Set<String> = []
  /// Attributes of the file that the layout itself requires.
  var attributes: [String: String] = [:]

  /// The layout of channel `index`.
  func channel(_ index: Int) -> ChannelLayout { channels[min(index, channels.count - 1)] }

  /// The number of fields.
  var fieldCount: Int { fieldLengths.reduce(1, *) }

  /// The index of the field along each field dimension of the file.
  func places(ofField index: Int) -> [Int] {
    var rest = index
    var places = [Int](repeating: 0, count: fieldLengths.count)
    for i in places.indices.reversed() {
      places[i] = rest % fieldLengths[i]
      rest /= fieldLengths[i]
    }
    return places
  }

  /// A name that no dimension or coordinate uses yet.
  func freeName(_ name: String) -> String {
    let taken = Set(dimensions.map(\.name) + coordinates.map(\.name))
    return taken.contains(name) ? freeName("posterior_\(name)") : name
  }
}
