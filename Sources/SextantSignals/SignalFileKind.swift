// What kind of file a signal stands in: by its contents, or by its name where they tell nothing. So a file that is not there,
// or empty, or something else, is held against what it was meant to be, and not against whatever is read by default.

import Foundation
import SextantGeometry
import SextantStorage

/// The kinds of files that signals are read from.
public enum SignalFileKind: Sendable, Equatable {
  /// A mesh, bare or with properties.
  case mesh
  /// A NumPy array.
  case array
  /// A table of text.
  case table
  /// NetCDF, or what nothing tells: its reader says what else it may be.
  case fields

  /// The kind of the file at `path`. Throws ``FileError/missing(path:)`` where there is none.
  public init(of path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw FileError.missing(path: path) }
    if NPYFile.isRecognised(at: path) {
      self = .array
    } else if FileKind.isNetCDF(at: path) {
      self = .fields
    } else if MeshFormat.isRecognised(at: path) {
      self = .mesh
    } else {
      self = Self.named(URL(fileURLWithPath: path).pathExtension.lowercased())
    }
  }

  /// What the ending of a name promises.
  private static func named(_ ending: String) -> SignalFileKind {
    switch ending {
    case "ply", "off", "obj", "stl", "gltf", "glb", "3ds", "dae", "fbx", "x3d", "vtp": .mesh
    case "npy": .array
    case "csv", "tsv", "txt", "dat": .table
    default: .fields
    }
  }
}
