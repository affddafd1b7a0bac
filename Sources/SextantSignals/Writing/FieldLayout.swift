// The shape of a file of fields: its dimensions, its coordinates, and how one field lies in each variable. Made
// either from a template, whose axes are kept as they are, or from a plain grid with labels.

import SextantGeometry

/// A dimension to be written.
struct LayoutDimension: Sendable, Equatable {
  let name: String
  let length: Int
  var isUnlimited = false
}

/// How the fields of one variable lie in the file.
struct ChannelLayout: Sendable {
  /// The template's variable, whose attributes are kept.
  let source: NetCDFVariable?
  /// Outermost first.
  let dimensions: [LayoutDimension]
  /// What each dimension is to a field.
  let uses: [DimensionUse]

  /// Where dimensions go that the channel does not have: after the first field dimension, for CDO wants time first.
  var leadingPosition: Int {
    if case .field = uses.first { 1 } else { 0 }
  }
}

/// A coordinate to be written.
enum LayoutCoordinate: Sendable {
  /// Copied from the template, with the places taken along each of its dimensions.
  case copied(NetCDFVariable, places: [[Int]])
  /// Made of numbers.
  case numbers(String, [Double], type: NetCDFType, dimensions: [String], attributes: [(String, NetCDFAttributeValue)])
  /// Made of texts.
  case texts(String, [String], dimensions: [String], attributes: [(String, NetCDFAttributeValue)])

  var name: String {
    switch self {
    case .copied(let variable, _): variable.baseName
    case .numbers(let name, _, _, _, _), .texts(let name, _, _, _): name
    }
  }
}

/// The shape of a file of fields.
struct FieldLayout: Sendable {
  /// All dimensions, in the order in which they are defined.
  let dimensions: [LayoutDimension]
  let coordinates: [LayoutCoordinate]
  /// One for each variable of the template, or a single one that all variables share.
  let channels: [ChannelLayout]
  /// The number of places along each field dimension.
  let fieldLengths: [Int]
  let rows: Int
  let columns: Int
  /// The template's file, from which coordinates and attributes are copied.
  let template: NetCDFFile?
  /// Attributes of the template's variables that do not hold here.
  var droppedAttributes: Set<String> = []

  /// The layout of channel `index`.
  func channel(_ index: Int) -> ChannelLayout { channels[min(index, channels.count - 1)] }

  /// The number of fields.
  var fieldCount: Int { fieldLengths.reduce(1, *) }

  /// The place of field `index` along each field dimension of the file.
  func places(ofField index: Int) -> [Int] {
    var rest = index
    var places = [Int](repeating: 0, count: fieldLengths.count)
    for i in places.indices.reversed() {
      places[i] = rest % fieldLengths[i]
      rest /= fieldLengths[i]
    }
    return places
  }

  /// A name that no dimension or coordinate has yet.
  func freeName(_ name: String) -> String {
    let taken = Set(dimensions.map(\.name) + coordinates.map(\.name))
    return taken.contains(name) ? freeName("posterior_\(name)") : name
  }
}
