// `sextant mesh`: writes a mesh of the unit sphere to a file, for archives and pictures on it.

import ArgumentParser
import Foundation
import Sextant

/// Writes an icosphere or a Fibonacci lattice.
struct MeshCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mesh",
    abstract: "Write a triangle mesh of the sphere.",
    discussion: """
      The ending of the file's name chooses the format: .ply or .off.

      Examples:
        sextant mesh icosphere --subdivisions 4 --output sphere.ply
        sextant mesh fibonacci --vertices 4000 --output sphere.off
      """)

  /// How the vertices are laid out.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case icosphere, fibonacci
  }

  @Argument(help: "The layout of the vertices.")
  var kind: Kind

  @Option(help: "How often an icosphere's triangles are cut in four: 10·4ⁿ + 2 vertices.")
  var subdivisions: Int?

  @Option(help: "The vertices of a Fibonacci lattice.")
  var vertices: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    switch kind {
    case .icosphere where vertices != nil: throw ValidationError("--vertices is for fibonacci; give --subdivisions.")
    case .fibonacci where subdivisions != nil:
      throw ValidationError("--subdivisions is for icosphere; give --vertices.")
    default: break
    }
    guard ["ply", "off"].contains(format) else {
      throw ValidationError("--output \(output): the name must end in .ply or .off.")
    }
  }

  func run() throws {
    try WholeFile.checkIsFree(output, overwrite: outputs.overwrite)
    let sphere =
      switch kind {
      case .icosphere: try SphereMesh.icosphere(subdivisions: subdivisions ?? 4)
      case .fibonacci: try SphereMesh.fibonacci(vertexCount: vertices ?? 2500)
      }
    let mesh = TriangleMesh(positions: sphere.nodePositions, triangles: sphere.triangles)
    if format == "ply" {
      try MeshFile.writePLY(mesh, to: output, overwrite: outputs.overwrite)
    } else {
      try MeshFile.writeOFF(mesh, to: output, overwrite: outputs.overwrite)
    }
    if !outputs.quiet { StandardOutput.line("\(output): \(sphere.summary), \(sphere.triangles.count) triangles") }
  }

  private var format: String { URL(fileURLWithPath: output).pathExtension.lowercased() }
}
