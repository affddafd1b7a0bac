// Fields on a mesh from files of numbers at its vertices: an archive to learn from that is no stack of images, such as the
// colours of many scans brought to one mesh, or what a simulation left.

import SextantArrays
import SextantGeometry
import SextantSignals

/// Reads arrays, tables and meshes with properties as fields on one mesh.
enum SurfaceFiles {
  /// The fields of all files, one after the other; each is told by its number, the coordinate `field`.
  ///
  /// - Parameters:
  ///   - mesh: the file of the mesh (V vertices).
  ///   - files: each V, V×C or N×V×C numbers.
  ///   - variables: the columns or properties, or what an array's columns are called; nil for all.
  /// - Throws: ``FileError``, ``GeometryError``, ``VertexFileError``, and ``RunError`` where files have other variables than the
  ///   first.
  static func open(mesh: String, files: [String], variables: [String]?) throws -> SignalSet {
    let domain = try SurfaceMesh(MeshFile.read(mesh))
    let sets = try files.map { try VertexValues(contentsOf: $0, columns: variables).signals(on: domain) }
    guard let first = sets.first else { throw RunError.invalid("\(mesh): no files of fields on this mesh.") }
    if let other = sets.firstIndex(where: { $0.variables != first.variables }) {
      func list(_ set: SignalSet) -> String { set.variables.map(\.name).joined(separator: ", ") }
      throw RunError.invalid(
        "\(files[other]): the variables \(list(sets[other])), but \(files[0]) has \(list(first)). Name those that all have, such as variables: [\(first.variables[0].name)]."
      )
    }
    let count = sets.reduce(0) { $0 + $1.count }
    return SignalSet(
      domain: domain, variables: first.variables,
      values: Tensor(
        sets.flatMap(\.values.scalars), shape: [count, domain.vertexCount, first.channelCount]),
      isValid: sets.flatMap(\.isValid), labels: (0..<count).map { FieldLabel(coordinates: ["field": "\($0)"]) })
  }
}
