// What an answer lacks is said where a person reads it: elements of a mesh for which another format has no place, and connected parts of
// a surface that no observation reaches.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct SaidLosses {
  /// A mesh of two separate bodies with edges beside its faces, and `heat` that is missing on the second body.
  private func scan(in folder: ScratchFolder) throws -> String {
    let sphere = try SphereMesh.icosphere(subdivisions: 1)
    let count = Int32(sphere.nodePositions.count)
    let mesh = TriangleMesh(
      positions: sphere.nodePositions + sphere.nodePositions.map { $0 + SIMD3(5, 0, 0) },
      triangles: sphere.triangles + sphere.triangles.map { $0 &+ SIMD3(repeating: count) })
    var document = MeshDocument(mesh)
    document.otherElements = [
      MeshElement(
        name: "edge", count: 2,
        properties: [
          MeshProperty(name: "vertex1", type: .int32, values: [0, 1]), MeshProperty(name: "vertex2", type: .int32, values: [1, 2]),
        ])
    ]
    try document.setVertexProperty(
      MeshProperty(name: "heat", values: mesh.positions.map { $0.x > 2 ? -1 : Float(1 + 0.2 * $0.y) }))
    try MeshFile.write(document, to: folder.path("scan.ply"))
    return folder.path("scan.ply")
  }

  private func fill(_ path: String, distances: KrigingSettings.Distances, to output: String) throws -> ImputationSummary {
    try Imputation(
      method: .kriging, samples: 2, noise: NoiseSpecification(text: "0.01"),
      solvers: SolverSettings(overrides: ["solvers.kriging.distances=\(distances.rawValue)"]), seed: 1
    ).run(
      SignalInput(path, variables: ["heat"], missing: [MissingCondition("heat<0")]), model: nil, output: output, overwrite: false,
      history: "by a test")
  }

  @Test func whatAnotherFormatCannotHoldIsSaid() throws {
    let folder = try ScratchFolder()
    let path = try scan(in: folder)
    let remark = try #require(
      fill(path, distances: .space, to: folder.path("a.vtp")).remarks.first { $0.topic == "elements-dropped" })
    #expect(remark.text.contains("2 × edge") && remark.text.contains(".ply"), "\(remark.text)")
    #expect(try fill(path, distances: .space, to: folder.path("a.ply")).remarks.allSatisfy { $0.topic != "elements-dropped" })
    #expect(try MeshFile.document(folder.path("a.ply")).otherElements.first?.count == 2)
    let summary = try Degradation(mask: AnyMeasurementDesign("random:0.2"), seed: 1).run(
      SignalInput(path, variables: ["heat"]), output: folder.path("b.vtp"), overwrite: false, history: "by a test")
    #expect(summary.remarks.contains { $0.topic == "elements-dropped" })
  }

  @Test func partsWithoutObservationsAreSaid() throws {
    let folder = try ScratchFolder()
    let path = try scan(in: folder)
    let summary = try fill(path, distances: .surface, to: folder.path("surface.ply"))
    #expect(summary.remarks.contains { $0.topic == "silent-parts" && $0.text.contains("A connected part") })
    let mean = try MeshFile.document(folder.path("surface.ply")).vertexProperty("heat_mean").values
    #expect(mean.prefix(42).allSatisfy(\.isFinite) && mean.suffix(42).allSatisfy(\.isNaN))
    let space = try fill(path, distances: .space, to: folder.path("space.ply"))
    #expect(!space.remarks.contains { $0.topic == "silent-parts" })
  }
}
