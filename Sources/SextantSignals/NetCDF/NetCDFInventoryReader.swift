// Reads the inventory of an open file from libnetcdf, group by group.

import CNetCDF
import Foundation

struct NetCDFInventoryReader {
  let path: String

  func format(of id: Int32) throws -> String {
    var format: Int32 = 0
    try NetCDFLibrary.check("query the format", path: path) { nc_inq_format(id, &format) }
    return switch format {
    case NC_FORMAT_CLASSIC: "netCDF-3 classic"
    case NC_FORMAT_64BIT_OFFSET: "netCDF-3 64-bit offset"
    case NC_FORMAT_CDF5: "netCDF-3 64-bit data"
    case NC_FORMAT_NETCDF4: "netCDF-4"
    case NC_FORMAT_NETCDF4_CLASSIC: "netCDF-4 classic model"
    default: "format \(format)"
    }
  }

  func inventory(
    of root: Int32
  ) throws -> (dimensions: [NetCDFDimension], variables: [NetCDFVariable]) {
    var dimensions: [NetCDFDimension] = []
    var variables: [NetCDFVariable] = []
    for (group, prefix) in try groups(under: root, prefix: "") {
      dimensions += try readDimensions(of: group)
      let known = Dictionary(dimensions.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      variables += try readVariables(of: group, prefix: prefix, dimensions: known)
    }
    return (dimensions, variables)
  }

  private func groups(under group: Int32, prefix: String) throws -> [(id: Int32, prefix: String)] {
    var count: Int32 = 0
    try NetCDFLibrary.check("list the groups", path: path) { nc_inq_grps(group, &count, nil) }
    var children = [Int32](repeating: 0, count: Int(count))
    try NetCDFLibrary.check("list the groups", path: path) { nc_inq_grps(group, &count, &children) }
    var result = [(id: group, prefix: prefix)]
    for child in children {
      let name = try text { nc_inq_grpname(child, $0) }
      result += try groups(under: child, prefix: "\(prefix)\(name)/")
    }
    return result
  }

  private func readDimensions(of group: Int32) throws -> [NetCDFDimension] {
    var count: Int32 = 0
    try NetCDFLibrary.check("list the dimensions", path: path) { nc_inq_dimids(group, &count, nil, 0) }
    var ids = [Int32](repeating: 0, count: Int(count))
    try NetCDFLibrary.check("list the dimensions", path: path) { nc_inq_dimids(group, &count, &ids, 0) }
    var unlimitedCount: Int32 = 0
    try NetCDFLibrary.check("list the dimensions", path: path) { nc_inq_unlimdims(group, &unlimitedCount, nil) }
    var unlimited = [Int32](repeating: 0, count: Int(unlimitedCount))
    try NetCDFLibrary.check("list the dimensions", path: path) {
      nc_inq_unlimdims(group, &unlimitedCount, &unlimited)
    }
    return try ids.map { id in
      var length = 0
      let name = try text { nc_inq_dim(group, id, $0, &length) }
      return NetCDFDimension(id: id, name: name, length: length, isUnlimited: unlimited.contains(id))
    }
  }

  private func readVariables(
    of group: Int32, prefix: String, dimensions: [Int32: NetCDFDimension]
  ) throws -> [NetCDFVariable] {
    var count: Int32 = 0
    try NetCDFLibrary.check("list the variables", path: path) { nc_inq_nvars(group, &count) }
    return try (0..<count).map { id in
      var (type, rank): (Int32, Int32) = (0, 0)
      var dimensionIDs = [Int32](repeating: 0, count: Int(NC_MAX_VAR_DIMS))
      let name = try text { nc_inq_var(group, id, $0, &type, &rank, &dimensionIDs, nil) }
      return NetCDFVariable(
        groupID: group, id: id, name: prefix + name, type: NetCDFType(code: type),
        dimensions: dimensionIDs.prefix(Int(rank)).compactMap { dimensions[$0] },
        attributes: try attributes(group: group, variable: id, name: prefix + name))
    }
  }

  func attributes(group: Int32, variable: Int32, name: String?) throws -> [NetCDFAttribute] {
    var count: Int32 = 0
    try NetCDFLibrary.check("list the attributes", path: path, variable: name) {
      variable == NC_GLOBAL ? nc_inq_natts(group, &count) : nc_inq_varnatts(group, variable, &count)
    }
    return try (0..<count).map { index in
      let attribute = try text { nc_inq_attname(group, variable, index, $0) }
      return NetCDFAttribute(
        name: attribute, value: try value(of: attribute, group: group, variable: variable, variableName: name))
    }
  }

  private func value(
    of attribute: String, group: Int32, variable: Int32, variableName: String?
  ) throws -> NetCDFAttributeValue {
    func check(_ body: () -> Int32) throws {
      try NetCDFLibrary.check("read attribute \(attribute)", path: path, variable: variableName, body)
    }
    var (code, length) = (Int32(0), 0)
    try check { nc_inq_att(group, variable, attribute, &code, &length) }
    let type = NetCDFType(code: code)
    switch type {
    case .character:
      var bytes = [CChar](repeating: 0, count: length + 1)
      try check { nc_get_att_text(group, variable, attribute, &bytes) }
      return .text(String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    case .string:
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: length)
      try check { nc_get_att_string(group, variable, attribute, &pointers) }
      defer { _ = NetCDFLibrary.withLock { nc_free_string(length, &pointers) } }
      return .strings(pointers.map { $0.map { String(cString: $0) } ?? "" })
    case .other: return .unreadable
    default:
      var values = [Double](repeating: 0, count: length)
      try check { nc_get_att_double(group, variable, attribute, &values) }
      return .numbers(values, type)
    }
  }

  private func text(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws -> String {
    var name = [CChar](repeating: 0, count: Int(NC_MAX_NAME) + 1)
    try NetCDFLibrary.check("read a name", path: path) { body(&name) }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
