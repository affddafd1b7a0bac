// Writes a NetCDF file that follows the CF conventions: fields in a given layout, one at a time, with their coordinates
// (CFCoordinateWriter) and the attributes of the file (OutputDescription), for filled, degraded and synthetic fields alike. The
// caller defines the variables. The library itself is called by NetCDFFileWriter, which knows nothing of CF.

import SextantGeometry

/// A variable to be written.
struct FieldVariable {
  let name: String
  /// The channel whose shape and attributes the variable has.
  let channel: Int
  /// Dimensions in addition to the channel's, such as realization.
  var leading: [LayoutDimension] = []
  var type = NetCDFType.float
  /// Attributes that are added to the template's, or replace them.
  var attributes: [(String, NetCDFAttributeValue)] = []
  /// Whether to keep the template's attributes (those of packing and valid ranges are never kept).
  var keepsAttributes = true
}

/// A file of fields that follows CF, during writing.
final class CFFileWriter {
  /// The value of missing flags.
  static let byteFill: Int8 = -127
  /// The value of missing entries: the library's default fill value, which all programs recognise.
  static let fill = Float(9.969_209_968_386_869e36)
  // Values are written unpacked and may leave the original range, so these attributes would be wrong.
  private static let dropped: Set = [
    "scale_factor", "add_offset", "_FillValue", "missing_value", "valid_min", "valid_max", "valid_range", "_Unsigned",
    "actual_range", "least_significant_digit", "ancillary_variables", "cell_measures", "coordinates",
    "GRIB_missingValue", "_Storage", "_ChunkSizes",
  ]

  let layout: FieldLayout
  private let output: NetCDFFileWriter
  private let description: OutputDescription
  private var dimensionIDs: [String: Int32] = [:]
  private var variables: [String: (id: Int32, variable: FieldVariable)] = [:]

  init(creating path: String, reportedAs name: String, layout: FieldLayout, description: OutputDescription) throws {
    self.layout = layout
    self.description = description
    output = try NetCDFFileWriter(creating: path, reportedAs: name)
  }

  /// Writes the header and the coordinates; `extraCoordinates` belong to additional dimensions.
  func define(_ fieldVariables: [FieldVariable], extraCoordinates: [LayoutCoordinate] = []) throws {
    let leading = fieldVariables.flatMap(\.leading)
    for dimension in layout.dimensions + leading where dimensionIDs[dimension.name] == nil {
      dimensionIDs[dimension.name] = try output.defineDimension(
        dimension.name, length: dimension.length, isUnlimited: dimension.isUnlimited)
    }
    let coordinates = layout.coordinates + extraCoordinates
    let coordinateWriter = CFCoordinateWriter(output: output, template: layout.template, dimensionIDs: dimensionIDs)
    let pending = try coordinates.map { ($0, try coordinateWriter.define($0)) }
    for variable in fieldVariables {
      variables[variable.name] = (try define(variable, coordinates: coordinates), variable)
    }
    try writeGlobalAttributes()
    try output.endDefinitions()
    for (coordinate, id) in pending { try coordinateWriter.write(coordinate, id: id) }
  }

  /// Writes the values of a field, which `value` gives for each vertex, plus `offset`, which variables in single
  /// precision do not have.
  ///
  /// Non-finite values are written as missing.
  func write(
    _ name: String, field: Int, leading: [Int] = [], offset: Double = 0, value: (_ vertex: Int) -> Float
  ) throws {
    guard let (id, variable) = variables[name] else { return }
    let shape = layout.channel(variable.channel)
    let places = layout.places(ofField: field)
    var (start, count): ([Int], [Int]) = ([], [])
    for use in shape.uses {
      switch use {
      case .row: (start, count) = (start + [0], count + [layout.rows])
      case .column: (start, count) = (start + [0], count + [layout.columns])
      case .field(let i): (start, count) = (start + [places[i]], count + [1])
      case .version: break
      }
    }
    start.insert(contentsOf: leading, at: shape.leadingPosition)
    count.insert(contentsOf: leading.map { _ in 1 }, at: shape.leadingPosition)
    let values = inFileOrder(shape) { vertex -> Float in
      let number = value(vertex)
      return number.isFinite ? number : Self.fill
    }
    if variable.type == .double {
      let numbers = values.map { $0 == Self.fill ? Double($0) : Double($0) + offset }
      try output.put(numbers, variable: id, name: name, start: start, count: count)
    } else if variable.type == .byte {
      try output.put(values.map { $0 == Self.fill ? Self.byteFill : Int8($0) }, variable: id, name: name, start: start, count: count)
    } else {
      try output.put(values, variable: id, name: name, start: start, count: count)
    }
  }

  /// Finishes the file.
  func close() throws { try output.close() }

  // Columns may precede rows in the file.
  private func inFileOrder(_ shape: ChannelLayout, _ value: (Int) -> Float) -> [Float] {
    let (rows, columns) = (layout.rows, layout.columns)
    let vertices = layout.vertexOfCell
    func cellValue(_ cell: Int) -> Float {
      if vertices.isEmpty { return value(cell) }
      return vertices[cell] < 0 ? Self.fill : value(Int(vertices[cell]))
    }
    let rowFirst = shape.uses.first { $0 == .row || $0 == .column } == .row
    guard !rowFirst else { return (0..<rows * columns).map(cellValue) }
    return (0..<columns).flatMap { column in (0..<rows).map { cellValue($0 * columns + column) } }
  }

  private func define(_ variable: FieldVariable, coordinates: [LayoutCoordinate]) throws -> Int32 {
    let shape = layout.channel(variable.channel)
    var dimensions = shape.dimensions
    dimensions.insert(contentsOf: variable.leading, at: shape.leadingPosition)
    // One chunk per field.
    var chunk = zip(shape.dimensions, shape.uses).map { dimension, use in
      use == .row || use == .column ? dimension.length : 1
    }
    chunk.insert(contentsOf: variable.leading.map { _ in 1 }, at: shape.leadingPosition)
    let id = try output.defineVariable(
      variable.name, type: variable.type, dimensions: dimensions.compactMap { dimensionIDs[$0.name] },
      chunk: chunk, compression: description.compression)
    if variable.type.isFloatingPoint {
      try output.setAttribute("_FillValue", .numbers([Double(Self.fill)], variable.type), of: id)
    } else if variable.type == .byte, !layout.vertexOfCell.isEmpty {
      try output.setAttribute("_FillValue", .numbers([Double(Self.byteFill)], .byte), of: id)
    }
    let own = Set(variable.attributes.map(\.0))
    if variable.keepsAttributes, let source = shape.source {
      let left = Self.dropped.union(layout.droppedAttributes).union(own)
      for attribute in source.attributes where !left.contains(attribute.name) {
        // The comment of an earlier answer's mean is not one of its spread.
        if attribute.name == "comment", source.text("comment")?.hasSuffix(FilledVariableNaming.meaning) == true { continue }
        try output.copyAttribute(attribute.name, of: source, to: id)
      }
    }
    for (name, value) in variable.attributes { try output.setAttribute(name, value, of: id) }
    let auxiliary = auxiliaryCoordinates(of: dimensions, source: shape.source, among: coordinates)
    if !auxiliary.isEmpty { try output.setAttribute("coordinates", .text(auxiliary.joined(separator: " ")), of: id) }
    return id
  }

  /// The coordinates that CF requires to be named: all of the variable's coordinates that are not coordinate variables.
  private func auxiliaryCoordinates(
    of dimensions: [LayoutDimension], source: NetCDFVariable?, among coordinates: [LayoutCoordinate]
  ) -> [String] {
    let own = Set(dimensions.map(\.name))
    let named = Set(source?.words("coordinates") ?? [])
    return coordinates.compactMap { coordinate in
      switch coordinate {
      case .copied(let variable, _):
        let belongs = !variable.dimensions.isEmpty && variable.dimensions.allSatisfy { own.contains($0.name) }
        let isAuxiliary = !variable.isCoordinateVariable && (belongs || named.contains(variable.baseName))
        return isAuxiliary ? variable.baseName : nil
      case .numbers(let name, _, _, let along, _), .texts(let name, _, let along, _):
        return along != [name] && along.allSatisfy(own.contains) ? name : nil
      }
    }
  }

  private func writeGlobalAttributes() throws {
    var replaced: Set = ["Conventions", "history"]
    replaced.formUnion(description.attributes.keys)
    if description.title != nil { replaced.insert("title") }
    for attribute in layout.template?.attributes ?? [] where !replaced.contains(attribute.name) {
      if attribute.name.hasPrefix("_") || layout.droppedAttributes.contains(attribute.name) { continue }
      try output.setAttribute(attribute.name, attribute.value)
    }
    try output.setAttribute("Conventions", .text("CF-1.8"))
    for (name, text) in layout.attributes { try output.setAttribute(name, .text(text)) }
    if let title = description.title { try output.setAttribute("title", .text(title)) }
    for (name, text) in description.attributes.sorted(by: { $0.key < $1.key }) {
      try output.setAttribute(name, .text(text))
    }
    let old = layout.template?.text("history") ?? ""
    try output.setAttribute("history", .text(description.history(after: old)))
  }
}
