// Writes fields with their missing values: degraded and synthetic fields, and reference fields for scoring.

import SextantArrays
import SextantGeometry
import SextantStorage

/// A variable that accompanies the fields, such as the noise level of each entry.
public struct CompanionVariable: Sendable {
  /// The name in the file, such as "t2m_noise".
  public var name: String
  public var units: String
  public var longName: String
  /// The values of a field (V entries); non-finite values are written as missing.
  public var values: @Sendable (_ field: Int) throws -> [Float]

  public init(
    name: String, units: String, longName: String, values: @escaping @Sendable (_ field: Int) throws -> [Float]
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.values = values
  }
}

/// Files of fields without a posterior.
public enum FieldFile {
  /// Writes all fields of `source` to `path` in pieces, as a complete file or not at all.
  ///
  /// With a `template`, field n and channel c of `source` replace field n and channel c of the template, and axes and
  /// attributes are those of the template. Without one, `source` must be on a latitude–longitude grid, and its labels
  /// become coordinates. Throws ``FileError``, ``NetCDFError``, and any error of `source`.
  public static func write(
    _ source: any SignalSource, to path: String, overwrite: Bool = false, like template: GriddedFile? = nil,
    companions: [CompanionVariable] = [], description: FieldFileDescription
  ) throws {
    if let template {
      precondition(
        template.count == source.count && template.domain.vertexCount == source.domain.vertexCount,
        "\(source.count) fields for a template of \(template.count)")
    }
    try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      let layout =
        try template.map { try FieldLayout(template: $0) }
        ?? FieldLayout(labels: source.labels, on: source.domain, path: path)
      let writer = try FieldFileWriter(
        creating: temporary, reportedAs: path, layout: layout, description: description)
      let variables = source.variables.enumerated().map { fieldVariable($1, channel: $0) }
      try writer.define(variables + companions.map(companionVariable))
      var first = 0
      try source.forEachChunk(of: Array(0..<source.count)) { set in
        for offset in 0..<set.count { try write(set, offset, at: first + offset, names: variables.map(\.name), writer) }
        first += set.count
      }
      for companion in companions {
        for field in 0..<source.count {
          let values = try companion.values(field)
          try writer.write(companion.name, field: field) { values[$0] }
        }
      }
      try writer.close()
    }
  }

  private static func write(
    _ set: SignalSet, _ offset: Int, at field: Int, names: [String], _ writer: FieldFileWriter
  ) throws {
    let (channels, base) = (set.channelCount, offset * set.vertexCount * set.channelCount)
    try set.values.withUnsafeScalars { values in
      for (channel, name) in names.enumerated() {
        try writer.write(name, field: field) { vertex in
          let entry = base + vertex * channels + channel
          return set.isValid[entry] ? values[entry] : .nan
        }
      }
    }
  }

  private static func fieldVariable(_ variable: Variable, channel: Int) -> FieldVariable {
    var attributes: [(String, NetCDFAttributeValue)] = []
    if !variable.units.isEmpty { attributes.append(("units", .text(variable.units))) }
    if let name = variable.standardName { attributes.append(("standard_name", .text(name))) }
    if let name = variable.longName { attributes.append(("long_name", .text(name))) }
    return FieldVariable(
      name: FilledVariableNaming.baseName(of: variable), channel: channel, attributes: attributes)
  }

  private static func companionVariable(_ companion: CompanionVariable) -> FieldVariable {
    FieldVariable(
      name: companion.name, channel: 0,
      attributes: [("units", .text(companion.units)), ("long_name", .text(companion.longName))], keepsAttributes: false)
  }
}
