// Points as text.

import Foundation
import SextantTestSupport
import Testing

@testable import SextantGeometry

@Suite struct XYZTests {
  @Test(arguments: [
    ("0 0 0\n1 0 0\n0 1 0.5\n", [String]()), ("# x y z heat\n0 0 0 1\n1 0 0 2\n0 1 0.5 nan\n", ["heat"]),
    ("x,y,z,heat\n0,0,0,1\n1,0,0,2\n0,1,0.5,3\n", ["heat"]), ("//X Y Z R G\n0 0 0 1 2\n\n1 0 0 2 3\n0 1 0.5 4 5", ["R", "G"]),
    ("0 0 0 7\n1 0 0 8\n0 1 0.5 9", ["value"]), ("0 0 0 7 1\n1 0 0 8 1\r\n0 1 0.5 9 1", ["column_4", "column_5"]),
  ]) func pointsAreRead(text: String, names: [String]) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(text, to: "points.xyz")
    let document = try MeshFile.document(path)
    #expect(document.positions == [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0.5)])
    #expect(document.vertexProperties.map(\.name) == names && document.polygons.count == 0)
    #expect(MeshFormat.isRecognised(at: path))
    let packed = try Gzip.pack(path, into: folder, as: "points.xyz.gz")
    #expect(try MeshFile.document(packed).positions == document.positions && MeshFormat.isRecognised(at: packed))
  }

  @Test(arguments: [
    ("0 0 0\n1 0\n", "line 2"), ("0 0 0\nhello world 1\n", "line 2"), ("2\nwater\nO 0 0 0\n", "line 1"),
    ("# nothing\n", "no points"), ("0 0 0\n1 0 inf\n0 1 0\n", "finite"), ("x y z a a\n0 0 0 1 2\n", "\"a\""),
    ("0 0 0 1\n1 0 0\n", "line 2"),
  ]) func linesThatAreNoPointsAreNamed(text: String, phrase: String) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(text, to: "points.xyz")
    let reason = complaint { _ = try MeshFile.document(path) }
    #expect(reason.contains(phrase) && reason.contains("points.xyz"), "\(reason)")
  }
}
