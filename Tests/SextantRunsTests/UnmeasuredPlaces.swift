// Places that no field of an archive has measured, where the prior is asked for all the same: the places around tell what is there, and
// the spread says how little that is.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantRuns
@testable import SextantTraining

@Suite struct UnmeasuredPlaces {
  /// Vertices that no field has a value at.
  private static let hole = 70..<78

  /// A model of two years with gaps and noise and with the hole, and fields of the third year.
  private static func model(kind: String, fill: String) throws -> Model {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().read(Array(0..<SmallClimate.trainingCount)).selecting(["tas"])
    try SmallClimate.observe(
      fields.mapping { hole.contains($1) ? nil : $3 }, mask: "random:0.3", noise: "tas=1K", to: folder.path("archive.nc"))
    let text = """
      output: DIR/RUN
      archive: {files: [DIR/archive.nc], variables: [tas], measured: {noise: 1K, fill: \(fill)}}
      climatology: {kind: harmonic, order: 1}
      prior: {kind: \(kind), modes: 20}
      """
    return try RunConfiguration.parse(text.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml")
      .configuration.training.learn()
  }

  @Test(arguments: ["eof", "two-scale"]) func thePlacesAroundTell(kind: String) throws {
    let model = try Self.model(kind: kind, fill: "all")
    let remark = try #require(model.provenance.remarks.first { $0.topic == "never-measured" })
    #expect(remark.text.contains("fill: all"), "\(remark.text)")
    #expect(model.space.isInside.allSatisfy { $0 })
    let solver = try (kind == "eof" ? Method.eof : Method.twoScale).solver(for: model)
    var random = RandomStream(seed: 1)
    let truth = try SmallClimate.unseen(8).selecting(["tas"])
    let seen = (0..<truth.vertexCount).filter { !Self.hole.contains($0) }
    // Sums of squares in the hole, and of the variance elsewhere.
    var (errors, variances, elsewhere, departures) = (0.0, 0.0, 0.0, 0.0)
    for row in 0..<truth.count {
      let values = truth[row].values.scalars
      let posterior = try solver.posterior(
        given: FieldMeasurement(
          values: seen.map { values[$0] }, noise: seen.map { _ in 1 },
          operation: SelectionOperator(inputCount: values.count, indices: seen), label: truth[row].label),
        samples: 0, using: &random)
      let spread = try #require(posterior.spread)
      let mean = seen.reduce(0.0) { $0 + Double(values[$1]) } / Double(seen.count)
      for vertex in Self.hole {
        errors += pow(Double(posterior.mean[vertex] - values[vertex]), 2)
        departures += pow(mean - Double(values[vertex]), 2)
        variances += pow(Double(spread[vertex]), 2)
      }
      elsewhere += seen.reduce(0.0) { $0 + pow(Double(spread[$1]), 2) } * Double(Self.hole.count) / Double(seen.count)
    }
    #expect(errors < 0.5 * departures, "\(errors) of \(departures)")
    #expect((0.5...30).contains(variances / errors), "\(variances) for \(errors)")
    #expect(variances > 2 * elsewhere, "\(variances) and \(elsewhere)")
  }

  /// The places are outside unless they are asked for, and what was learned of the others is the same with them as without them.
  @Test(arguments: ["eof", "two-scale"]) func theOthersAreLearnedAsBefore(kind: String) throws {
    let (whole, usual) = (try Self.model(kind: kind, fill: "all"), try Self.model(kind: kind, fill: "archive"))
    #expect(usual.space.isInside.indices.allSatisfy { usual.space.isInside[$0] != Self.hole.contains($0) })
    let (old, new) = (try #require(usual.gaussian?.prior), try #require(whole.gaussian?.prior))
    #expect(usual.gaussian?.parameters == whole.gaussian?.parameters)
    // The covariance of the modes, and what they leave, at the places that were measured.
    func kept(_ prior: GaussianPrior) -> (modes: Tensor<Float>, left: [Float], mean: [Float]) {
      let states = prior.space.layout.stateOfEntry.enumerated().filter { !Self.hole.contains($0.offset) }.map { Int($0.element) }
      let (modes, mean) = (prior.functions.scaledModes.transposed().gatheringRows(states), prior.space.climatology.overallMean)
      return (gramMatrix(modes), states.map { prior.functions.residualVariance[$0] }, states.map { mean[$0] })
    }
    let (a, b) = (kept(old), kept(new))
    #expect(zip(a.modes.scalars, b.modes.scalars).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(a.left == b.left && a.mean == b.mean)
    #expect(new.archiveCoefficients.rowCount == old.archiveCoefficients.rowCount)
  }

  @Test func anotherWordIsRefused() {
    let complaint = complaint {
      _ = try RunConfiguration.parse(
        "output: RUN\narchive: {files: [a.nc], measured: {noise: 1K, fill: everything}}", path: "run.yaml")
    }
    #expect(complaint.contains("fill") && complaint.contains("everything") && complaint.contains("all"), "\(complaint)")
  }
}
