// Fields on a mesh that are made of images: which mesh, which images, and how they are laid on it.

import SextantArrays
import SextantGeometry
import SextantSignals

/// Images projected on a mesh.
public struct SurfaceImages: Sendable, Equatable, Codable {
  /// The file of the mesh.
  public var mesh: String
  /// The IDX file of the images, gzipped or not.
  public var images: String
  /// The IDX file of what they show, if any: fields can then be chosen by `digit`.
  public var labels: String?
  /// How the mesh is laid under them.
  public var projection: ImageProjection
  /// Vertices at the end of the file that are left out, with their triangles. The APS paper leaves out one of 1889.
  public var droppedVertices: Int

  public init(
    mesh: String, images: String, labels: String? = nil, projection: ImageProjection = ImageProjection(),
    droppedVertices: Int = 0
  ) {
    (self.mesh, self.images, self.labels) = (mesh, images, labels)
    (self.projection, self.droppedVertices) = (projection, droppedVertices)
  }

  /// Opens mesh and images. Throws ``GeometryError``, ``ImageFileError``, ``FileError`` and ``RunError``.
  func open() throws -> ProjectedImages {
    var mesh = try MeshFile.read(mesh)
    let kept = mesh.positions.count - droppedVertices
    guard kept >= 3 else {
      throw RunError.invalid(
        "\(self.mesh): drop_last: \(droppedVertices) leaves \(max(0, kept)) vertices of \(mesh.positions.count); expected at least 3."
      )
    }
    mesh.positions = Array(mesh.positions.prefix(kept))
    mesh.triangles = mesh.triangles.filter { Int($0.max()) < kept }
    let stack = try ImageStack(path: images)
    let digits = try labels.map { try ImageStack.labels(path: $0) }
    if let digits, digits.count != stack.count {
      throw RunError.invalid("\(labels ?? ""): \(digits.count) labels for the \(stack.count) images of \(images).")
    }
    return ProjectedImages(stack, on: try SurfaceMesh(mesh), projection: projection, digits: digits)
  }
}
