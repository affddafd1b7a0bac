// An answer is what was asked for, or there is none: options that a method would ignore are refused, empty fields do not stop a
// series, places that do not exist are not filled, and the noise means what it says.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct WholeAnswers {
  private static func fill(
    _ folder: ScratchFolder, _ method: Method, model: Model? = nil, noise: String? = "1K", to output: String = "out.nc",
    change: (inout Imputation) throws -> Void = { _ in }
  ) throws -> ImputationSummary {
    var request = Imputation(method: method, samples: 4, noise: try noise.map(NoiseSpecification.init(text:)), seed: 2)
    try change(&request)
    return try request.run(
      SignalInput(folder.path("in.nc")), model: model, output: folder.path(output), overwrite: true, history: "test")
  }

  /// Temperature alone, `count` unseen fields of which half is missing, changed by `change` (field, vertex, value).
  private static func temperature(
    _ count: Int, change: (Int, Int, Float) -> Float? = { $2 }
  ) throws -> (ScratchFolder, SignalSet, Model) {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().selecting(["tas"])
    let model = try SmallClimate.model(of: fields, fixesParameters: false)
    let truth = try SmallClimate.unseen(count).selecting(["tas"])
    try SmallClimate.observe(truth, mask: "random:0.5", noise: "tas=1K", to: folder.path("drawn.nc"))
    let drawn = try GriddedFile(path: folder.path("drawn.nc"), variables: ["tas"]).readAll()
    try SmallClimate.write(drawn.mapping { change($0, $1, $3) }, to: folder.path("in.nc"))
    return (folder, truth, model)
  }

  // MARK: Options

  @Test(arguments: [Method].withoutNetworks, MethodOption.allCases)
  func anOptionIsUsedOrRefused(method: Method, option: MethodOption) throws {
    let (folder, _, learned) = try Self.temperature(1)
    let mask = folder.path("land.nc")
    try SmallClimate.write(SmallClimate.unseen(1).selecting(["clt"]), to: mask)
    let model = method.learnsFromArchive ? learned : nil
    let saturation = try SaturationLevels(text: "290")
    let words = complaint {
      _ = try Self.fill(folder, method, model: model) {
        switch option {
        case .samples: $0.requested = [.samples]
        case .quantiles: $0.quantileLevels = [0.5]
        case .splitMembers: $0.splitsMembers = true
        case .landMask: $0.landMask = LandMask(file: mask)
        case .saturation: $0.saturation = saturation
        }
      }
    }
    let expected =
      switch option {
      case .landMask: !method.learnsFromArchive && method.traits.usesLand
      case .saturation: method.takesSaturation
      default: method.traits.drawsSamples
      }
    #expect((words == "no complaint") == expected, "\(words)")
    if !expected { #expect(words.contains(option.rawValue), "\(words)") }
  }

  // MARK: Empty fields

  @Test(arguments: [Method.eof, .twoScale, .climatology, .dineof, .kriging, .nearest])
  func aFieldWithoutObservationsDoesNotStopASeries(method: Method) throws {
    let (folder, _, learned) = try Self.temperature(3) { field, _, value in field == 1 ? nil : value }
    let model = method.learnsFromArchive ? learned : nil
    // Together with its neighbours a field would be filled from what they know (SeriesImputations).
    let summary = try Self.fill(folder, method, model: model) { $0.time = .separate }
    #expect(summary.remarks.contains { $0.topic == "empty-field" })
    let means = try SmallClimate.values("tas", in: folder.path("out.nc"))
    #expect(means[0].allSatisfy { $0.isFinite } && means[2].allSatisfy { $0.isFinite })
    if let model {
      let label = try GriddedFile(path: folder.path("in.nc"), variables: ["tas"]).labels[1]
      let space = try model.requireGaussian().prior.space
      let climate = space.layout.expanded(
        Tensor(space.climatology.mean(for: label), shape: [1, space.count])
      ).scalars
      #expect(zip(means[1], climate).allSatisfy { abs($0 - $1) < 0.05 })
      if method.traits.drawsSamples {
        let spread = try SmallClimate.values("tas_spread", in: folder.path("out.nc"))
        #expect(zip(spread[1], spread[0]).allSatisfy { $0 > 0.8 * $1 })
      }
    } else {
      #expect(means[1].allSatisfy { $0.isNaN })
    }
    _ = try Self.fill(folder, method, model: model, to: "missing.nc") { $0.onEmpty = .missing }
    #expect(try SmallClimate.values("tas", in: folder.path("missing.nc"))[1].allSatisfy { $0.isNaN })
    let words = complaint { _ = try Self.fill(folder, method, model: model, to: "x.nc") { $0.onEmpty = .fail } }
    #expect(words.contains("nothing is observed"))
  }

  // MARK: Places

  @Test(arguments: [Method.nearest, .kriging, .harmonic])
  func placesThatDoNotExistAreNotFilled(method: Method) throws {
    let hidden: (Int) -> Bool = { (40..<60).contains($0) }
    let (folder, _, _) = try Self.temperature(4) { _, vertex, value in hidden(vertex) ? nil : value }
    let everywhere = try Self.fill(folder, method)
    #expect(everywhere.remarks.contains { $0.topic == "never-observed" && $0.text.contains("--fill archive") })
    _ = try Self.fill(folder, method, to: "archive.nc") { $0.fill = .archive }
    let (all, some) = (
      try SmallClimate.values("tas", in: folder.path("out.nc")),
      try SmallClimate.values("tas", in: folder.path("archive.nc"))
    )
    for vertex in all[0].indices {
      #expect(all[0][vertex].isFinite)
      if hidden(vertex) { #expect(some[0][vertex].isNaN) }
    }
    #expect(some[0].count { $0.isFinite } >= all[0].count - 20 - all[0].count / 8)
    _ = try Self.fill(folder, method, to: "mask.nc") { $0.fill = .mask(file: folder.path("archive.nc"), variable: "tas") }
    let masked = try SmallClimate.values("tas", in: folder.path("mask.nc"))
    #expect(zip(masked[0], some[0]).allSatisfy { $0.isNaN == $1.isNaN })
  }

  // MARK: Noise

  @Test func oneNumberIsNotTheNoiseOfDifferentUnits() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(1).mapping { $1 % 3 == 0 ? nil : $3 }, to: folder.path("in.nc"))
    let words = complaint { _ = try Self.fill(folder, .kriging, noise: "0.2") }
    #expect(words.contains("tas=LEVEL,clt=LEVEL") && words.contains("different units"), "\(words)")
    let units = complaint { _ = try Self.fill(folder, .kriging, noise: "0.2K") }
    #expect(units.contains("noise") && units.contains("clt"), "\(units)")
    let percent = try Self.fill(folder, .kriging, noise: "5%")
    #expect(percent.remarks.count { $0.topic == "noise-percentage" } == 2)
    let level = try #require(percent.noise["tas"])
    #expect(abs((level.standardised ?? 0) - 0.05) < 0.02)
  }

  @Test(arguments: [Method.kriging, .eof, .twoScale]) func noiseOfZeroMeansExact(method: Method) throws {
    let (folder, _, learned) = try Self.temperature(1)
    _ = try Self.fill(folder, method, model: method.learnsFromArchive ? learned : nil, noise: "0")
    let (observed, means) = (
      try SmallClimate.values("tas", in: folder.path("in.nc"))[0], try SmallClimate.values("tas", in: folder.path("out.nc"))[0]
    )
    let pole = try SmallClimate.grid().columns
    for entry in pole..<observed.count - pole where observed[entry].isFinite {
      #expect(abs(observed[entry] - means[entry]) < 0.05, "\(entry)")
    }
  }

  /// Noise of very different size is told from the signal, with and without a model.
  @Test(arguments: [Method.eof, .kriging], [0.5, 2, 6]) func noiseIsEstimated(method: Method, level: Double) throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.fields().selecting(["tas"])
    try SmallClimate.observe(
      SmallClimate.unseen(3).selecting(["tas"]), mask: "random:0.3", noise: "tas=\(level)K", to: folder.path("in.nc"))
    let model = method.learnsFromArchive ? try SmallClimate.model(of: fields) : nil
    let summary = try Self.fill(folder, method, model: model, noise: "auto")
    let found = try #require(summary.noise["tas"]).deviation
    let remark = try #require(summary.remarks.first { $0.topic == "noise-estimate" })
    #expect(remark.text.contains(remark.kind == .warning ? "about as likely" : "90 %"))
    // What is rough at the distance of the grid's cells cannot be told from noise: a level below it is found too high, and said so.
    let range = level < 2 ? 0.3...6 : remark.kind == .warning ? 0.2...2 : 0.6...1.6
    #expect(range.contains(found / level), "\(found) for \(level): \(remark.text)")
    if method == .eof { #expect(level < 2 || remark.kind == .assumption, "\(remark.text)") }
  }

  @Test func samplersHaveASpread() throws {
    let (folder, _, model) = try Self.temperature(1)
    var settings = SolverSettings()
    settings.prior = .gaussian
    _ = try Self.fill(folder, .ddnm, model: model) { $0.solvers = settings }
    let spread = try SmallClimate.values("tas_spread", in: folder.path("out.nc"))[0]
    #expect(spread.allSatisfy { $0 >= 0 } && spread.contains { $0 > 0.1 })
  }
}
