// Numbers that stand for missing values without an attribute that says so: every pipeline that reads fields stops, and goes
// on as if they had been declared once the condition that it names is given.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns

@Suite struct SuspectInputs {
  /// Every fourth temperature is `fill` in one file, and missing in another.
  static func files(_ folder: ScratchFolder, fill: Float, count: Int = 3) throws {
    let fields = try SmallClimate.unseen(count)
    func changed(_ value: Float?) -> SignalSet {
      fields.mapping { _, vertex, channel, own in channel == 0 && vertex % 4 == 1 ? value : own }
    }
    try SmallClimate.write(changed(fill), to: folder.path("filled.nc"))
    try SmallClimate.write(
      fields.mapping { _, vertex, _, own in vertex % 4 == 1 ? nil : own }, to: folder.path("declared.nc"))
  }

  @Test(arguments: [-9999, 1e35, 0] as [Float]) func imputationStopsOrKnows(fill: Float) throws {
    let folder = try ScratchFolder()
    try Self.files(folder, fill: fill)
    let before = try folder.names()
    func run(_ input: SignalInput, to output: String) throws -> [[Float]] {
      _ = try Imputation(method: .eof, samples: 2, noise: NoiseSpecification(text: "tas=1K,clt=0.05"), seed: 1).run(
        input, model: SmallClimate.model(), output: folder.path(output), overwrite: false, history: "test")
      return try SmallClimate.values("tas", in: folder.path(output))
    }
    let words = complaint { _ = try run(SignalInput(folder.path("filled.nc")), to: "out.nc") }
    let condition = fill == 0 ? "tas<=0" : fill == -9999 ? "tas=-9999" : "tas=1e+35"
    #expect(words.contains("--missing '\(condition)'") && words.contains("filled.nc"), "\(words)")
    #expect(try folder.names() == before)
    let known = try run(SignalInput(folder.path("filled.nc"), missing: [MissingCondition(condition)]), to: "known.nc")
    let declared = try run(SignalInput(folder.path("declared.nc")), to: "declared-out.nc")
    #expect(known == declared)
  }

  /// Values of another scale than the archive's are told as such, and neither noise nor method is blamed.
  @Test(arguments: [1, 257] as [Float]) func anotherScaleIsTold(factor: Float) throws {
    let folder = try ScratchFolder()
    func scaled(_ fields: SignalSet) throws -> SignalSet {
      // Cloud cover as a number of which nothing is known.
      var result = try fields.selecting(["clt"])
      result.variables = [Variable(name: "value")]
      return result.mapping { _, _, _, own in own * 200 }
    }
    let model = try SmallClimate.model(of: scaled(SmallClimate.fields()), kind: .modes)
    try SmallClimate.write(
      scaled(SmallClimate.unseen(2)).mapping { _, _, _, own in own * factor }, to: folder.path("in.nc"))
    let summary = try Imputation(method: .eof, samples: 0, noise: NoiseSpecification(text: "5"), seed: 1).run(
      SignalInput(folder.path("in.nc")), model: model, output: folder.path("out.nc"), overwrite: false, history: "test")
    #expect(summary.remarks.contains { $0.topic == "scale" && $0.text.contains("16 bits") } == (factor > 1), "\(summary.remarks)")
    #expect(factor == 1 || !summary.remarks.contains { ["misfit", "coverage"].contains($0.topic) }, "\(summary.remarks)")
  }

  @Test func archivesAndCleanFilesAreCheckedToo() throws {
    let folder = try ScratchFolder()
    try Self.files(folder, fill: -9999)
    let path = folder.path("filled.nc")
    let selection = DatasetSelection(files: [path])
    #expect(complaint { _ = try selection.open(seed: 0) }.contains("missing: [\"tas=-9999\"]"))
    var known = selection
    known.missing = [try MissingCondition("tas=-9999")]
    let (source, indices) = try known.open(seed: 0)
    let expected = try GriddedFile(path: folder.path("declared.nc")).read(indices)
    #expect(try source.read(indices).isValid == expected.isValid)
    let degradation = Degradation(mask: try AnyMeasurementDesign("random:0.5"))
    let words = complaint {
      _ = try degradation.run(SignalInput(path), output: folder.path("out.nc"), overwrite: false, history: "test")
    }
    #expect(words.contains("--missing 'tas=-9999'") && !FileManager.default.fileExists(atPath: folder.path("out.nc")))
  }

  /// Cloud cover of −0.08 is no wonder where the noise is 0.05.
  @Test(arguments: [(0.05, false), (0.002, true)]) func noiseExplainsValuesBeyondABound(level: Double, isSaid: Bool) throws {
    let folder = try ScratchFolder()
    var fields = try SmallClimate.unseen(2).selecting(["clt"])
    fields.variables = [Variable(name: "clt", units: "1", standardName: "cloud_area_fraction")]
    try SmallClimate.write(
      fields.mapping { _, vertex, _, value in vertex % 3 == 0 ? nil : vertex % 3 == 1 ? -0.08 : value }, to: folder.path("in.nc"))
    let summary = try Imputation(method: .kriging, samples: 0, noise: NoiseSpecification(text: "\(level)")).run(
      SignalInput(folder.path("in.nc")), model: nil, output: folder.path("out.nc"), overwrite: false, history: "test")
    #expect(summary.remarks.contains { $0.text.contains("impossible") } == isSaid, "\(summary.remarks)")
  }
}
