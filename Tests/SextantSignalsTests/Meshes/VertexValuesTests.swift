// Signals at vertices from properties, tables and arrays: the numbers, the order, what is missing, and what is refused.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct VertexValuesTests {
  /// A surface of 12 vertices that is no sphere.
  static func surface() throws -> SurfaceMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 0)
    return try SurfaceMesh(
      TriangleMesh(positions: sphere.nodePositions.map { $0 * SIMD3(1, 2, 3) }, triangles: sphere.triangles))
  }

  private static func document(_ properties: [MeshProperty]) throws -> MeshDocument {
    var document = MeshDocument(try surface().mesh)
    for property in properties { try document.setVertexProperty(property) }
    return document
  }

  private static func properties(_ path: String, _ names: [String]? = nil) throws -> VertexValues {
    try VertexValues(properties: names, of: MeshFile.document(path))
  }

  private static let numbers = (0..<12).map { Double($0) * 20 }

  @Test(arguments: [MeshEncoding.text, .littleEndian]) func propertiesOfAFileAreSignals(encoding: MeshEncoding) throws {
    let folder = try ScratchFolder()
    let holed = MeshProperty(name: "heat", type: .float64, values: Self.numbers.map { $0 == 40 ? .nan : $0 / 8 })
    let document = try Self.document([MeshProperty(name: "salt", values: (0..<12).map { Float(12 - $0) }), holed])
    try MeshFile.writePLY(document, encoding: encoding, to: folder.path("a.ply"))
    let values = try Self.properties(folder.path("a.ply"), ["heat", "salt"])
    let set = try values.signals(on: Self.surface())
    #expect(set.variables.map(\.name) == ["heat", "salt"] && set.count == 1)
    #expect(set.isValid.indices.filter { !set.isValid[$0] } == [4])
    let expected = (0..<12).flatMap { (vertex: Int) -> [Float] in
      [vertex == 2 ? 0 : Float(vertex) * 2.5, Float(12 - vertex)]
    }
    #expect(set.values.scalars == expected)
    #expect(try Self.properties(folder.path("a.ply")).variables.map(\.name) == ["salt", "heat"])
    let absent = complaint { _ = try Self.properties(folder.path("a.ply"), ["depth"]) }
    #expect(absent.contains("depth") && absent.contains("salt") && absent.contains("a.ply"))
  }

  @Test(arguments: [(MeshScalarType.uint8, 255.0), (.uint16, 65535), (.float32, 255), (.float64, 1)])
  func coloursRunFromZeroToOne(type: MeshScalarType, full: Double) throws {
    let names = ["red", "green", "blue"]
    let document = try Self.document(
      names.enumerated().map { place, name in
        MeshProperty(
          name: name, type: type,
          values: (0..<12).map { vertex in
            let share = vertex == 0 ? 1 : Double((vertex + place) % 4) / 5
            return type.isInteger ? (full * share).rounded() : full * share
          })
      })
    let values = try VertexValues(properties: names, of: document)
    #expect(values.values.shape == [1, 12, 3] && values.variables.map(\.units) == ["1", "1", "1"])
    for (entry, value) in values.values.scalars.enumerated() {
      let share = entry < 3 ? 1 : Float((entry / 3 + entry % 3) % 4) / 5
      #expect(abs(value - share) <= 0.5 / 255 + 1e-6, "\(entry)")
    }
  }

  @Test func aMeshWithoutPropertiesSaysSo() throws {
    let document = try Self.document([])
    #expect(throws: GeometryError.self) { try VertexValues(of: document) }
  }

  // MARK: Tables

  private static func table(_ text: String, columns: [String]? = nil) throws -> VertexValues {
    let folder = try ScratchFolder()
    return try VertexValues(table: try folder.write(text, to: "a.csv"), columns: columns)
  }

  @Test(arguments: [",", ";", "\t", " "]) func tablesOfAllKindsAreRead(separator: String) throws {
    let rows = [["heat", "salt"], ["1", "2.5"], ["3e1", "-4"], ["nan", "6"]]
    let text = rows.map { $0.joined(separator: separator) }.joined(separator: "\n")
    for ending in ["", "\n", "\n\n# the end\n"] {
      let values = try Self.table(text + ending)
      #expect(values.variables.map(\.name) == ["heat", "salt"] && values.vertexCount == 3)
      #expect(
        values.values.scalars == [1, 2.5, 30, -4, 0, 6] && values.isValid == [true, true, true, true, false, true])
    }
    let windows = text.replacingOccurrences(of: "\n", with: "\r\n")
    #expect(try Self.table("\u{FEFF}" + windows, columns: ["salt"]).values.scalars == [2.5, -4, 6])
    #expect(try Self.table(text, columns: ["2", "heat"]).values.scalars == [2.5, 1, -4, 30, 6, 0])
  }

  @Test func tablesNeedNoHeader() throws {
    let values = try Self.table("1\n2\nNaN\n")
    #expect(values.variables.map(\.name) == ["value"] && values.values.scalars == [1, 2, 0])
    #expect(values.isValid == [true, true, false])
  }

  @Test func quotesAndEmptyCellsAreUnderstood() throws {
    let values = try Self.table("\"the \"\"heat\"\", now\",b\n\"1\",\n NA ,2\n")
    #expect(values.variables.map(\.name) == ["the \"heat\", now", "b"])
    #expect(values.isValid == [true, false, false, true] && values.values.scalars == [1, 0, 0, 2])
  }

  @Test(arguments: [
    ("a,b\n1,2\n3\n", "line 3: 1 cells, but the first row has 2"),
    ("a,b\n1,2\n3,four\n", "line 3, column b: \"four\" is not a number"),
    ("a,b\n1,inf\n", "infinite value at vertex number 1 of b"),
    ("", "an empty file"), ("a,b\n", "only a header"), ("# nothing\n\n", "no row"),
  ]) func tablesThatCannotBeUsedSayWhere(text: String, reason: String) {
    let found = complaint { _ = try Self.table(text) }
    #expect(found.contains(reason) && found.contains("a.csv"), "\(found)")
  }

  @Test func absentColumnsAreNamedWithThoseThere() {
    let found = complaint { _ = try Self.table("a,b\n1,2\n", columns: ["c"]) }
    #expect(found.contains("\"c\"") && found.contains("a, b"), "\(found)")
    #expect(complaint { _ = try Self.table("a,b\n1,2\n", columns: ["3"]) }.contains("\"3\""))
  }

  @Test func bytesAreNoTable() throws {
    let folder = try ScratchFolder()
    for (bytes, name) in [
      ([0x89, 0x50, 0x4E, 0x47, 0], "a.csv"), ([0xFF, 0xFE, 0x41], "b.csv"), ([1, 2, 3], "c.npy"), ([], "d.npy"),
    ] {
      try Data(bytes.map(UInt8.init)).write(to: URL(fileURLWithPath: folder.path(name)))
      let request = SignalRequest(path: folder.path(name))
      #expect(complaint { _ = try [any SignalFormat].standard.open(request) }.contains("\(name): expected"))
    }
    #expect(complaint { _ = try VertexValues(table: folder.path("absent.csv")) }.contains("no such file"))
    #expect(complaint { _ = try VertexValues(table: folder.path) }.contains("folder"))
  }

  // MARK: Arrays

  private static func array(_ tensor: Tensor<Float>, columns: [String]? = nil) throws -> VertexValues {
    let folder = try ScratchFolder()
    try NPYFile.write(tensor, to: folder.path("a.npy"))
    return try VertexValues(array: folder.path("a.npy"), names: columns)
  }

  @Test func arraysOfOneTwoAndThreeDimensionsAreFields() throws {
    let surface = try Self.surface()
    let scalars = (0..<48).map { $0 == 7 ? Float.nan : Float($0) }
    for (shape, expected) in [([12], [1, 12, 1]), ([12, 2], [1, 12, 2]), ([2, 12, 2], [2, 12, 2])] {
      let count = shape.reduce(1, *)
      let set = try Self.array(Tensor(Array(scalars.prefix(count)), shape: shape)).signals(on: surface)
      #expect(set.values.shape == expected)
      #expect(set.isValid.indices.filter { !set.isValid[$0] } == [7])
      #expect(set.labels.count == expected[0] && Set(set.labels.map { $0.coordinates["field"] }).count == expected[0])
    }
    let named = try Self.array(Tensor(scalars.map { $0.isNaN ? 0 : $0 }, shape: [2, 12, 2]), columns: ["a", "b"])
    #expect(named.variables.map(\.name) == ["a", "b"])
    #expect(complaint { _ = try Self.array(.zeros([12, 2]), columns: ["a"]) }.contains("1 columns (a)"))
    #expect(complaint { _ = try Self.array(.zeros([1, 2, 3, 4])) }.contains("[1, 2, 3, 4]"))
    #expect(complaint { _ = try Self.array(.zeros([0, 3])) }.contains("with numbers"))
    let infinite = complaint { _ = try Self.array(Tensor(repeating: -.infinity, shape: [2, 12, 2])) }
    #expect(infinite.contains("vertex number 1 of column_1 in field number 1"), "\(infinite)")
  }

  @Test(arguments: [11, 13, 1]) func aWrongLengthIsToldWithBothNumbers(count: Int) throws {
    let surface = try Self.surface()
    let rows = (0..<count).map { "\($0)" }.joined(separator: "\n")
    for values in [try Self.array(.zeros([count])), try Self.table(rows)] {
      let found = complaint { _ = try values.signals(on: surface) }
      #expect(found.contains("values for \(count) vertices") && found.contains("the mesh has 12"), "\(found)")
    }
  }

  @Test(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)")) func aScansConfidenceIsASignal() throws {
    let path = SharedMeshes.path("bunny/bun_zipper_res3.ply")
    let values = try Self.properties(path, ["confidence"])
    #expect(values.vertexCount == 1889 && values.values.scalars.allSatisfy { (0...1).contains($0) })
    let colours = try Self.properties(SharedMeshes.path("reference.ply"), ["red", "green", "blue"])
    #expect(colours.values.shape == [1, 845, 3] && colours.values.scalars.allSatisfy { (0...1).contains($0) })
  }
}
