// Meshes, clouds of points, VTK files and cortical surfaces in the table of kinds × commands.

extension FileKind {
  static let meshesAndClouds: [FileKind] = []
}
