// Writes GIFTI files: numbers at vertices, and the surface where it is wanted. Arrays are little-endian and compressed.
// Single precision, bytes and whole numbers of four bytes are the types that all readers know; others are written as
// single precision, and doubles as doubles.

import Foundation
import SextantStorage

extension MeshFile {
  /// Writes the properties of a mesh's vertices as GIFTI, with the surface before them or alone.
  ///
  /// Polygons are cut into triangles. Properties of polygons have no place in the format and are left out. A comment
  /// "NAME: TEXT" becomes the metadata NAME, and all others the lines of "history".
  ///
  /// Throws `FileError` from SextantStorage, and the errors of ``MeshDocument/triangles()``.
  package static func writeGIFTI(
    _ document: MeshDocument, includingSurface: Bool = true, to path: String, overwrite: Bool = false
  ) throws {
    let text = try GIFTIWriter(document, includesSurface: includingSurface).text
    try WholeFile.write(Data(text.utf8), to: path, overwrite: overwrite)
  }
}

/// A GIFTI file during writing.
private struct GIFTIWriter {
  private(set) var text: String

  init(_ document: MeshDocument, includesSurface: Bool) throws {
    let labels = document.vertexProperties.first { !$0.words.isEmpty }?.words ?? [:]
    let count = document.vertexProperties.count + (includesSurface ? 2 : 0)
    text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!DOCTYPE GIFTI SYSTEM "http://www.nitrc.org/frs/download.php/115/gifti.dtd">
      <GIFTI Version="1.0" NumberOfDataArrays="\(count)">

      """
    appendMetadata(Self.metadata(document.comments))
    if labels.isEmpty {
      text += "<LabelTable/>\n"
    } else {
      text += "<LabelTable>\n"
      for (key, name) in labels.sorted(by: { $0.key < $1.key }) {
        text += "<Label Key=\"\(Int(key))\"><![CDATA[\(Self.plain(name))]]></Label>\n"
      }
      text += "</LabelTable>\n"
    }
    if includesSurface {
      append(
        document.positions.flatMap { [$0.x, $0.y, $0.z] }, type: document.positionType, columns: 3, name: "",
        intent: "NIFTI_INTENT_POINTSET")
      let triangles = try document.triangles()
      append(
        triangles.flatMap { [Double($0.x), Double($0.y), Double($0.z)] }, type: .int32, columns: 3, name: "",
        intent: "NIFTI_INTENT_TRIANGLE")
    }
    for property in document.vertexProperties {
      append(
        property.values, type: property.type, columns: 1, name: property.name,
        intent: property.words.isEmpty ? "NIFTI_INTENT_NONE" : "NIFTI_INTENT_LABEL")
    }
    text += "</GIFTI>\n"
  }

  private static func metadata(_ comments: [String]) -> [(name: String, value: String)] {
    var entries: [(name: String, value: String)] = []
    for comment in comments {
      let parts = comment.wholeMatch(of: /([A-Za-z_]\w*): (.*)/)
      let (name, value) = parts.map { (String($0.1), String($0.2)) } ?? ("history", comment)
      if let place = entries.firstIndex(where: { $0.name == name }) {
        entries[place].value += "\n" + value
      } else {
        entries.append((name, value))
      }
    }
    return entries
  }

  private static func plain(_ text: String) -> String { text.replacingOccurrences(of: "]]>", with: "]] >") }

  private mutating func appendMetadata(_ entries: [(name: String, value: String)]) {
    text += "<MetaData>\n"
    for entry in entries {
      text += "<MD><Name><![CDATA[\(Self.plain(entry.name))]]></Name><Value><![CDATA[\(Self.plain(entry.value))]]></Value></MD>\n"
    }
    text += "</MetaData>\n"
  }

  private mutating func append(_ values: [Double], type: MeshScalarType, columns: Int, name: String, intent: String) {
    let stored: MeshScalarType = [.uint8, .int32, .float64].contains(type) ? type : .float32
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * stored.byteCount)
    for value in values { stored.appendLittleEndian(value, to: &bytes) }
    let packed = FileContents.deflated(bytes)
    let rows = values.count / columns
    text += "<DataArray Intent=\"\(intent)\" DataType=\"NIFTI_TYPE_\(stored.rawValue.uppercased())\" "
    text += "ArrayIndexingOrder=\"RowMajorOrder\" Dimensionality=\"\(columns == 1 ? 1 : 2)\" Dim0=\"\(rows)\" "
    if columns > 1 { text += "Dim1=\"\(columns)\" " }
    text += "Encoding=\"\(packed == nil ? "Base64Binary" : "GZipBase64Binary")\" Endian=\"LittleEndian\" "
    text += "ExternalFileName=\"\" ExternalFileOffset=\"\">\n"
    appendMetadata(name.isEmpty ? [] : [("Name", name)])
    if intent == "NIFTI_INTENT_POINTSET" {
      text += "<CoordinateSystemTransformMatrix><DataSpace><![CDATA[NIFTI_XFORM_UNKNOWN]]></DataSpace><TransformedSpace><![CDATA[NIFTI_XFORM_UNKNOWN]]></TransformedSpace>"
      text += "<MatrixData>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</MatrixData></CoordinateSystemTransformMatrix>\n"
    }
    text += "<Data>\(ArrayBytes.base64(packed ?? bytes))</Data>\n</DataArray>\n"
  }
}
