// Noise that is correlated between neighbours is named, after a training from measurements and in scores on withheld values; independent
// noise is not.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantPipelines
@testable import SextantRuns

@Suite struct CorrelatedNoise {
  /// Two years of temperatures with gaps and noise of 10 K, each value's own or smoothed over its neighbours; the last 20 fields apart.
  private static func folder(smoothed: Bool) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    var fields = try SmallClimate.fields().read(Array(0..<SmallClimate.trainingCount)).selecting(["tas"])
    let (nodes, vertices) = (fields.domain.nodeOfVertex.map(Int.init), fields.domain.representativeVertices)
    var neighbours = [[Int]](repeating: [], count: vertices.count)
    for (a, b) in fields.domain.neighbourPairs where smoothed {
      neighbours[a].append(vertices[b])
      neighbours[b].append(vertices[a])
    }
    var random = RandomStream(seed: 8)
    let size = fields.vertexCount
    for field in 0..<fields.count {
      let white = (0..<size).map { _ in random.normal() }
      fields.values.withUnsafeMutableScalars { values in
        for vertex in 0..<size {
          let around = neighbours[nodes[vertex]]
          let noise = around.reduce(white[vertex]) { $0 + white[$1] } / Double(1 + around.count).squareRoot()
          // Much larger than the differences of the fields between places of this coarse grid, beneath which nothing is found.
          values[field * size + vertex] += Float(10 * noise)
        }
      }
      for vertex in 0..<size where random.uniform() < 0.2 { fields.isValid[field * size + vertex] = false }
    }
    try SmallClimate.write(fields.read(Array(0..<fields.count - 20)), to: folder.path("archive.nc"))
    try SmallClimate.write(fields.read(Array(fields.count - 20..<fields.count)), to: folder.path("held.nc"))
    return folder
  }

  private static func run(_ folder: ScratchFolder, kind: String) throws -> RunConfiguration {
    try RunConfiguration.parse(
      """
      output: DIR/RUN
      archive: {files: [DIR/archive.nc], measured: {noise: 10K}}
      climatology: {kind: harmonic, order: 1}
      prior: {kind: \(kind), modes: 10}
      evaluate:
        fields: {files: [DIR/held.nc], measured: {noise: 10K}}
        masks: ["random:0.5"]
        methods: [climatology, eof]
        samples: 4
        pictures: 0
        scale: {tas: {peak: 100, origin: 220}}
      """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
    ).configuration
  }

  @Test(arguments: [false, true], ["eof", "two-scale"]) func correlatedNoiseIsNamed(smoothed: Bool, kind: String) throws
  {
    let folder = try Self.folder(smoothed: smoothed)
    let run = try Self.run(folder, kind: kind)
    let model = try run.train(overwrite: false)
    let found = model.provenance.remarks.filter { $0.topic == "correlated-noise" }
    #expect(found.count == (smoothed ? 1 : 0), "\(found)")
    #expect(found.allSatisfy { $0.kind == .warning && $0.variable == "tas" && $0.text.contains("correlation of 0.") })
    // Whoever looks at the model reads it, too.
    let inspection = try Inspection(path: folder.path("RUN")).description
    #expect(inspection.contains("probably correlated between neighbouring places") == smoothed)
    guard kind == "eof" else { return }
    let outcome = try run.runEvaluation(overwrite: false)
    #expect(
      outcome.result.remarks?.map(\.topic) == (smoothed ? ["correlated-noise"] : nil), "\(outcome.result.remarks ?? [])"
    )
    for text in [outcome.text, outcome.markdown] { #expect(text.contains("probably correlated") == smoothed) }
  }
}
