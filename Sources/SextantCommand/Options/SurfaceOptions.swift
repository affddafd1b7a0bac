// What a command needs to know of a signal on a mesh, and of what is missing in it.

import ArgumentParser
import Foundation
import Sextant

/// Options about signals on meshes.
struct SurfaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The mesh whose vertices a table (.csv) or array (.npy) has values for.", valueName: "file"))
  var mesh: String?

  @Option(
    help: ArgumentHelp(
      "The mesh's properties, or the table's columns, by commas: confidence, or red,green,blue.", valueName: "names"))
  var property: String?

  /// The names of the properties; nil where none were given.
  var properties: [String]? {
    property?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// Whether the signal in a file is one on a mesh, for all that the file and these options tell.
  func areFor(_ signal: String) -> Bool { mesh != nil || property != nil || MeshFormat.isRecognised(at: signal) }
}

/// Options about what is missing in a signal on a mesh.
struct SurfaceGapOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Values count as missing where this holds, such as 'confidence<0.2'; may be repeated.", valueName: "condition"))
  var missing: [String] = []

  @Option(
    help: ArgumentHelp(
      "Hide more by a mask, such as random:0.3, and tell how near the answer comes to it.", valueName: "mask"))
  var mask: String?

  /// Whether any of them was given.
  var areUsed: Bool { !missing.isEmpty || mask != nil }
}
