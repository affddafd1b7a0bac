// Writes filled fields as CF-1.8 netCDF-4 in the layout of the input file: `<name>` (the mean), `<name>_spread`,
// `<name>_ensemble`, `<name>_quantile` and `<name>_observed`. One field at a time.

import SextantArrays
import SextantGeometry
import SextantStorage

/// A file of filled fields during writing.
public final class FilledFileWriter {
  private let writer: FieldFileWriter
  private let variables: [Variable]
  private let content: FilledFileContent

  /// Writes the file at `path`, completely or not at all; `body` supplies the fields in any order.
  ///
  /// Axes, coordinates, names, units and calendars are those of `template`; a field that is never supplied is missing
  /// in the file. Throws ``FileError/exists(path:)`` if the file exists and `overwrite` is false.
  ///
  /// - Parameter domain: the grid of the answers in place of the template's own; nil to keep that. Throws
  ///   ``NetCDFError/unwritableDomain(path:domain:)`` unless it has the axes of a latitude–longitude grid.
  public static func write<R>(
    to path: String, overwrite: Bool = false, like template: GriddedFile, on domain: (any Domain)? = nil,
    content: FilledFileContent,
    description: FieldFileDescription, _ body: (FilledFileWriter) throws -> R
  ) throws -> R {
    try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      let grid = domain?.geography?.gridAxes
      if let domain, grid == nil { throw NetCDFError.unwritableDomain(path: path, domain: domain.summary) }
      let layout = try FieldLayout(template: template, on: grid)
      let writer = try FilledFileWriter(
        FieldFileWriter(creating: temporary, reportedAs: path, layout: layout, description: description),
        variables: template.variables, content: content)
      let result = try body(writer)
      try writer.writer.close()
      return result
    }
  }

  private init(_ writer: FieldFileWriter, variables: [Variable], content: FilledFileContent) throws {
    self.writer = writer
    self.variables = variables
    self.content = content
    let naming = FilledVariableNaming(layout: writer.layout, content: content)
    try writer.define(
      variables.enumerated().flatMap { naming.fieldVariables(of: $1, channel: $0) },
      extraCoordinates: naming.extraCoordinates)
  }

  /// Writes the field that corresponds to field `index` of the template.
  public func write(_ field: FilledField, at index: Int) throws {
    let channels = variables.count
    for (channel, variable) in variables.enumerated() {
      let name = FilledVariableNaming.baseName(of: variable)
      try writer.write(name, field: index) { field.mean[$0 * channels + channel] }
      if content.hasSpread, let spread = field.spread {
        try writer.write("\(name)_spread", field: index) { spread[$0 * channels + channel] }
      }
      if content.hasObservedMask, let isObserved = field.isObserved {
        try writer.write("\(name)_observed", field: index) { isObserved[$0 * channels + channel] ? 1 : 0 }
      }
      for (level, values) in field.quantiles.prefix(content.quantileLevels.count).enumerated() {
        try writer.write("\(name)_quantile", field: index, leading: [level]) { values[$0 * channels + channel] }
      }
      try field.members?.withUnsafeScalars { scalars in
        let size = field.mean.count
        for member in 0..<min(content.memberCount, scalars.count / max(1, size)) {
          try writer.write("\(name)_ensemble", field: index, leading: [member]) {
            scalars[member * size + $0 * channels + channel]
          }
        }
      }
    }
  }
}
