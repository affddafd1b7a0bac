// Whole runs on a mesh: images on a surface are learned from, a flow is trained over the surface's own neighbourhoods, and the
// comparison is written; what does not fit is named.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantTraining

@Suite(.serialized) struct SurfaceRuns {
  /// Files of a small closed mesh and of images of bright discs.
  static func write(in folder: ScratchFolder) throws {
    let sphere = try SphereMesh.icosphere(subdivisions: 2)
    // No sphere, so that nothing takes it for one.
    let positions = sphere.nodePositions.map { SIMD3($0.x * 2, $0.y, $0.z * 0.5) }
    try MeshFile.writePLY(TriangleMesh(positions: positions, triangles: sphere.triangles), to: folder.path("mesh.ply"))
    var random = RandomStream(seed: 1)
    var data = Data([0, 0, 8, 3, 0, 0, 0, 80, 0, 0, 0, 8, 0, 0, 0, 8])
    for _ in 0..<80 {
      let (x, y, size) = (2 + 4 * random.uniform(), 2 + 4 * random.uniform(), 1 + 2 * random.uniform())
      for row in 0..<8 {
        for column in 0..<8 {
          let distance = (pow(Double(column) - x, 2) + pow(Double(row) - y, 2)).squareRoot()
          data.append(UInt8(255 * max(0, min(1, size - distance))))
        }
      }
    }
    try data.write(to: URL(fileURLWithPath: folder.path("images")))
  }

  static func configuration(in folder: ScratchFolder, more: String = "") throws -> RunConfiguration {
    let source = "mesh: \"\(folder.path("mesh.ply"))\", images: \"\(folder.path("images"))\""
    return try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {\(source), part: "first:0.8"\(more)}
      prior: {kind: eof, modes: 20}
      bounds: {image: {min: 0, max: 1}}
      flow: {pairs: 24, folds: 2, masks: ["random:0.3"], widths: [8, 8], steps: 4, batch: 4}
      evaluate:
        fields: {\(source), part: "last:0.1"}
        methods: [climatology, nearest, harmonic, eof, flow]
        masks: ["random:0.3"]
        noise: "0.1"
        samples: 16
        scale: {image: {peak: 1}}
        pictures: 0
      """, path: "test.yaml"
    ).configuration
  }

  @Test func aRunOnAMeshGoesFromTrainingToTheTable() throws {
    let folder = try ScratchFolder()
    try Self.write(in: folder)
    let run = try Self.configuration(in: folder)
    let model = try run.train(overwrite: false)
    #expect(try Model(contentsOf: folder.path("run")).space.domain.fingerprint == model.space.domain.fingerprint)
    let (comparison, fields, indices) = try run.comparison(for: model)
    let outcome = try comparison.report(
      model: model, fields: fields, indices: indices, folder: folder.path("run/evaluation"), overwrite: false,
      pictures: 1)
    #expect(outcome.pictures.contains { $0.contains("/surface-1-image-") && $0.hasSuffix("flow.png") })
    #expect(!outcome.pictures.contains { $0.contains("latitude") })
    func error(_ name: String) throws -> Double {
      let summary = try #require(outcome.result.scores.summaries().first { $0.method == name })
      return try #require(summary.values[ScoreKey(.psnr, of: .mean)]).mean
    }
    #expect(try error("eof") > error("nearest") + 1)
  }

  @Test func verticesAtTheEndCanBeLeftOut() throws {
    let folder = try ScratchFolder()
    try Self.write(in: folder)
    let whole = try Self.configuration(in: folder).archive.open(seed: 1).source.domain
    let cropped = try Self.configuration(in: folder, more: ", drop_last: 2").archive.open(seed: 1).source.domain
    #expect(whole.vertexCount == 162 && cropped.vertexCount == 160 && whole.fingerprint != cropped.fingerprint)
    #expect(
      complaint { _ = try Self.configuration(in: folder, more: ", drop_last: 161").archive.open(seed: 1) }
        .contains("expected at least 3 vertices to be left of 162"))
  }

  @Test func filesAndAMeshExcludeEachOther() throws {
    let folder = try ScratchFolder()
    #expect(
      complaint { _ = try Self.configuration(in: folder, more: ", files: [a.nc]") }.contains("archive.files"))
  }
}
