// An ensemble as one file per member, each with the plain variable name, as CDO's ensemble operators (`cdo enscrps`,
// `cdo ensmean`) expect. Either all files appear, or none.

import Foundation
import SextantArrays
import SextantStorage

/// The files of an ensemble during writing.
public final class MemberFilesWriter {
  private let writers: [FieldFileWriter]
  private let variables: [Variable]

  /// The paths of `count` members: "out.nc" gives "out_member001.nc" and so on, a folder "out/" gives
  /// "out/member001.nc".
  public static func paths(for path: String, count: Int) -> [String] {
    let digits = max(3, String(count).count)
    let isFolder = path.hasSuffix("/") || (path as NSString).pathExtension.isEmpty
    let stem = isFolder ? (path.hasSuffix("/") ? path : path + "/") : (path as NSString).deletingPathExtension + "_"
    return (1...max(1, count)).prefix(count).map { stem + String(format: "member%0\(digits)d.nc", $0) }
  }

  /// Writes one file for each of `paths`; `body` supplies the fields.
  public static func write<R>(
    to paths: [String], overwrite: Bool = false, like template: GriddedFile, description: FieldFileDescription,
    _ body: (MemberFilesWriter) throws -> R
  ) throws -> R {
    for path in paths { try WholeFile.checkIsFree(path, overwrite: overwrite) }
    let layout = try FieldLayout(template: template)
    return try nest(paths[...], overwrite: overwrite, writers: [], layout: layout, description: description) {
      writers in
      try body(MemberFilesWriter(writers: writers, variables: template.variables))
    }
  }

  private init(writers: [FieldFileWriter], variables: [Variable]) {
    self.writers = writers
    self.variables = variables
  }

  /// Writes the members of the field that corresponds to field `index` of the template; `members` is paths × V·C.
  public func write(_ members: Tensor<Float>, at index: Int) throws {
    precondition(members.rowCount == writers.count, "\(members.rowCount) members for \(writers.count) files")
    let (size, channels) = (members.columnCount, variables.count)
    try members.withUnsafeScalars { scalars in
      for (member, writer) in writers.enumerated() {
        for (channel, variable) in variables.enumerated() {
          try writer.write(FilledVariableNaming.baseName(of: variable), field: index) {
            scalars[member * size + $0 * channels + channel]
          }
        }
      }
    }
  }

  // Each file is opened inside the previous one, so that a failure removes all of them.
  private static func nest<R>(
    _ paths: ArraySlice<String>, overwrite: Bool, writers: [FieldFileWriter], layout: FieldLayout,
    description: FieldFileDescription, _ body: ([FieldFileWriter]) throws -> R
  ) throws -> R {
    guard let path = paths.first else {
      let result = try body(writers)
      for writer in writers { try writer.close() }
      return result
    }
    return try WholeFile.write(to: path, overwrite: overwrite) { temporary in
      let writer = try FieldFileWriter(
        creating: temporary, reportedAs: path, layout: layout, description: description)
      try define(writer, member: writers.count + 1)
      return try nest(
        paths.dropFirst(), overwrite: overwrite, writers: writers + [writer], layout: layout, description: description,
        body)
    }
  }

  private static func define(_ writer: FieldFileWriter, member: Int) throws {
    let layout = writer.layout
    let variables = layout.channels.enumerated().compactMap { channel, shape in
      shape.source.map { FieldVariable(name: $0.baseName, channel: channel) }
    }
    try writer.define(
      variables,
      extraCoordinates: [
        .numbers(
          layout.freeName("realization"), [Double(member)], type: .int, dimensions: [],
          attributes: [("standard_name", .text("realization")), ("units", .text("1"))])
      ])
  }
}
