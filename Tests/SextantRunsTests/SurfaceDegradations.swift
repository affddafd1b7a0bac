// Signals on a mesh are degraded: they lose values and get noise, in arrays and in properties. Not here: how they are filled
// (SurfaceImputations).

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct SurfaceDegradations {
  /// Fields of several variables lose values and get noise each by itself; colours come back as they were written.
  @Test func signalsAreDegraded() throws {
    let folder = try SurfaceImputations.folder()
    func degrade(_ input: SignalInput, _ mask: String, noise: String?, to name: String) throws
      -> Degradation.Summary
    {
      try Degradation(
        mask: AnyMeasurementDesign(mask), noise: noise.map { try NoiseSpecification(text: $0) }, seed: 4
      ).run(input, output: folder.path(name), overwrite: false, history: "by a test")
    }
    var random = RandomStream(seed: 6)
    let clean: Tensor<Float> = random.normals([3, SurfaceImputations.count, 2])
    try NPYFile.write(clean, to: folder.path("clean.npy"))
    let several = SignalInput(folder.path("clean.npy"), mesh: folder.path("scan.ply"), variables: ["a", "b"])
    let summary = try degrade(several, "random:0.25", noise: "a=0.5,b=0.1", to: "several.npy")
    #expect(summary.fieldCount == 3)
    for (name, level) in [("a", 0.5), ("b", 0.1)] { #expect(abs(summary.noise[name, default: 0] - level) < 1e-6) }
    let result = try NPYFile.read(folder.path("several.npy"))
    #expect(result.shape == [3, SurfaceImputations.count, 2])
    let missing = (0..<3).map { field in (0..<SurfaceImputations.count).filter { result.scalars[(field * SurfaceImputations.count + $0) * 2].isNaN }
    }
    // A quarter of 162, rounded; each field its own.
    #expect(missing.allSatisfy { (40...41).contains($0.count) } && Set(missing).count == 3)
    for (channel, level) in [Float(0.5), 0.1].enumerated() {
      let errors = stride(from: channel, to: clean.count, by: 2).map { result.scalars[$0] - clean.scalars[$0] }
        .filter { !$0.isNaN }
      let deviation = (errors.reduce(0) { $0 + $1 * $1 } / Float(errors.count)).squareRoot()
      #expect(abs(deviation / level - 1) < 0.15, "\(deviation)")
    }
    #expect(complaint { _ = try degrade(several, "none", noise: nil, to: "several.ply") }.contains("3 fields"))

    var document = try MeshFile.document(folder.path("scan.ply"))
    let red = (0..<SurfaceImputations.count).map { Double($0 % 256) }
    try document.setVertexProperty(MeshProperty(name: "red", type: .uint8, values: red))
    try MeshFile.write(document, to: folder.path("coloured.ply"))
    let colour = SignalInput(folder.path("coloured.ply"), variables: ["red"])
    _ = try degrade(colour, "random:0.5", noise: "0.2", to: "degraded.ply")
    let values = try VertexValues(properties: ["red"], of: MeshFile.document(folder.path("degraded.ply")))
    let errors = zip(values.values.scalars, red).enumerated().filter { values.isValid[$0.offset] }
      .map { $0.element.0 - Float($0.element.1 / 255) }
    #expect(errors.count == 81 && errors.allSatisfy { abs($0) < 1 } && errors.contains { abs($0) > 0.2 })
    let noise = try SurfaceImputations.values("red_noise", in: folder.path("degraded.ply"))
    #expect(noise.allSatisfy { abs($0 - 0.2 * 255) < 1e-4 })
    let found = try SignalInput(folder.path("degraded.ply"), variables: ["red"]).open().companion("red_noise", at: 0)
    #expect(try #require(found).allSatisfy { abs($0 - 0.2) < 1e-6 })
    let comments = try MeshFile.document(folder.path("degraded.ply")).comments
    #expect(comments.contains("by a test") && comments.contains("sextant_mask: random:0.5"))
  }
}
