// A world whose seasons differ by far more than its fields of one season do, an archive of summers, and fields of other seasons:
// their spread must say that their mean is not known.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct UnknownSeasons {
  private static let months = 6...8

  /// Fields of the months in `labels`: a climate of latitude and land, an annual cycle that is larger over land, and weather.
  private static func fields(_ labels: [FieldLabel], seed: UInt64) throws -> SignalSet {
    let grid = try LatitudeLongitudeGrid(
      latitudes: Array(stride(from: 82.5, through: -82.5, by: -15)), longitudes: Array(stride(from: 0, to: 360, by: 15)))
    let positions = grid.nodePositions
    let land = positions.map { sin(3 * $0.x + 1) * cos(2 * $0.y - 0.5) > 0.2 }
    var values: [Float] = []
    for (index, label) in labels.enumerated() {
      var random = RandomStream(seed: seed).split(index)
      let waves = (0..<60).map { _ in
        (direction: SIMD3(random.normal(), random.normal(), random.normal()) * 3, phase: 2 * Double.pi * random.uniform())
      }
      let season = -cos(2 * .pi * (label.yearFraction ?? 0))
      for (vertex, p) in positions.enumerated() {
        let weather = waves.reduce(0.0) { $0 + cos(($1.direction * p).sum() + $1.phase) } * (2.0 / 60).squareRoot()
        values.append(
          Float(300 - 40 * p.z * p.z + season * p.z * (land[vertex] ? 16 : 6) + 2 * weather - (land[vertex] ? 2 : 0)))
      }
    }
    return SignalSet(
      domain: grid, variables: [Variable(name: "t", units: "K", standardName: "air_temperature")],
      values: Tensor(values, shape: [labels.count, positions.count, 1]),
      isValid: [Bool](repeating: true, count: values.count), labels: labels)
  }

  private static func labels(_ months: [Int], year: Int) -> [FieldLabel] {
    months.enumerated().map { index, month in
      FieldLabel(
        month: month, yearFraction: (Double(month) - 0.5) / 12,
        time: String(format: "%04d-%02d-15T00:00:00", year + index / 12, month))
    }
  }

  private static let model = Result {
    let folder = try ScratchFolder()
    let all = (0..<30).flatMap { year in labels(Array(months), year: 1990 + year) }
    try SmallClimate.write(fields(all, seed: 1), to: folder.path("archive.nc"))
    let training = Training(
      name: "summers", archive: DatasetSelection(files: [folder.path("archive.nc")]),
      prior: GaussianPriorConfiguration(kind: .twoScale, modeCount: 30, climatology: .monthly))
    return try training.learn()
  }

  /// The share of the hidden values in the 90 % interval, and how large the spread is there.
  private static func coverage(
    _ method: Method, month: Int, mask: String, knowsSupport: Bool = true
  ) throws -> (coverage: Double, spread: Double) {
    let folder = try ScratchFolder()
    var model = try model.get()
    if !knowsSupport { model = try model.withoutSupport() }
    let truth = try fields(labels([Int](repeating: month, count: 4), year: 2030), seed: UInt64(month) + 5)
    try SmallClimate.observe(truth, mask: mask, noise: "t=0.5K", to: folder.path("in.nc"))
    _ = try Imputation(method: method, samples: 0, extrapolates: true).run(
      SignalInput(folder.path("in.nc")), model: model, output: folder.path("out.nc"), overwrite: false, history: "test")
    let seen = try SmallClimate.values("t", in: folder.path("in.nc")).flatMap { $0 }
    let mean = try SmallClimate.values("t", in: folder.path("out.nc")).flatMap { $0 }
    let spread = try SmallClimate.values("t_spread", in: folder.path("out.nc")).flatMap { $0 }
    let hidden = seen.indices.filter { seen[$0].isNaN }
    let values = truth.values.scalars
    return (
      Double(hidden.count { abs(mean[$0] - values[$0]) <= 1.645 * spread[$0] }) / Double(hidden.count),
      hidden.reduce(0.0) { $0 + Double(spread[$1]) } / Double(hidden.count)
    )
  }

  @Test(arguments: [Method.twoScale], ["random:0.5", "blocks:share=0.4,size=30"])
  func theSpreadKnowsThatTheMeanIsUnknown(method: Method, mask: String) throws {
    let months = [1, 4, 11]
    let found = try months.map { try Self.coverage(method, month: $0, mask: mask) }
    let mean = found.reduce(0) { $0 + $1.coverage } / Double(found.count)
    // A field of summer is answered as before, and one of winter with a wider spread.
    let (summer, plain) = try (
      Self.coverage(method, month: 7, mask: mask), Self.coverage(method, month: 7, mask: mask, knowsSupport: false)
    )
    #expect(summer == plain)
    #expect((0.85...0.97).contains(mean) && found.allSatisfy { $0.coverage > 0.8 }, "\(found)")
    #expect(found[0].spread > 1.1 * summer.spread, "\(found[0].spread) beside \(summer.spread)")
  }

  /// Another level has another mean everywhere, and other differences between places.
  @Test(arguments: ["random:0.5", "blocks:share=0.4,size=30"])
  func theSpreadKnowsThatAnotherLevelHasAnotherMean(mask: String) throws {
    let known = try Self.model.get()
    var provenance = known.provenance
    provenance.support = ArchiveSupport(of: Self.labels([6, 7, 8], year: 2000).map { Self.at("1000 hPa", $0) })
    let model = try Model(known.space, provenance: provenance, gaussian: known.gaussian)
    let summer = Self.labels([7, 7, 7], year: 2030)
    let truth = try Self.fields(summer, seed: 40)
    let positions = truth.domain.nodePositions
    var (covered, count) = (0, 0)
    var spreads: [String: Double] = [:]
    for level in ["1000 hPa", "100000 Pa", "500 hPa"] {
      let labels = summer.map { Self.at(level, $0) }
      for (index, label) in labels.enumerated() {
        let share = model.unknownClimatologyShare(for: label)
        #expect((share > 0) == (level == "500 hPa"))
        var field = try truth.read([index])[0]
        let values = field.values.scalars
        field.values = Tensor(
          values.indices.map { share > 0 ? values[$0] - 35 + 8 * Float(positions[$0].x) - 10 * Float(positions[$0].z) : values[$0] },
          shape: [values.count, 1])
        var random = RandomStream(seed: 70 + UInt64(index))
        let design = try AnyMeasurementDesign(mask).draw(
          in: MeasurementContext(domain: truth.domain, isValid: field.isValid), using: &random)
        let measurement = try Simulation.measure(
          field, by: design, noise: [Float](repeating: 0.5, count: values.count), using: &random
        ).measurement
        let posterior = try Method.twoScale.solver(for: model.widened(by: share)).posterior(
          given: measurement, samples: 0, using: &random)
        let spread = try #require(posterior.spread)
        let seen = Set(measurement.operation.selectedEntries ?? [])
        let exact = field.values.scalars
        for entry in exact.indices where !seen.contains(entry) {
          spreads[level, default: 0] += Double(spread[entry])
          guard share > 0 else { continue }
          count += 1
          covered += abs(posterior.mean[entry] - exact[entry]) <= 1.645 * spread[entry] ? 1 : 0
        }
      }
    }
    let coverage = Double(covered) / Double(count)
    #expect((0.85...0.98).contains(coverage), "\(coverage)")
    #expect(spreads["1000 hPa"] == spreads["100000 Pa"])
    #expect((spreads["500 hPa"] ?? 0) > 1.02 * (spreads["1000 hPa"] ?? 0), "\(spreads)")
    // It is said once, and a method whose spread cannot say it is refused.
    let high = Self.at("500 hPa", summer[0])
    #expect(model.objections(to: high).contains { $0.isOfMean && $0.isRefusal })
    #expect(model.objections(to: Self.at("1000 hPa", summer[0])).isEmpty)
  }

  private static func at(_ level: String, _ label: FieldLabel) -> FieldLabel {
    var label = label
    label.coordinates["level"] = level
    return label
  }

  @Test func aSpreadThatCannotSayItIsRefused() throws {
    let model = try Self.model.get()
    let folder = try ScratchFolder()
    try SmallClimate.write(Self.fields(Self.labels([1, 1], year: 2030), seed: 3), to: folder.path("winter.nc"))
    let winter = try SignalInput(folder.path("winter.nc")).open()
    for method in [Method.mixture, .eof] {
      let words = complaint { _ = try model.objections(to: winter, extrapolates: true, method: method) }
      #expect(words.contains("two-scale") && words.contains("January"), "\(words)")
    }
    for method in [Method.twoScale, .climatology] {
      let remarks = try model.objections(to: winter, extrapolates: true, method: method).filter { $0.topic == "season" }
      #expect(remarks.count == 1 && remarks[0].text.contains("1 more of 2 fields"), "\(remarks)")
      #expect(remarks[0].text.contains(method.traits.followsPrior ? "counts as unknown" : "gives no spread"))
    }
    // Kriging learns nothing from an archive, so its seasons do not matter.
    #expect(try model.objections(to: winter, method: .kriging).isEmpty)
  }
}

extension Model {
  /// The same model without the knowledge of its archive's seasons.
  fileprivate func withoutSupport() throws -> Model {
    var provenance = provenance
    provenance.support = nil
    return try Model(space, provenance: provenance, gaussian: gaussian)
  }
}
