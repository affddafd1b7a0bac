// Writes the coordinates of a file of fields: those of a template with exactly the same values, or new ones.

import CNetCDF

/// The coordinates of a file that a ``CFFileWriter`` writes.
struct CFCoordinateWriter {
  let output: NetCDFFileWriter
  let template: NetCDFFile?
  let dimensionIDs: [String: Int32]

  /// Defines a coordinate and returns its identifier.
  func define(_ coordinate: LayoutCoordinate) throws -> Int32 {
    switch coordinate {
    case .copied(let variable, _):
      let id = try output.defineVariable(
        variable.baseName, type: Self.writtenType(of: variable),
        dimensions: variable.dimensions.compactMap { dimensionIDs[$0.name] })
      guard let template else { return id }
      let attributes = CFCoordinateAttributes(of: variable, in: CFDataset(template))
      for name in attributes.copied { try output.copyAttribute(name, of: variable, to: id) }
      for (name, text) in attributes.added { try output.setAttribute(name, .text(text), of: id) }
      return id
    case .numbers(let name, _, let type, let dimensions, let attributes):
      return try define(name, type, dimensions, attributes)
    case .texts(let name, _, let dimensions, let attributes):
      return try define(name, .string, dimensions, attributes)
    }
  }

  /// CF 1.8 has no whole numbers of 64 bits; doubles hold those of coordinates exactly.
  private static func writtenType(of variable: NetCDFVariable) -> NetCDFType {
    [.int64, .unsignedInt64].contains(variable.type) ? .double : variable.type
  }

  private func define(
    _ name: String, _ type: NetCDFType, _ dimensions: [String], _ attributes: [(String, NetCDFAttributeValue)]
  ) throws -> Int32 {
    let id = try output.defineVariable(name, type: type, dimensions: dimensions.compactMap { dimensionIDs[$0] })
    for (attribute, value) in attributes { try output.setAttribute(attribute, value, of: id) }
    return id
  }

  /// Writes the values of the coordinate that was defined as `id`.
  func write(_ coordinate: LayoutCoordinate, id: Int32) throws {
    switch coordinate {
    case .copied(let variable, let places): try copy(variable, places: places, to: id)
    case .numbers(let name, let values, _, let dimensions, _):
      let count = dimensions.isEmpty ? [] : [values.count]
      try output.put(values, variable: id, name: name, start: count.map { _ in 0 }, count: count)
    case .texts(let name, let texts, let dimensions, _):
      try output.put(texts, variable: id, name: name, count: dimensions.isEmpty ? [] : [texts.count])
    }
  }

  private func copy(_ variable: NetCDFVariable, places: [[Int]], to id: Int32) throws {
    guard let template else { return }
    let count = places.map(\.count)
    let offsets = Self.offsets(of: places, in: variable.shape)
    if variable.type == .string {
      let texts = try template.texts(of: variable)
      try output.put(offsets.map { texts[$0] }, variable: id, name: variable.name, count: count)
      return
    }
    if Self.writtenType(of: variable) != variable.type {
      let numbers = try template.rawValues(of: variable)
      let start = count.map { _ in 0 }
      try output.put(offsets.map { numbers[$0] }, variable: id, name: variable.name, start: start, count: count)
      return
    }
    let size = variable.type.byteCount
    let bytes = try template.bytes(of: variable)
    var selected: [UInt8] = []
    selected.reserveCapacity(offsets.count * size)
    for offset in offsets { selected += bytes[offset * size..<(offset + 1) * size] }
    try output.putBytes(selected, variable: id, name: variable.name, count: count)
  }

  /// The row-major offsets of all combinations of indices.
  private static func offsets(of places: [[Int]], in shape: [Int]) -> [Int] {
    zip(places, shape).reduce([0]) { offsets, axis in
      offsets.flatMap { offset in axis.0.map { offset * axis.1 + $0 } }
    }
  }
}

extension NetCDFFile {
  /// The bytes of all values of a variable of fixed size, as they are in memory.
  func bytes(of variable: NetCDFVariable) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: variable.valueCount * variable.type.byteCount)
    guard !bytes.isEmpty else { return bytes }
    try NetCDFLibrary.check("read the values", path: path, variable: variable.name) {
      nc_get_var(variable.groupID, variable.id, &bytes)
    }
    return bytes
  }
}
