// Learning on images from a configuration to answers: the U-Net of DDPM as a prior, the convolutional flow as a posterior, and a
// comparison under the noise and the saturation of a camera.

import Foundation
import Sextant
import SextantImages
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns

@Suite(.serialized) struct ImageLearning {
  /// Smooth grey images of 8×8 pixels about 50, as a folder.
  static func write(in folder: ScratchFolder, count: Int = 30) throws -> String {
    let path = folder.path("images")
    guard !FileManager.default.fileExists(atPath: path) else { return path }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for index in 0..<count {
      var random = RandomStream(seed: 4).split(index)
      let (a, b, c) = (random.normal(), random.normal(), random.normal())
      let values = (0..<64).map { pixel -> Float in
        let (row, column) = (Double(pixel / 8), Double(pixel % 8))
        let smooth: Double = 8 * a + 8 * b * cos(row / 2) + 8 * c * sin(column / 2)
        return Float(50 + smooth + 2 * random.normal())
      }
      let set = SignalSet(
        domain: try ImageGrid(rows: 8, columns: 8), variables: [Variable(name: "value")], values: Tensor(values, shape: [1, 64, 1]),
        isValid: [Bool](repeating: true, count: 64), labels: [FieldLabel()])
      let sink = try [any SignalFormat].standard.sink(
        OutputRequest(path: "\(path)/\(100 + index).tif", content: .fields(1)), like: set)
      try sink.write(.fields(1), description: OutputDescription(history: ""), overwrite: true) {
        try $0.write(FieldRecord(set[0]), at: 0)
      }
    }
    return path
  }

  private func configuration(in folder: ScratchFolder, _ more: String, evaluate: String) throws -> RunConfiguration {
    let path = try Self.write(in: folder)
    return try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {files: ["\(path)"], part: "first:0.8"}
      prior: {kind: eof, modes: 5}
      \(more)
      evaluate:
        fields: {files: ["\(path)"], part: "last:0.1"}
        samples: 16
        scale: {value: {peak: 100}}
        pictures: 1
        \(evaluate.replacing("\n", with: "\n  "))
      """, path: "test.yaml"
    ).configuration
  }

  @Test(arguments: ["convolutional", "convolutional, training: unsupervised, pairs: 12"])
  func aConvolutionalFlowIsTrainedAndAnswers(preset: String) throws {
    let folder = try ScratchFolder()
    let run = try configuration(
      in: folder, "flow: {preset: \(preset), steps: 4, batch: 4, masks: [\"random:0.5\"], noise: \"3\"}",
      evaluate: "methods: [eof, flow]\nmasks: [\"random:0.5\"]\nnoise: \"3\"")
    let outcome = try run.runEvaluation(overwrite: false)
    for field in outcome.result.scores.fields {
      #expect(field.values.values.allSatisfy { $0.isFinite }, "\(field.label)")
    }
    #expect(Set(outcome.result.methodNames) == ["eof", "flow"])
    for method in ["eof", "flow"] { #expect(outcome.pictures.contains { $0.hasSuffix("strip-1-\(method).png") }) }
    // It is read again, as `impute` does.
    let model = try Model(contentsOf: folder.path("run"), for: .flow, solvers: SolverSettings())
    guard case .convolutional = try #require(model.flow).network else {
      Issue.record("another network")
      return
    }
  }

  @Test func theNetworkOfImagesIsTrainedAndSampled() throws {
    let folder = try ScratchFolder()
    let run = try configuration(
      in: folder, "diffusion: {network: plane, widths: [8, 8], attention: 4, steps: 4, batch: 4}\nsolvers: {dps: {steps: 5}, samples: 2}",
      evaluate: "methods: [dps]\nmasks: [\"random:0.5\"]\nnoise: \"3\"\nsaturation: 60")
    let outcome = try run.runEvaluation(overwrite: false)
    #expect(outcome.result.methodNames == ["dps"])
    #expect(outcome.result.scores.fields.allSatisfy { $0.values.values.allSatisfy { $0.isFinite } })
  }

  /// The mixture of patches as `train` makes it, on an image of another size and under the noise of a camera.
  @Test func aMixtureOfPatchesIsTrainedAndFillsALargerImage() throws {
    let folder = try ScratchFolder()
    let run = try configuration(in: folder, "patches: {side: 3, components: 2, count: 600}", evaluate: "methods: [eof]")
    _ = try run.train(overwrite: false)
    let model = try Model(contentsOf: folder.path("run"), for: .patches, solvers: SolverSettings())
    #expect(try Inspection(path: folder.path("run")).description.contains("Gaussian prior, mixture of patches"))
    let clean = (0..<12 * 11).map { pixel -> Float in
      let (row, column) = (Double(pixel / 11), Double(pixel % 11))
      return Float(50 + 8 * cos(row / 2) + 6 * sin(column / 2))
    }
    let set = SignalSet(
      domain: try ImageGrid(rows: 12, columns: 11), variables: [Variable(name: "value")], values: Tensor(clean, shape: [1, 132, 1]),
      isValid: [Bool](repeating: true, count: 132), labels: [FieldLabel()])
    let sink = try [any SignalFormat].standard.sink(OutputRequest(path: folder.path("clean.tif"), content: .fields(1)), like: set)
    try sink.write(.fields(1), description: OutputDescription(history: ""), overwrite: true) { try $0.write(FieldRecord(set[0]), at: 0) }
    let noise = try NoiseSpecification(text: "poisson:1+0.5")
    let degraded = try Degradation(mask: AnyMeasurementDesign("random:0.2"), noise: noise, seed: 2).run(
      SignalInput(folder.path("clean.tif")), output: folder.path("dim.tif"), overwrite: false, history: "")
    #expect(degraded.remarks.contains { $0.text.contains("poisson:1+0.5") })
    #expect(abs((degraded.noise["value"] ?? 0) - 50.0.squareRoot()) < 0.7)
    let summary = try Imputation(method: .patches, samples: 2, noise: noise).run(
      SignalInput(folder.path("dim.tif")), model: model, output: folder.path("answer.tif"), overwrite: false, history: "")
    // The noise that is told is that of the answer, near the root of its values.
    #expect(abs((summary.noise["value"]?.deviation ?? 0) - 50.0.squareRoot()) < 1)
    let answer = try SignalInput(folder.path("answer.tif")).open().read([0])[0].values.scalars
    var squares = 0.0
    for (a, b) in zip(answer, clean) { squares += Double(a - b) * Double(a - b) }
    let error = (squares / 132).squareRoot()
    #expect(error < 0.75 * 50.0.squareRoot(), "\(error)")
    // What it cannot use is refused before the work.
    var request = Imputation(method: .patches, samples: 2, noise: noise)
    request.saturation = try SaturationLevels(text: "60")
    let refusal = #expect(throws: RunError.self) {
      try request.run(SignalInput(folder.path("dim.tif")), model: model, output: folder.path("no.tif"), overwrite: false, history: "")
    }
    #expect(refusal?.description.contains("--saturation") == true && !FileManager.default.fileExists(atPath: folder.path("no.tif")))
  }

  /// The noise of measured images is that of their patches, unless another is stated; where it is no number, it has to be.
  @Test func theNoiseOfPatchesIsThatOfTheArchive() throws {
    func noise(_ archive: String, _ patches: String) throws -> String? {
      try RunConfiguration.parse(
        "archive: {files: [images], \(archive)}\nprior: {kind: eof}\npatches: {\(patches)}\n", path: "run.yaml"
      ).configuration.patches?.noise.description
    }
    #expect(try noise("measured: {noise: 20}", "side: 6") == "20")
    #expect(try noise("measured: {noise: 20}", "side: 6, noise: 5") == "5")
    #expect(try noise("measured: {noise: \"red=20,green=12.5\"}", "side: 6") == "green=12.5,red=20")
    #expect(try noise("measured: {noise: 0}", "side: 6") == "0")
    #expect(try noise("part: all", "side: 6") == "0")
    for unknown in ["auto", "\"variable:sigma\"", "\"poisson:2\""] {
      #expect(complaint { _ = try noise("measured: {noise: \(unknown)}", "side: 6") }.contains("patches.noise"))
    }
  }

  /// A camera of 2 units a count: where the noise is taken for one of the mean's size, or what is cut off for measured, answers are
  /// worse.
  @Test func aComparisonUnderTheNoiseOfACamera() throws {
    let folder = try ScratchFolder()
    func coverage(_ evaluate: String) throws -> [String: Double] {
      let run = try configuration(
        in: folder, "", evaluate: "methods: [eof, kriging, two-scale]\nmasks: [\"random:0.3\"]\ndraws: 4\n\(evaluate)")
      let outcome = try run.runEvaluation(overwrite: true)
      var sums: [String: (Double, Int)] = [:]
      for field in outcome.result.scores.fields {
        guard let value = field[.coverage90, of: .gaussian] ?? field[.coverage90] else { continue }
        let old = sums[field.label.method] ?? (0, 0)
        sums[field.label.method] = (old.0 + value, old.1 + 1)
      }
      return sums.mapValues { $0.0 / Double($0.1) }
    }
    let covered = try coverage("noise: \"poisson:2+1\"\nsaturation: 60")
    #expect(covered.count == 3 && covered.values.allSatisfy { (0.75...1).contains($0) }, "\(covered)")
  }

  /// The scale of pixels is that of their type, in `evaluate` as in `score` and `degrade`; messages have the noise as it was typed.
  @Test func pixelsHaveTheScaleOfTheirType() throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder.path("bytes"), withIntermediateDirectories: true)
    var random = RandomStream(seed: 5)
    for index in 0..<20 {
      let header = ImageHeader(rows: 8, columns: 8, bands: 1, type: .uint8)
      var samples = ImageSamples(type: .uint8, count: 64)
      let level = 120 + 30 * random.normal()
      for pixel in 0..<64 {
        let value: Double = level + 20 * sin(Double(pixel % 8)) + 3 * random.normal()
        samples[pixel] = min(255, max(0, value.rounded()))
      }
      let path = folder.path("bytes/\(100 + index).png")
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(samples)
      try writer.close()
    }
    func run(_ scale: String) throws -> RunConfiguration {
      try RunConfiguration.parse(
        """
        output: \(folder.path("scale"))
        archive: {files: ["\(folder.path("bytes"))"], part: "first:0.8"}
        prior: {kind: eof, modes: 4}
        evaluate:
          fields: {files: ["\(folder.path("bytes"))"], part: "last:0.1"}
          methods: [eof, nearest]
          masks: [none]
          noise: "5/255"
          samples: 8
          pictures: 1
          \(scale)
        """, path: "test.yaml"
      ).configuration
    }
    let outcome = try run("").runEvaluation(overwrite: false)
    #expect(outcome.result.scores.fields.allSatisfy { $0[.psnr] != nil })
    #expect(outcome.text.contains("255, the largest number of the pixels' type") && outcome.text.contains("(5/255)"), "\(outcome.text)")
    // A method without a spread has a strip, too.
    for method in ["eof", "nearest"] { #expect(outcome.pictures.contains { $0.hasSuffix("strip-1-\(method).png") }) }
    let stated = try run("scale: {value: {peak: 200}}").runEvaluation(overwrite: true)
    #expect(!stated.text.contains("the pixels' type") && stated.result.scores.fields.allSatisfy { $0[.psnr] != nil })
    #expect(try NoiseSpecification(text: "value=5/255").description == "value=5/255")
    #expect(try NoiseSpecification(text: "2%").description == "2%")
  }

  /// As for `score`, the bands of an image have a table together, where they have one scale.
  @Test(arguments: [true, false]) func allBandsAreScoredTogether(haveOneScale: Bool) throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder.path("colours"), withIntermediateDirectories: true)
    var random = RandomStream(seed: 6)
    for index in 0..<20 {
      let header = ImageHeader(rows: 8, columns: 8, bands: 3, type: .uint8)
      var samples = ImageSamples(type: .uint8, count: 192)
      let level: Double = 120 + 30 * random.normal()
      for place in 0..<192 {
        let value: Double = level + 20 * sin(Double(place / 3 % 8)) + Double(1 + place % 3) * random.normal()
        samples[place] = min(255, max(0, value.rounded()))
      }
      let path = folder.path("colours/\(100 + index).png")
      let writer = try ImageWriter(creating: path, reportedAs: path, .png, header: header, pageCount: 1)
      try writer.append(samples)
      try writer.close()
    }
    let run = try RunConfiguration.parse(
      """
      output: \(folder.path("run"))
      archive: {files: ["\(folder.path("colours"))"], part: "first:0.8"}
      prior: {kind: eof, modes: 4}
      evaluate:
        fields: {files: ["\(folder.path("colours"))"], part: "last:0.1"}
        methods: [nearest]
        masks: ["random:0.5"]
        noise: "5"
        pictures: 0
        \(haveOneScale ? "" : "scale: {red: {peak: 200}}")
      """, path: "test.yaml"
    ).configuration
    let model = try run.modelForEvaluation()
    let bands = model.space.variables.map(\.name)
    try #require(bands == ["red", "green", "blue"])
    let (comparison, fields, indices) = try run.comparison(for: model)
    let scores = try comparison.run(model: model, fields: fields, indices: indices).scores.fields
    let together = scores.filter { $0.variable == "all bands" }
    #expect(together.count == (haveOneScale ? indices.count : 0))
    for whole in together {
      let each = scores.filter { $0.label.field == whole.label.field && bands.contains($0.variable) }
      let errors = try each.map { try #require($0[.meanSquareError]) }
      let mean = errors.reduce(0, +) / 3
      let error = try #require(whole[.meanSquareError])
      #expect(errors.count == 3 && abs(error - mean) < 1e-9 * mean && whole[.psnr] != nil)
    }
  }

  /// Beside a table stand the pictures of its methods, and no others; what else lies in the folder stays.
  @Test func picturesOfAnEarlierEvaluationAreRemoved() throws {
    let folder = try ScratchFolder()
    func names(_ methods: String, pictures: Int, overwrite: Bool) throws -> Set<String> {
      var run = try configuration(in: folder, "", evaluate: "methods: [\(methods)]\nmasks: [\"random:0.5\"]\nnoise: \"3\"")
      run.evaluate.pictures = pictures
      let outcome = try run.runEvaluation(overwrite: overwrite)
      let found = try FileManager.default.contentsOfDirectory(atPath: folder.path("run/evaluation")).filter { $0.hasSuffix(".png") }
      let drawn = Set(outcome.pictures.map { URL(fileURLWithPath: $0).lastPathComponent })
      #expect(drawn.isSubset(of: found))
      return Set(found).subtracting(drawn)
    }
    #expect(try names("eof, nearest", pictures: 2, overwrite: false).isEmpty)
    let own: Set = ["mine.png", "strip.png", "my-strip-1-nearest.png"]
    for name in own { try Data().write(to: URL(fileURLWithPath: folder.path("run/evaluation/\(name)"))) }
    #expect(try names("eof", pictures: 1, overwrite: true) == own)
    #expect(try names("nearest", pictures: 0, overwrite: true) == own)
  }

  @Test func whatDoesNotFitIsSaidBeforeTheWork() throws {
    let folder = try ScratchFolder()
    func message(_ more: String, _ evaluate: String) -> String {
      do {
        let run = try configuration(in: folder, more, evaluate: evaluate)
        _ = try run.runEvaluation(overwrite: true)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("", "methods: [eof, mixture]\nsaturation: 60").contains("lower bound"))
    #expect(message("patches: {side: 3, components: 12, count: 20}", "methods: [patches]").contains("Make patches.count larger"))
    #expect(message("flow: {preset: convolutional-photographs, steps: 2}", "methods: [flow]").contains("8×8"))
    #expect(message("flow: {preset: convolutional, coupling_steps: 3}", "methods: [flow]").contains("coupling_steps"))
    #expect(message("diffusion: {network: line, preset: small}", "methods: [eof]").contains("network: plane"))
    #expect(message("diffusion: {network: plane, weights: absent.safetensors, steps: 2}", "methods: [dps]").contains("absent.safetensors"))
  }
}
