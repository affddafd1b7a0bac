// What the two pipelines still use of the formats, until there is one: goes with them.

import Foundation
import SextantGeometry
import SextantSignals

/// The kinds of files that signals are read from.
public enum SignalFileKind: Sendable, Equatable {
  case mesh, array, table, fields

  public init(of path: String) throws {
    do {
      switch try [any SignalFormat].standard.format(of: path) {
      case is MeshPropertyFormat: self = .mesh
      case is VertexArrayFormat: self = .array
      case is VertexTableFormat: self = .table
      default: self = .fields
      }
    } catch is SignalFormatError {
      self = .fields
    }
  }
}

extension VertexValues {
  public init(contentsOf path: String, columns: [String]? = nil) throws {
    switch try SignalFileKind(of: path) {
    case .array: try self.init(array: path, names: columns)
    case .mesh: try self.init(properties: columns, of: MeshFile.document(path))
    case .table, .fields: try self.init(table: path, columns: columns)
    }
  }
}
