// Archives whose fields stand for their moved copies: what is learned is as symmetric as they are, copies stay together where
// fields are left out, a place that is never measured is learned of through the places that it is moved to, and what does not
// move along is refused.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns
@testable import SextantSolvers
@testable import SextantTraining

@Suite struct SymmetricArchives {
  private static let (rows, columns) = (6, 6)

  /// Images of smooth waves with random phases, as likely as their mirror images: a folder of them.
  private static func folder(_ count: Int = 40) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder.path("images"), withIntermediateDirectories: true)
    for index in 0..<count {
      var random = RandomStream(seed: 6).split(index)
      let (a, b, c, d) = (random.normal(), random.normal(), random.normal(), random.normal())
      let values = (0..<rows * columns).map { pixel -> Float in
        let (y, x) = (Double(pixel / columns) - 2.5, Double(pixel % columns) - 2.5)
        let wave: Double = 8 * a + 8 * b * sin(x / 2) + 6 * c * cos(x / 1.5) + 8 * d * sin(y / 2)
        return Float(50 + wave + 0.5 * random.normal())
      }
      let set = SignalSet(
        domain: try ImageGrid(rows: rows, columns: columns), variables: [Variable(name: "value")],
        values: Tensor(values, shape: [1, rows * columns, 1]), isValid: [Bool](repeating: true, count: rows * columns),
        labels: [FieldLabel()])
      let sink = try [any SignalFormat].standard.sink(
        OutputRequest(path: folder.path("images/\(100 + index).tif"), content: .fields(1)), like: set)
      try sink.write(.fields(1), description: OutputDescription(history: ""), overwrite: true) {
        try $0.write(FieldRecord(set[0]), at: 0)
      }
    }
    return folder
  }

  private static func run(
    _ folder: ScratchFolder, archive: String = "gaps: refuse", part: String = "first:0.8",
    prior: String = "kind: eof, modes: 8",
    more: String = ""
  ) throws -> RunConfiguration {
    try RunConfiguration.parse(
      """
      output: DIR/run
      archive: {files: [DIR/images], part: "\(part)", \(archive)}
      climatology: {kind: constant}
      prior: {\(prior)}
      evaluate: {methods: [eof], masks: ["random:0.5"], noise: "1", samples: 16, pictures: 0, scale: {value: {peak: 100}}}
      \(more)
      """.replacingOccurrences(of: "DIR", with: folder.path), path: "run.yaml"
    ).configuration
  }

  /// The mean and the covariance of the modes are those of the moved fields, and without the symmetry they are not.
  @Test func theGaussianIsAsSymmetricAsItsArchive() throws {
    let folder = try Self.folder()
    func asymmetry(_ archive: String) throws -> Float {
      let model = try Self.run(folder, archive: archive).training.learn()
      let prior = try model.requireGaussian().prior
      let modes = prior.functions.scaledModes
      let map = try DomainSymmetry.permutations([.leftRight], of: model.space.domain)[1]
      let covariance = { (i: Int, j: Int) -> Float in
        (0..<modes.shape[0]).reduce(0) { $0 + modes[$1, i] * modes[$1, j] }
      }
      var largest: Float = 0
      for i in 0..<map.count {
        for j in 0..<map.count {
          largest = max(largest, abs(covariance(i, j) - covariance(Int(map[i]), Int(map[j]))))
        }
      }
      return largest
    }
    #expect(try asymmetry("symmetries: [left-right]") < 1e-3)
    #expect(try asymmetry("gaps: refuse") > 0.02)
    let model = try Self.run(folder, archive: "symmetries: [left-right]").training.learn()
    #expect(model.provenance.fieldCount == 32)
    #expect(model.provenance.remarks.contains { $0.topic == "symmetries" })
  }

  /// Every field misses the same corner. Without the symmetry it is outside of the domain; with it, it is filled better than by
  /// the mean alone.
  @Test func aPlaceThatIsNeverMeasuredIsLearnedOf() throws {
    let folder = try Self.folder()
    let measured = "corrupted: {mask: \"box:size=3x3,at=0/0\", noise: 1}, measured: {noise: 1}"
    let blind = try Self.run(folder, archive: measured).training.learn()
    #expect(blind.space.isInside.count { !$0 } == 9)
    let model = try Self.run(folder, archive: measured + ", symmetries: [left-right]").training.learn()
    #expect(model.space.isInside.allSatisfy { $0 })
    let solvers = PreparedSolvers(try model.flowBase())
    var random = RandomStream(seed: 1)
    let (source, _) = try Self.run(folder, part: "all").archive.open(seed: 1)
    var (filled, mean): (Float, Float) = (0, 0)
    for index in 32..<40 {
      let field = try source.read([index])[0]
      let kept = (0..<36).filter { $0 / 6 >= 3 || $0 % 6 >= 3 }
      let measurement = FieldMeasurement(
        values: kept.map { field.values.scalars[$0] }, noise: kept.map { _ in 1 },
        operation: SelectionOperator(inputCount: 36, indices: kept), label: field.label)
      let answer = try solvers.posterior(given: measurement, samples: 0, using: &random).mean
      for corner in (0..<36) where !kept.contains(corner) {
        let truth = field.values.scalars[corner]
        filled += (answer[corner] - truth) * (answer[corner] - truth)
        mean += (truth - 50) * (truth - 50)
      }
    }
    #expect(filled < 0.5 * mean, "\(filled) of \(mean)")
  }

  /// No field is in one part of the archive while its copy is in another, and a field is held out with its copies.
  @Test(arguments: [Folds.blocks, .interleaved])
  func copiesStayTogether(folds: Folds) throws {
    let pairs = TrainingPairs(
      count: 60, foldCount: 3, folds: folds, validationShare: 0.2, masks: [try AnyMeasurementDesign("none")],
      inputs: MeasurementInputs(), noise: [1], seed: 1)
    let parts = pairs.parts(of: 40, copyCount: 4)
    #expect(parts.flatMap(\.self).sorted() == Array(0..<40))
    for part in parts { #expect(Set(part.map { $0 / 4 }).count * 4 == part.count) }
    let plans = pairs.plans(fieldCount: 40, copyCount: 4)
    let heldOut = Set(plans.filter(\.isHeldOut).map { $0.field / 4 })
    #expect(!heldOut.isEmpty && plans.allSatisfy { $0.isHeldOut == heldOut.contains($0.field / 4) })
    let left = folds.leftOut(share: 0.25, of: 40, copyCount: 4)
    #expect(!left.isEmpty && Set(left.map { $0 / 4 }).count * 4 == left.count)
  }

  /// Values, gaps and the noise of each value move together.
  @Test func gapsAndNoiseMoveWithTheirValues() throws {
    let folder = try Self.folder(3)
    let (source, _) = try Self.run(
      folder, archive: "corrupted: {mask: \"random:0.4\"}, measured: {noise: 1}", part: "all"
    )
    .archive.open(seed: 1)
    let moved = try SymmetricSource(source, symmetries: [.leftRight, .upDown])
    let fields = try moved.read([0, 5, 6, 2, 11])
    let still = try source.read([0, 1, 2])
    for (row, index) in [0, 5, 6, 2, 11].enumerated() {
      let (field, original) = (fields[row], still[index / 4])
      let numbers = moved.moved(original.values.scalars, asField: index)
      let flags = moved.moved(original.isValid.map { $0 ? 1 : 0 }, asField: index)
      #expect(field.isValid == flags.map { $0 == 1 })
      #expect(zip(field.values.scalars, numbers).enumerated().allSatisfy { !field.isValid[$0] || $1.0 == $1.1 })
    }
    #expect(Set(moved.labels.prefix(4).map { $0.coordinates["symmetry"] ?? "" }).count == 4)
  }

  @Test func whatDoesNotMoveAlongIsRefused() throws {
    let folder = try Self.folder()
    func text(_ archive: String, prior: String = "kind: two-scale, modes: 8", more: String = "") -> String {
      complaint { _ = try Self.run(folder, archive: archive, prior: prior, more: more).training.learn() }
    }
    let blur = "blur:motion,length=3,angle=30,boundary=reflect"
    let slanted = text("measured: {noise: 1, operator: \"\(blur)\"}, symmetries: [left-right]")
    #expect(slanted.contains("archive.symmetries") && slanted.contains(blur), "\(slanted)")
    #expect(text("symmetries: [mirror]").contains("is no symmetry"))
    #expect(text("symmetries: [\"longitudes:30\"]").contains("symmetry of the sphere"))
    let sphere = try RunConfiguration.parse(
      "archive: {synthetic_years: 1, symmetries: [\"longitudes:120\"]}", path: "run.yaml"
    ).configuration
    #expect(complaint { _ = try sphere.training.learn() }.contains("land does not move"))
  }
}
