// Stacks of images in IDX files, as a format: each image is a field on the grid of its pixels or, with a mesh, its brightness at
// each vertex.

import Foundation
import SextantGeometry
import SextantStorage

/// IDX files of images, such as MNIST's, on the grid of their pixels or on the vertices of a mesh.
///
/// Its settings are `labels` (the IDX file with the class of each image, by which fields can be selected as `digit`),
/// `horizontal` and `vertical` (the axes of the mesh that correspond to those of the image), and `drop_last` (the
/// number of vertices at the end of the mesh that are left out).
public struct IDXFormat: SignalFormat {
  public init() {}

  public var name: String { "IDX images" }
  public var help: String { "IDX files of images, such as MNIST's, as they are or projected on a mesh; gzipped or not" }

  /// Whether the file begins like an IDX file: two zero bytes, a type of numbers, and a number of dimensions.
  public func recognises(_ path: String) -> Bool {
    guard let head = FileContents.head(of: path, count: 4).map(Array.init), head.count == 4 else { return false }
    let types: [UInt8] = [0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E]
    return head[0] == 0 && head[1] == 0 && types.contains(head[2]) && (1...4).contains(head[3])
  }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    // A file that cannot be read is reported before a missing mesh.
    let stack = try IDXFile(path: request.path)
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(except: ["labels", "horizontal", "vertical", "drop_last"], for: self)
    let labels = request.settings["labels"]
    let digits = try labels.map { try IDXFile.labels(path: $0) }
    if let digits, digits.count != stack.count {
      throw SignalFormatError.invalidSetting(
        path: labels ?? request.path, name: "labels", expected: "one for each of the \(stack.count) images",
        found: "\(digits.count)")
    }
    guard let geometry = request.geometry else {
      if let name = ["horizontal", "vertical", "drop_last"].first(where: { request.settings[$0] != nil }) {
        throw SignalFormatError.refused(
          path: request.path, format: self.name, option: name,
          reason: "it is about a mesh, and none is given. Give --mesh, or leave it out.")
      }
      return try IDXImages(stack, for: request, digits: digits, labelFile: labels).selecting(request.select)
    }
    guard stack.bands == 1 else {
      throw SignalFormatError.refused(
        path: request.path, format: name, option: "--mesh",
        reason: "the images have \(stack.bands) bands, and only grey ones are projected on a mesh. Leave it out.")
    }
    var mesh = try MeshFile.document(geometry).shape()
    let dropped = try dropped(request)
    let kept = mesh.positions.count - dropped
    guard kept >= 3 else {
      throw SignalFormatError.invalidSetting(
        path: geometry, name: "drop_last", expected: "at least 3 vertices to be left of \(mesh.positions.count)",
        found: "\(dropped) to be left out")
    }
    mesh.positions = Array(mesh.positions.prefix(kept))
    mesh.triangles = mesh.triangles.filter { Int($0.max()) < kept }
    let images = ProjectedImages(
      stack, on: try request.domain(of: MeshDocument(mesh)), projection: try projection(request), digits: digits)
    let document = ProjectedIDXDocument(
      path: request.path, inputPaths: [geometry, request.path] + [labels].compactMap { $0 }, images: images)
    if let name = request.variables?.first(where: { name in !images.variables.contains { $0.name == name } }) {
      throw SignalFormatError.absentVariable(
        path: request.path, name: name, available: images.variables.map(\.name))
    }
    return try document.selecting(request.select)
  }

  private func dropped(_ request: SignalRequest) throws -> Int {
    guard let text = request.settings["drop_last"] else { return 0 }
    guard let count = Int(text), count >= 0 else {
      throw SignalFormatError.invalidSetting(
        path: request.path, name: "drop_last", expected: "a whole number from 0", found: "'\(text)'")
    }
    return count
  }

  private func projection(_ request: SignalRequest) throws -> ImageProjection {
    func axis(_ name: String, _ standard: ImageProjection.Axis) throws -> ImageProjection.Axis {
      guard let text = request.settings[name] else { return standard }
      guard let axis = ImageProjection.Axis(rawValue: text) else {
        throw SignalFormatError.invalidSetting(
          path: request.path, name: name,
          expected: "one of \(ImageProjection.Axis.allCases.map(\.rawValue).joined(separator: ", "))",
          found: "'\(text)'")
      }
      return axis
    }
    return ImageProjection(horizontal: try axis("horizontal", .x), vertical: try axis("vertical", .y))
  }
}

/// Images on a mesh, which are projected when they are read.
struct ProjectedIDXDocument: SignalDocument {
  let path: String
  let inputPaths: [String]
  let images: ProjectedImages

  var format: any SignalFormat { IDXFormat() }
  var domain: any Domain { images.domain }
  var variables: [Variable] { images.variables }
  var labels: [FieldLabel] { images.labels }
  func read(_ indices: [Int]) throws -> SignalSet { try images.read(indices) }
}
