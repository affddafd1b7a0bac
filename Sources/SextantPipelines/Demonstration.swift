// The demo: every step of the main job on the synthetic climate, each with the command that does the same.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage
import SextantTraining

/// The main job from end to end.
public struct Demonstration: Sendable {
  /// Where everything goes.
  public var folder: String
  /// How many fields of the last two years are scored.
  public var testFields: Int
  /// Whether what is there may be replaced.
  public var overwrite: Bool

  /// The years that are learned from, and all years.
  static let (trainingYears, years) = (8, 10)

  public init(folder: String, testFields: Int, overwrite: Bool) {
    self.folder = folder
    self.testFields = testFields
    self.overwrite = overwrite
  }

  /// Runs the demo; `say` is given what people should read.
  public func run(
    history: String, progress: any ProgressObserver, interruption: Interruption, say: (String) -> Void
  ) throws {
    let truthFile = folder + "/truth.nc"
    for name in ["truth.nc", "observed.nc", "filled.nc"] {
      try WholeFile.checkIsFree(folder + "/" + name, overwrite: overwrite)
    }
    say(
      "1. The synthetic climate: \(Self.years) years on the 46×90 grid; years 1 to \(Self.trainingYears) are learned from."
    )
    let climate = try SyntheticClimateFormat.fields(years: Self.years)
    let lastTraining = Self.trainingYears * SyntheticClimate.fieldsPerYear
    let tested = Split.evenly(testFields).members(of: Array(lastTraining..<climate.count), seed: 0)
    let shown = tested[tested.count / 2]
    try FieldFile.write(
      climate.read([shown]), to: truthFile, overwrite: overwrite,
      description: OutputDescription(title: "Synthetic climate 1, one field", history: history))
    try interruption.check()

    say("2. Learning the two-scale Gaussian prior into \(folder)/model.")
    let training = Training(
      name: "demo", archive: .synthetic(years: Self.trainingYears),
      prior: GaussianPriorConfiguration(kind: .twoScale, modeCount: 100, climatology: .harmonic(order: 2)),
      bounds: ["clt": ValueBounds(minimum: 0, maximum: 1)], seed: 1)
    let model = try training.run(
      folder: folder + "/model", overwrite: overwrite, progress: progress, interruption: interruption)

    say(
      "3. Hiding 60 % of a field of year \(shown / SyntheticClimate.fieldsPerYear + 1) and adding noise: \(folder)/observed.nc."
    )
    say(
      "   sextant degrade \(truthFile) --mask random:0.6 --noise tas=5K,clt=0.05 --seed 1 --output \(folder)/observed.nc"
    )
    _ = try Degradation(
      mask: AnyMeasurementDesign(RandomMissing(share: 0.6...0.6)), noise: NoiseSpecification(text: "tas=5K,clt=0.05"), seed: 1
    ).run(SignalInput(truthFile), output: folder + "/observed.nc", overwrite: overwrite, history: history)

    say("4. Filling it, 128 samples: \(folder)/filled.nc.")
    say("   sextant impute \(folder)/observed.nc --model \(folder)/model --output \(folder)/filled.nc")
    let imputation = Imputation(method: .twoScale, samples: 128, quantileLevels: [0.05, 0.95], seed: 1)
    _ = try imputation.run(
      SignalInput(folder + "/observed.nc"), model: model, output: folder + "/filled.nc", overwrite: overwrite,
      history: history, progress: progress, interruption: interruption)

    say("5. Every method on \(tested.count) fields that training never saw, the same masks and noise for all.\n")
    let comparison = Comparison(
      methods: [
        .climatology, .nearest, .inverseDistance, .harmonic, .dineof, .kriging, .eof, .twoScale,
      ], masks: [AnyMeasurementDesign(RandomMissing(share: 0.6...0.6))], noise: Self.noise, samples: 128,
      scales: [(peak: 100, origin: 220), (peak: 1, origin: 0)], seed: 1)
    let outcome = try comparison.report(
      model: model, fields: climate, indices: tested, folder: folder + "/evaluation", overwrite: overwrite,
      pictures: 1, progress: progress, interruption: interruption)
    say(outcome.text)
    say("Pictures: \(outcome.pictures.count) PNG files in \(folder)/evaluation, such as")
    for picture in outcome.pictures.prefix(4) { say("  \(picture)") }
  }

  /// Noise of the demo: 5 K of temperature, 0.05 of cloud cover.
  static let noise: [Float] = [5, 0.05]

  /// A year of the climate, a field a month, on a 10° grid: the sample in `data/`.
  public static func writeSample(to path: String, overwrite: Bool, history: String) throws {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<19).map { 90 - 10 * Double($0) }, longitudes: (0..<36).map { 10 * Double($0) })
    let fields = SyntheticClimate().fields(count: SyntheticClimate.fieldsPerYear, on: grid)
    try FieldFile.write(
      fields.read((0..<12).map { $0 * 6 }), to: path, overwrite: overwrite,
      description: OutputDescription(
        title: "Synthetic climate 1 on a 10 degree grid, one field a month", history: history))
  }
}
