// `sextant draw` for a mesh, bare or with a signal on it.

import ArgumentParser
import Foundation
import Sextant

extension DrawCommand {
  /// Draws the mesh, and one property as values or three as a colour.
  func drawSurface() throws {
    let document = try MeshFile.document(surface.mesh ?? input)
    let mesh = try document.triangleMesh()
    let signal = try surfaceSignal(on: document)
    let names = surface.properties ?? []
    let title = names.isEmpty ? URL(fileURLWithPath: input).lastPathComponent : names.joined(separator: ", ")
    try MeshPicture(
      mesh, signal: signal, title: title, subtitle: names.isEmpty ? "" : URL(fileURLWithPath: input).lastPathComponent,
      scale: diverging ? .diverging : .automatic, views: chosenViews(), axes: up
    ).write(to: output, overwrite: options.overwrite)
  }

  private func surfaceSignal(on document: MeshDocument) throws -> MeshSignal {
    guard surface.mesh != nil || surface.property != nil else { return .none }
    let values: VertexValues
    if try SignalFileKind(of: input) == .mesh {
      values = try VertexValues(properties: surface.properties, of: MeshFile.document(input))
    } else {
      values = try VertexValues(contentsOf: input, columns: surface.properties)
    }
    guard field >= 1, field <= values.count else {
      throw ValidationError("--field \(field): the file has fields 1 to \(values.count).")
    }
    guard values.vertexCount == document.vertexCount else {
      throw VertexFileError.wrongLength(path: input, expected: document.vertexCount, found: values.vertexCount)
    }
    let (vertices, channels) = (values.vertexCount, values.variables.count)
    let start = (field - 1) * vertices * channels
    let scalars = values.values.scalars
    let numbers = (start..<start + vertices * channels).map { values.isValid[$0] ? scalars[$0] : .nan }
    switch channels {
    case 1: return .values(numbers)
    case 3: return .colours((0..<vertices).map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) })
    default:
      throw ValidationError(
        "--property: one property is drawn as values, three as red, green and blue; \(channels) were found (\(values.variables.map(\.name).joined(separator: ", ")))."
      )
    }
  }

  private func chosenViews() throws -> [MeshView] {
    guard let views else { return MeshView.standard }
    return try views.split(separator: ",").map { word in
      let name = word.trimmingCharacters(in: .whitespaces)
      guard let view = MeshView.named.first(where: { $0.name == name }) else {
        throw ValidationError(
          "--views \(name): expected some of \(MeshView.named.map(\.name).joined(separator: ", ")), by commas.")
      }
      return view
    }
  }
}

extension MeshAxes: ExpressibleByArgument {}
