// A tetrahedron in every format that is told by its contents.

import Foundation
import SextantGeometry

enum SampleMeshes {
  static let corners: [SIMD3<Double>] = [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
  static let triangles: [SIMD3<Int32>] = [SIMD3(0, 2, 1), SIMD3(0, 1, 3), SIMD3(1, 2, 3), SIMD3(0, 3, 2)]

  /// The bytes of a file.
  static func tetrahedron(_ format: MeshFormat) -> [UInt8] {
    let vertices = corners.map { "\($0.x) \($0.y) \($0.z)" }
    let faces = triangles.map { "3 \($0.x) \($0.y) \($0.z)" }.joined(separator: "\n")
    return switch format {
    case .ply:
      Array(
        """
        ply
        format ascii 1.0
        element vertex 4
        property float x
        property float y
        property float z
        element face 4
        property list uchar int vertex_indices
        end_header
        \(vertices.joined(separator: "\n"))
        \(faces)
        """.utf8)
    case .off: Array("OFF\n4 4 6\n\(vertices.joined(separator: "\n"))\n\(faces)\n".utf8)
    case .obj:
      Array(
        (["# a cube it is not", "mtllib none.mtl", "o thing"] + vertices.map { "v \($0)" }
          + triangles.map { "f \($0.x + 1) \($0.y + 1) \($0.z + 1)" }).joined(separator: "\n").utf8)
    case .stl: binarySTL(header: "solid, it says, and is binary")
    case .gltf: Array(gltf(buffer: "data:application/octet-stream;base64," + Data(buffer).base64EncodedString()).utf8)
    case .glb: glb()
    case .vtk:
      Array(
        "# vtk DataFile Version 3.0\n\nASCII\nDATASET POLYDATA\nPOINTS 4 float\n\(vertices.joined(separator: "\n"))\nPOLYGONS 4 16\n\(faces)\n"
          .utf8)
    case .vtkXML:
      Array(
        """
        <?xml version="1.0"?>
        <VTKFile type="PolyData" version="0.1" byte_order="LittleEndian"><PolyData><Piece NumberOfPoints="4" NumberOfPolys="4">
        <Points><DataArray type="Float32" NumberOfComponents="3" format="ascii">\(vertices.joined(separator: " "))</DataArray></Points>
        <Polys><DataArray type="Int32" Name="connectivity" format="ascii">\(cornerList)</DataArray>
        <DataArray type="Int32" Name="offsets" format="ascii">3 6 9 12</DataArray></Polys>
        </Piece></PolyData></VTKFile>
        """.utf8)
    case .gifti:
      Array(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <GIFTI Version="1.0" NumberOfDataArrays="2">
        \(giftiArray("POINTSET", "FLOAT32", vertices.joined(separator: " ")))
        \(giftiArray("TRIANGLE", "INT32", cornerList))
        </GIFTI>
        """.utf8)
    case .freeSurfer: freeSurfer()
    case .xyz, .other: []
    }
  }

  private static let cornerList = triangles.map { "\($0.x) \($0.y) \($0.z)" }.joined(separator: " ")

  private static func giftiArray(_ intent: String, _ type: String, _ numbers: String) -> String {
    """
    <DataArray Intent="NIFTI_INTENT_\(intent)" DataType="NIFTI_TYPE_\(type)" ArrayIndexingOrder="RowMajorOrder" Dimensionality="2" Dim0="4" Dim1="3" Encoding="ASCII" Endian="LittleEndian">
    <Data>\(numbers)</Data></DataArray>
    """
  }

  private static func freeSurfer() -> [UInt8] {
    var words: [UInt32] = [4, 4]
    for p in corners { for axis in 0..<3 { words.append(Float(p[axis]).bitPattern) } }
    for t in triangles { for corner in 0..<3 { words.append(UInt32(t[corner])) } }
    let body = words.flatMap { word in [24, 16, 8, 0].map { (shift: UInt32) in UInt8(word >> shift & 255) } }
    return [0xFF, 0xFF, 0xFE] + Array("made by a test\n\n".utf8) + body
  }

  /// A binary STL file of the tetrahedron.
  static func binarySTL(header: String) -> [UInt8] {
    var bytes = Array(header.utf8.prefix(80))
    bytes += [UInt8](repeating: 32, count: 80 - bytes.count)
    append(UInt32(triangles.count), to: &bytes)
    for t in triangles {
      for _ in 0..<3 { append(Float(0).bitPattern, to: &bytes) }
      for corner in 0..<3 { for axis in 0..<3 { append(Float(corners[Int(t[corner])][axis]).bitPattern, to: &bytes) } }
      bytes += [0, 0]
    }
    return bytes
  }

  /// Positions as floats, then indices as 16-bit numbers.
  static var buffer: [UInt8] {
    var bytes: [UInt8] = []
    for p in corners { for axis in 0..<3 { append(Float(p[axis]).bitPattern, to: &bytes) } }
    for t in triangles { for corner in 0..<3 { append(UInt16(t[corner]), to: &bytes) } }
    return bytes
  }

  /// The JSON of a glTF file.
  ///
  /// - Parameter changes: texts to be replaced.
  static func gltf(buffer uri: String?, changes: [(String, String)] = []) -> String {
    var text = """
      {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
       "nodes": [{"name": "Tetrahedron", "mesh": 0}],
       "meshes": [{"name": "mesh", "primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
       "buffers": [{\(uri.map { "\"uri\": \"\($0)\", " } ?? "")"byteLength": \(buffer.count)}],
       "bufferViews": [{"buffer": 0, "byteLength": 48}, {"buffer": 0, "byteOffset": 48, "byteLength": 24}],
       "accessors": [
        {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 1]},
        {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"}]}
      """
    for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
    return text
  }

  /// The GLB file with the buffer inside.
  static func glb(changes: [(String, String)] = []) -> [UInt8] {
    var json = Array(gltf(buffer: nil, changes: changes).utf8)
    json += [UInt8](repeating: 32, count: (4 - json.count % 4) % 4)
    var bytes = Array("glTF".utf8)
    append(UInt32(2), to: &bytes)
    append(UInt32(12 + 8 + json.count + 8 + buffer.count), to: &bytes)
    append(UInt32(json.count), to: &bytes)
    bytes += Array("JSON".utf8) + json
    append(UInt32(buffer.count), to: &bytes)
    return bytes + Array("BIN\0".utf8) + buffer
  }

  static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8], isBigEndian: Bool = false) {
    withUnsafeBytes(of: isBigEndian ? word.bigEndian : word.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
