// Meshes, clouds of points, VTK files and cortical surfaces in the table of kinds × commands.

import Foundation
import Sextant
import SextantTestSupport

extension FileKind {
  static let meshesAndClouds: [FileKind] = [
    FileKind(
      name: "mesh, PLY in gzip", make: { folder in try EggFiles.gzipped(EggFiles.written("egg.ply", in: folder)) },
      readingOptions: heat, outputEnding: "ply", inspected: "80"),
    FileKind(
      name: "cloud, PLY", make: { folder in try EggFiles.written("cloud.ply", in: folder, hasFaces: false) },
      readingOptions: heat, outputEnding: "ply", inspected: "a cloud of points"),
    FileKind(
      name: "cloud, XYZ", make: { folder in try EggFiles.text(folder) }, readingOptions: heat, outputEnding: "vtp",
      inspected: "a cloud of points"),
    FileKind(
      name: "VTK, legacy", make: { folder in try EggFiles.vtk(folder) }, readingOptions: heat, outputEnding: "vtp",
      inspected: "legacy VTK"),
    FileKind(
      name: "VTK, PolyData in XML", make: { folder in try EggFiles.written("egg.vtp", in: folder) },
      readingOptions: heat, outputEnding: "vtp", inspected: "VTK XML"),
    FileKind(
      name: "VTK, unstructured grid in XML", make: { folder in try EggFiles.vtu(folder) }, readingOptions: heat,
      outputEnding: "vtp", inspected: "VTK XML"),
    FileKind(
      name: "GIFTI with its surface", make: { folder in try EggFiles.written("egg.surf.gii", in: folder) },
      readingOptions: heat, outputEnding: "gii", inspected: "GIFTI"),
    FileKind(
      name: "GIFTI data",
      make: { folder in
        _ = try EggFiles.written("egg.surf.gii", in: folder, hasHeat: false)
        return try EggFiles.gifti(folder)
      }, readingOptions: ["--mesh", "egg.surf.gii"] + heat, outputEnding: "gii", inspected: "GIFTI data"),
    FileKind(
      name: "FreeSurfer values",
      make: { folder in
        try EggFiles.surface(folder)
        return try EggFiles.thickness(folder)
      }, readingOptions: ["--mesh", "lh.white"], outputEnding: "thickness", inspected: "FreeSurfer values"),
  ]

  private static let heat = ["--variables", "heat"]
}

/// Files of an egg of 42 vertices with a smooth variable.
enum EggFiles {
  static func mesh() throws -> TriangleMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 1)
    return TriangleMesh(
      positions: sphere.nodePositions.map { p in
        // In single precision, as files have it.
        let q = p * SIMD3(1, 1.5, 0.8)
        return SIMD3(Double(Float(q.x)), Double(Float(q.y)), Double(Float(q.z)))
      }, triangles: sphere.triangles)
  }

  static func heat(_ mesh: TriangleMesh) -> [Float] { mesh.positions.map { Float(2 + sin(2 * $0.x) + 0.5 * $0.y) } }

  /// A file that this library writes, by the ending of its name.
  static func written(
    _ name: String, in folder: ScratchFolder, hasFaces: Bool = true, hasHeat: Bool = true
  ) throws -> String {
    let mesh = try mesh()
    var document = MeshDocument(hasFaces ? mesh : TriangleMesh(positions: mesh.positions, triangles: []))
    if hasHeat { try document.setVertexProperty(MeshProperty(name: "heat", values: heat(mesh))) }
    try MeshFile.write(document, to: folder.path(name))
    return folder.path(name)
  }

  static func gzipped(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gzip \"$0\"", path]
    try process.run()
    process.waitUntilExit()
    return path + ".gz"
  }

  static func text(_ folder: ScratchFolder) throws -> String {
    let mesh = try mesh()
    let rows = zip(mesh.positions, heat(mesh)).map { "\($0.x) \($0.y) \($0.z) \($1)" }
    return try folder.write("# x y z heat\n" + rows.joined(separator: "\n") + "\n", to: "cloud.xyz")
  }

  static func vtk(_ folder: ScratchFolder) throws -> String {
    let mesh = try mesh()
    return try folder.write(
      """
      # vtk DataFile Version 3.0
      an egg
      ASCII
      DATASET POLYDATA
      POINTS 42 float
      \(mesh.positions.map { "\($0.x) \($0.y) \($0.z)" }.joined(separator: "\n"))
      POLYGONS 80 320
      \(mesh.triangles.map { "3 \($0.x) \($0.y) \($0.z)" }.joined(separator: "\n"))
      POINT_DATA 42
      SCALARS heat float 1
      LOOKUP_TABLE default
      \(heat(mesh).map { "\($0)" }.joined(separator: "\n"))

      """, to: "egg.vtk")
  }

  static func vtu(_ folder: ScratchFolder) throws -> String {
    let mesh = try mesh()
    func array(_ name: String, _ type: String, _ text: String, _ components: Int = 1) -> String {
      "<DataArray type=\"\(type)\" Name=\"\(name)\" NumberOfComponents=\"\(components)\" format=\"ascii\">\(text)</DataArray>"
    }
    return try folder.write(
      """
      <?xml version="1.0"?>
      <VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian">
      <UnstructuredGrid><Piece NumberOfPoints="42" NumberOfCells="80">
      <Points>\(array("Points", "Float32", mesh.positions.map { "\($0.x) \($0.y) \($0.z)" }.joined(separator: " "), 3))</Points>
      <Cells>
      \(array("connectivity", "Int32", mesh.triangles.map { "\($0.x) \($0.y) \($0.z)" }.joined(separator: " ")))
      \(array("offsets", "Int32", (1...80).map { "\(3 * $0)" }.joined(separator: " ")))
      \(array("types", "UInt8", [String](repeating: "5", count: 80).joined(separator: " ")))
      </Cells>
      <PointData>\(array("heat", "Float32", heat(mesh).map { "\($0)" }.joined(separator: " ")))</PointData>
      </Piece></UnstructuredGrid></VTKFile>

      """, to: "egg.vtu")
  }

  static func gifti(_ folder: ScratchFolder) throws -> String {
    let numbers = heat(try mesh()).map { "\($0)" }.joined(separator: " ")
    return try folder.write(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <GIFTI Version="1.0" NumberOfDataArrays="1"><MetaData/><LabelTable/>
      <DataArray Intent="NIFTI_INTENT_SHAPE" DataType="NIFTI_TYPE_FLOAT32" ArrayIndexingOrder="RowMajorOrder" Dimensionality="1" Dim0="42" Encoding="ASCII" Endian="LittleEndian" ExternalFileName="" ExternalFileOffset="">
      <MetaData><MD><Name><![CDATA[Name]]></Name><Value><![CDATA[heat]]></Value></MD></MetaData>
      <Data>\(numbers)</Data></DataArray></GIFTI>

      """, to: "egg.shape.gii")
  }

  private static func bigEndian(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in [24, 16, 8, 0].map { (shift: UInt32) in UInt8(word >> shift & 255) } }
  }

  /// FreeSurfer's surface of the egg.
  static func surface(_ folder: ScratchFolder) throws {
    let mesh = try mesh()
    let corners = mesh.triangles.flatMap { [UInt32($0.x), UInt32($0.y), UInt32($0.z)] }
    let places = mesh.positions.flatMap { [$0.x, $0.y, $0.z].map { Float($0).bitPattern } }
    let bytes = [0xFF, 0xFF, 0xFE] + Array("created by a test\n\n".utf8) + bigEndian([42, 80] + places + corners)
    try Data(bytes).write(to: URL(fileURLWithPath: folder.path("lh.white")))
  }

  /// FreeSurfer's values at the vertices of the egg, or at `count` vertices.
  static func thickness(_ folder: ScratchFolder, count: Int = 42) throws -> String {
    let values = heat(try mesh()).prefix(count).map(\.bitPattern)
    let bytes = [0xFF, 0xFF, 0xFF] + bigEndian([UInt32(count), 80, 1] + values)
    try Data(bytes).write(to: URL(fileURLWithPath: folder.path("lh.thickness")))
    return folder.path("lh.thickness")
  }
}
