// `sextant convert`: writes a mesh of any format as PLY or as a VTK file, one mesh of a scene alone if wanted.

import ArgumentParser
import Foundation
import Sextant

/// Writes a mesh in another format.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a mesh or a cloud of points with all its properties as PLY, VTK or GIFTI.",
    discussion: """
      The ending of the output's name chooses the format: .ply, .vtp (for ParaView) or .gii. The input may be gzipped.

      Examples:
        sextant convert bunny.ply --output bunny.vtp
        sextant convert scene.glb --part Wheels --output wheels.ply
        sextant convert lh.white --output lh.white.surf.gii
        sextant convert simulation.vtu.gz --output surface.ply
      """)

  @Argument(help: "The mesh, in any format that `sextant inspect` reads.", completion: .file())
  var file: String

  @Option(help: ArgumentHelp("The mesh of a scene, by its name, to take; all together otherwise.", valueName: "name"))
  var part: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @OptionGroup var outputs: OutputOptions

  func validate() throws {
    guard MeshFile.writtenEndings.contains(URL(fileURLWithPath: output).pathExtension.lowercased()) else {
      throw ValidationError("--output \(output): the name must end in .ply, .vtp or .gii.")
    }
  }

  func run() throws {
    try WholeFile.checkIsNoInput(output, inputs: [file])
    try WholeFile.checkIsFree(output, overwrite: outputs.overwrite)
    let document = try MeshFile.document(file, selecting: part.map { .named($0) } ?? .merged)
    try MeshFile.write(document, to: output, overwrite: outputs.overwrite)
    guard !outputs.quiet else { return }
    StandardOutput.line("\(output): \(document.vertexCount) vertices, \(document.polygons.count) polygons")
    for omission in document.omissions { StandardOutput.line("  not kept: \(omission)") }
  }
}
