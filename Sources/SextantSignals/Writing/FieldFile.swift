// Writes fields with their missing values to NetCDF files: synthetic fields, and reference fields for scoring.

import SextantArrays
import SextantGeometry

/// NetCDF files of fields without a posterior.
public enum FieldFile {
  /// Writes all fields of `source` to `path` in pieces, as a complete file or not at all.
  ///
  /// With a `template`, field n and channel c of `source` replace field n and channel c of the template, and axes and
  /// attributes are those of the template. Without one, `source` must be on a latitude–longitude grid, and its labels
  /// become coordinates. Throws `FileError`, ``NetCDFError``, ``SignalFormatError`` and any error of `source`.
  public static func write(
    _ source: any SignalSource, to path: String, overwrite: Bool = false, like template: GriddedFile? = nil,
    description: OutputDescription
  ) throws {
    if let template {
      precondition(
        template.count == source.count && template.domain.vertexCount == source.domain.vertexCount,
        "\(source.count) fields for a template of \(template.count)")
    }
    let content = SignalContent.fields(source.count)
    try NetCDFSink(OutputRequest(path: path, content: content), like: template.map(GriddedDocument.init) ?? source)
      .write(content, description: description, overwrite: overwrite) { writer in
        var index = 0
        try source.forEachChunk(of: Array(0..<source.count)) { set in
          for offset in 0..<set.count {
            try writer.write(FieldRecord(set[offset]), at: index)
            index += 1
          }
        }
      }
  }
}
