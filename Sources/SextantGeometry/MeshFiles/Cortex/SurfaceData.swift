// Numbers at the vertices of a surface that lies in another file, as programs for the cortex store them: GIFTI data,
// FreeSurfer's curvature files, annotations and labels. A GIFTI file may also hold its surface: see GIFTIFile.

import Foundation
import SextantStorage

/// Columns of numbers at the vertices of a surface.
package struct SurfaceData: Sendable {
  /// The kinds of files.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case gifti = "GIFTI data"
    case curvature = "FreeSurfer values"
    case annotation = "a FreeSurfer annotation"
    case label = "a FreeSurfer label"
  }

  /// The file.
  package var path: String
  package var kind: Kind
  /// The columns, with V values each.
  package var columns: [MeshProperty]
  /// Whether the columns are one quantity at several times.
  package var isSeries = false
  /// What the file says of itself, a line each.
  package var comments: [String] = []

  /// The number of vertices V.
  package var vertexCount: Int { columns.first?.values.count ?? 0 }

  /// The kind of the file at `path`; nil for another file, and for a GIFTI file that holds a surface.
  package static func kind(of path: String) -> Kind? {
    guard let head = FileContents.head(of: path, count: 1 << 12).map({ [UInt8]($0) }) else { return nil }
    if GIFTIFile.isRecognised(head) {
      return (try? FileContents.data(of: path)).map(GIFTIFile.holdsSurface) == false ? .gifti : nil
    }
    let size = FileContents.size(of: path) ?? head.count
    if FreeSurferCurvature.isRecognised(head, size: size) { return .curvature }
    if FreeSurferAnnotation.isRecognised(head, size: size, path: path) { return .annotation }
    return FreeSurferLabel.isRecognised(head) ? .label : nil
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - vertexCount: The number of vertices of the surface, which a label does not state.
  /// - Throws: `FileError` from SextantStorage, ``GeometryError/invalidMesh(_:)``.
  package init(path: String, vertexCount: Int?) throws {
    let bytes = [UInt8](try FileContents.data(of: path))
    switch Self.kind(of: path) {
    case .gifti:
      let file = try GIFTIFile(bytes, path: path)
      self.init(path: path, kind: .gifti, columns: try file.columns(), isSeries: file.isSeries, comments: file.comments)
    case .curvature: self.init(path: path, kind: .curvature, columns: [try FreeSurferCurvature.column(bytes, path: path)])
    case .annotation: self.init(path: path, kind: .annotation, columns: [try FreeSurferAnnotation.column(bytes, path: path)])
    case .label:
      self.init(
        path: path, kind: .label, columns: [try FreeSurferLabel.column(bytes, path: path, vertexCount: vertexCount)])
    case nil: throw GeometryError.notAMesh(path: path, found: FileSignature.description(of: bytes.prefix(1024)))
    }
  }

  private init(path: String, kind: Kind, columns: [MeshProperty], isSeries: Bool = false, comments: [String] = []) {
    (self.path, self.kind, self.columns) = (path, kind, columns)
    (self.isSeries, self.comments) = (isSeries, comments)
  }

  /// The name of the only quantity of a file: the last word of its name, "thickness" of "lh.thickness".
  static func quantity(of path: String) -> String {
    let words = URL(fileURLWithPath: path).lastPathComponent.split(separator: ".").filter { $0.lowercased() != "gz" }
    return words.last.map(String.init) ?? "value"
  }
}
