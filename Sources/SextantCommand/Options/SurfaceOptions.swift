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

  /// Throws where one of the options that mean nothing on a mesh was given.
  func refuse(_ others: [(name: String, isGiven: Bool)], for signal: String) throws {
    guard let name = others.first(where: \.isGiven)?.name else { return }
    let hint = name == "--variables" ? " Give --property." : ""
    throw ValidationError("\(name) is for NetCDF files, and \(signal) is a signal on a mesh.\(hint)")
  }

  /// Throws where the name of an output does not tell a file that signals on meshes go to.
  func checkOutput(_ output: String) throws {
    guard ["ply", "vtp", "npy"].contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
      throw ValidationError(
        "--output \(output): the name must end in .ply or .vtp for a mesh, or in .npy for an array.")
    }
  }

  /// Whether the signal in a file is one on a mesh, for all that the file and these options tell.
  ///
  /// Throws where the file is not there, and where it holds numbers at vertices and nobody named the mesh.
  ///
  /// - Parameter isOnMesh: whether something else tells that it is.
  func areFor(_ signal: String, isOnMesh: Bool = false) throws -> Bool {
    let kind = try SignalFileKind(of: signal)
    if kind == .mesh || mesh != nil || isOnMesh { return true }
    if kind == .fields, property == nil { return false }
    do {
      try SurfaceInput.refuseToGoWithoutMesh(signal, kind)
    } catch let error as RunError {
      throw ValidationError("\(error)")
    }
  }
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
