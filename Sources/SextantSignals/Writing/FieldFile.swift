// Writes the fields of a source to a NetCDF file as they are, with their gaps: synthetic fields, and truths to score against.

import SextantArrays
import SextantGeometry

/// Plain NetCDF files of fields.
public enum FieldFile {
  /// Writes all fields of `source` to `path`, piece by piece, whole or not at all.
  ///
  /// With a `template`, field n of `source` takes the place of its field n and channel c that of its channel c, and
  /// axes and attributes are the template's; without, `source` must be on a latitude–longitude grid and its
  /// labels become coordinates. Throws ``FileError``, ``NetCDFError``, ``SignalFormatError`` and what `source` throws.
  public static func write(
    _ source: any SignalSource, to path: String, overwrite: Bool = false, like template: GriddedFile? = nil,
    description: FieldFileDescription
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
