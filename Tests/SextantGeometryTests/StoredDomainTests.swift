// Domains in files: what is stored rebuilds the domain, old files can be read, and a program can add kinds of its own.

import Foundation
import SextantArrays
import Testing

@testable import SextantGeometry

@Suite struct StoredDomainTests {
  @Test(arguments: try DomainZoo.all())
  func aStoredDomainIsRebuilt(_ named: NamedDomain) throws {
    let stored = try named.domain.requiredStored()
    #expect(stored.claimedVertexCount == named.domain.vertexCount)
    let read = try JSONDecoder().decode(StoredDomain.self, from: JSONEncoder().encode(stored))
    #expect(read == stored)
    let rebuilt = try read.makeDomain()
    #expect(rebuilt.fingerprint == named.domain.fingerprint)
    #expect(rebuilt.nodePositions == named.domain.nodePositions)
    #expect(rebuilt.areaWeights == named.domain.areaWeights && rebuilt.stiffness == named.domain.stiffness)
    #expect(rebuilt.summary == named.domain.summary)
    #expect(try rebuilt.requiredStored() == stored)
  }

  /// What versions 1 and 2 of the model file hold, for each kind of domain.
  static let literals: [(text: String, domain: @Sendable () throws -> any Domain)] = [
    (
      #"{"latitudeLongitude":{"latitudes":[30,0,-30],"longitudes":[0,45.5]}}"#,
      { try LatitudeLongitudeGrid(latitudes: [30, 0, -30], longitudes: [0, 45.5]) }
    ),
    (
      #"{"curvilinear":{"columns":2,"latitudes":[0,0.5,1,1.5],"longitudes":[0,1,0,1],"rows":2}}"#,
      { try CurvilinearGrid(rows: 2, columns: 2, latitudes: [0, 0.5, 1, 1.5], longitudes: [0, 1, 0, 1]) }
    ),
    (
      #"{"scattered":{"_0":[{"latitude":10,"longitude":20},{"latitude":-5.25,"longitude":0}]}}"#,
      {
        try ScatteredPoints([
          GeographicPoint(latitude: 10, longitude: 20), GeographicPoint(latitude: -5.25, longitude: 0),
        ])
      }
    ),
    (#"{"icosphere":{"subdivisions":1}}"#, { try SphereMesh.icosphere(subdivisions: 1) }),
    (#"{"fibonacci":{"vertexCount":30}}"#, { try SphereMesh.fibonacci(vertexCount: 30) }),
    (
      #"{"sphereMesh":{"positions":[[1,0,0],[-1,0,0],[0,1,0],[0,-1,0],[0,0,1],[0,0,-1]],"triangles":[[4,0,2],[4,2,1],[4,1,3],[4,3,0],[5,2,0],[5,1,2],[5,3,1],[5,0,3]]}}"#,
      {
        try SphereMesh(
          positions: [
            SIMD3(1, 0, 0), SIMD3(-1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, -1, 0), SIMD3(0, 0, 1), SIMD3(0, 0, -1),
          ],
          triangles: [
            SIMD3(4, 0, 2), SIMD3(4, 2, 1), SIMD3(4, 1, 3), SIMD3(4, 3, 0), SIMD3(5, 2, 0), SIMD3(5, 1, 2),
            SIMD3(5, 3, 1), SIMD3(5, 0, 3),
          ])
      }
    ),
    (
      #"{"surfaceMesh":{"mergesCoincident":true,"positions":[[0,0,0],[1,0,0],[0,2.5,0]],"triangles":[[0,1,2]]}}"#,
      {
        try SurfaceMesh(
          TriangleMesh(positions: [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 2.5, 0)], triangles: [SIMD3(0, 1, 2)]),
          mergesCoincident: true)
      }
    ),
    (
      #"{"pointCloud":{"positions":[[0,0,0],[1,0,0],[0,2.5,0]]}}"#,
      { try PointCloud([SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 2.5, 0)]) }
    ),
    (
      #"{"unstructured":{"areas":[0.5,0.25,0.125],"name":"mesh","places":[{"latitude":10,"longitude":20},{"latitude":-5.25,"longitude":0},{"latitude":30,"longitude":5}],"triangles":[[0,1,2]]}}"#,
      {
        try UnstructuredGrid(
          [
            GeographicPoint(latitude: 10, longitude: 20), GeographicPoint(latitude: -5.25, longitude: 0),
            GeographicPoint(latitude: 30, longitude: 5),
          ], areas: [0.5, 0.25, 0.125], triangles: [SIMD3(0, 1, 2)], name: "mesh")
      }
    ),
    (
      #"{"image":{"columns":3,"pixelHeight":0.5,"pixelWidth":0.25,"rows":2}}"#,
      { try ImageGrid(rows: 2, columns: 3, pixelHeight: 0.5, pixelWidth: 0.25) }
    ),
  ]

  @Test(arguments: literals.indices)
  func oldFilesCanBeReadAndTheirTextStays(_ index: Int) throws {
    let (text, domain) = Self.literals[index]
    let stored = try JSONDecoder().decode(StoredDomain.self, from: Data(text.utf8))
    #expect(try stored == domain().requiredStored())
    #expect(try stored.makeDomain().fingerprint == domain().fingerprint)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(stored), as: UTF8.self) == text)
  }

  @Test func everyStandardKindHasALiteral() {
    let names = [StoredDomainKind].standard.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { name in Self.literals.contains { $0.text.hasPrefix("{\"\(name)\":") } })
  }

  @Test func kindsAreAddedByValue() throws {
    let segment = Segment(count: 5)
    let text = try JSONEncoder().encode(segment.requiredStored())
    #expect(String(decoding: text, as: UTF8.self) == #"{"segment":{"count":5}}"#)
    let domains = [StoredDomainKind].standard + [StoredDomainKind(Segment.self)]
    let read = try JSONDecoder(domains: domains).decode(StoredDomain.self, from: text)
    #expect(try read.claimedVertexCount == 5 && read.makeDomain().fingerprint == segment.fingerprint)
    let error = #expect(throws: GeometryError.self) { try JSONDecoder().decode(StoredDomain.self, from: text) }
    #expect(error == .unknownDomainKind(found: ["segment"], known: [StoredDomainKind].standard.map(\.name)))
  }

  @Test func aDomainWithoutAStoredFormSaysSo() {
    let error = GeometryError.notStorable(domain: "bare segment")
    #expect(throws: error) { try Bare().requiredStored() }
  }
}

/// A domain of another program, which is its own record.
private struct Segment: Domain, DomainRecord {
  static let kind = "segment"
  var count: Int

  var claimedVertexCount: Int? { count }
  func makeDomain() throws -> any Domain { self }

  var vertexCount: Int { count }
  var nodeCount: Int { count }
  var nodeOfVertex: [Int32] { (0..<Int32(count)).map { $0 } }
  var nodePositions: [SIMD3<Double>] { (0..<count).map { SIMD3(Double($0), 0, 0) } }
  var areaWeights: [Double] { [Double](repeating: 1, count: count) }
  var stiffness: SparseMatrix { SparseMatrix(rowCount: count, columnCount: count, entries: []) }
  var fingerprint: String { "segment \(count)" }
  var summary: String { "\(count)-vertex segment" }
  var stored: StoredDomain? { StoredDomain(self) }
}

/// A domain with no capability.
private struct Bare: Domain {
  var vertexCount: Int { 1 }
  var nodeCount: Int { 1 }
  var nodeOfVertex: [Int32] { [0] }
  var nodePositions: [SIMD3<Double>] { [SIMD3()] }
  var areaWeights: [Double] { [1] }
  var stiffness: SparseMatrix { SparseMatrix(rowCount: 1, columnCount: 1, entries: []) }
  var fingerprint: String { "bare" }
  var summary: String { "bare segment" }
}
