// Small NetCDF files for tests, described in a few lines and written through the library's own output.

import Foundation
import SextantSignals

/// A variable of a test file.
struct TestVariable {
  var name: String
  var type = NetCDFType.float
  var dimensions: [String] = []
  var values: [Double] = []
  var texts: [String] = []
  var attributes: [(String, NetCDFAttributeValue)] = []
  var chunk: [Int]?

  init(
    _ name: String, _ type: NetCDFType = .float, _ dimensions: [String] = [], _ values: [Double] = [],
    texts: [String] = [], _ attributes: [String: NetCDFAttributeValue] = [:], chunk: [Int]? = nil
  ) {
    (self.name, self.type, self.dimensions, self.values, self.texts) = (name, type, dimensions, values, texts)
    self.attributes = attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    self.chunk = chunk
  }

  static func latitude(_ values: [Double], name: String = "latitude", along dimension: String? = nil) -> TestVariable {
    TestVariable(name, .double, [dimension ?? name], values, ["units": .text("degrees_north")])
  }
  static func longitude(_ values: [Double], name: String = "longitude", along dimension: String? = nil) -> TestVariable
  {
    TestVariable(name, .double, [dimension ?? name], values, ["units": .text("degrees_east")])
  }
  static func time(
    _ values: [Double], name: String = "time", units: String = "hours since 2000-01-01", calendar: String = "standard",
    along dimension: String? = nil
  ) -> TestVariable {
    TestVariable(
      name, .double, [dimension ?? name], values, ["units": .text(units), "calendar": .text(calendar)])
  }
}

/// Files in a folder that goes when the last reference does.
final class TestFolder: Sendable {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("sextant-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file; dimensions keep their order.
  func write(
    _ name: String = "test.nc", format: NetCDFFileWriter.Format = .netCDF4, dimensions: KeyValuePairs<String, Int>,
    _ variables: [TestVariable], global: [String: NetCDFAttributeValue] = [:]
  ) throws -> String {
    let output = try NetCDFFileWriter(creating: path(name), reportedAs: path(name), format: format)
    var ids: [String: Int32] = [:]
    var lengths: [String: Int] = [:]
    for (dimension, length) in dimensions {
      ids[dimension] = try output.defineDimension(dimension, length: length, isUnlimited: length == 0)
      lengths[dimension] = length
    }
    let variableIDs = try variables.map { variable in
      let id = try output.defineVariable(
        variable.name, type: variable.type, dimensions: variable.dimensions.compactMap { ids[$0] },
        chunk: variable.chunk)
      for (attribute, value) in variable.attributes { try output.setAttribute(attribute, value, of: id) }
      return id
    }
    for (attribute, value) in global { try output.setAttribute(attribute, value) }
    try output.endDefinitions()
    for (variable, id) in zip(variables, variableIDs) {
      let count = variable.dimensions.map { lengths[$0] ?? 0 }
      if variable.type == .string {
        try output.put(variable.texts, variable: id, name: variable.name, count: count)
      } else if !variable.values.isEmpty {
        try output.put(
          variable.values, variable: id, name: variable.name, start: count.map { _ in 0 }, count: count)
      }
    }
    try output.close()
    return path(name)
  }
}
