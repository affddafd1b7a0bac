// Inputs that are addresses, several inputs of one command, outputs that name an input, and outputs that cannot be
// written: each is told under the name that the user gave.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct InputsAndOutputs {
  /// Other names of `in.nc` in a folder.
  enum Alias: String, CaseIterable, CustomTestStringConvertible {
    case itself, dotted, symbolic, chained, hard, throughFolder

    var testDescription: String { rawValue }

    func make(in folder: ScratchFolder) throws -> String {
      let files = FileManager.default
      let input = folder.path("in.nc")
      switch self {
      case .itself: return input
      case .dotted: return folder.path("./sub/../in.nc")
      case .symbolic:
        try files.createSymbolicLink(atPath: folder.path("link.nc"), withDestinationPath: "in.nc")
        return folder.path("link.nc")
      case .chained:
        try files.createSymbolicLink(atPath: folder.path("first.nc"), withDestinationPath: "in.nc")
        try files.createSymbolicLink(atPath: folder.path("second.nc"), withDestinationPath: folder.path("first.nc"))
        return folder.path("second.nc")
      case .hard:
        try files.linkItem(atPath: input, toPath: folder.path("hard.nc"))
        return folder.path("hard.nc")
      case .throughFolder:
        try files.createSymbolicLink(atPath: folder.path("same"), withDestinationPath: ".")
        return folder.path("same/in.nc")
      }
    }
  }

  /// The commands that write what they made of a file.
  static let writers: [(name: String, run: @Sendable (_ input: String, _ output: String) throws -> Void)] = [
    (
      "impute",
      { input, output in
        _ = try Imputation(method: .nearest, samples: 0).run(
          SignalInput(input), model: nil, output: output, overwrite: true, history: "test")
      }
    ),
    (
      "degrade",
      { input, output in
        _ = try Degradation(mask: AnyMeasurementDesign("random:0.5")).run(
          SignalInput(input), output: output, overwrite: true, history: "test")
      }
    ),
    (
      "draw",
      { input, output in
        try Drawing(SignalInput(input, variables: ["tas"])).run(output: output, overwrite: true)
      }
    ),
  ]

  @Test(arguments: Alias.allCases, writers.indices) func anOutputIsNoInput(alias: Alias, writer: Int) throws {
    let folder = try ScratchFolder()
    let input = folder.path("in.nc")
    try FileManager.default.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: true)
    try SmallClimate.write(SmallClimate.unseen(1), to: input)
    let output = try alias.make(in: folder)
    let (bytes, names) = (try Data(contentsOf: URL(fileURLWithPath: input)), try folder.names())
    let (name, run) = Self.writers[writer]
    let words = complaint { try run(input, output) }
    #expect(words.hasPrefix(output) && words.contains("the output is the input"), "\(name): \(words)")
    #expect(try folder.names() == names)
    #expect(try Data(contentsOf: URL(fileURLWithPath: input)) == bytes)
    // Whichever of the names is the input.
    #expect(complaint { try run(output, input) }.contains("the output is the input"), "\(name)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: input)) == bytes)
  }

  @Test func otherFilesOfTheSameContentAreOverwritten() throws {
    let folder = try ScratchFolder()
    for name in ["in.nc", "copy.nc"] { try SmallClimate.write(SmallClimate.unseen(1), to: folder.path(name)) }
    _ = try Degradation(mask: AnyMeasurementDesign("random:0.5")).run(
      SignalInput(folder.path("in.nc")), output: folder.path("copy.nc"), overwrite: true, history: "test")
    #expect(try SmallClimate.values("tas", in: folder.path("copy.nc"))[0].contains { $0.isNaN })
  }

  @Test func aModelIsNoOutputOfItsSamples() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    try model.write(toFolder: folder.path("RUN"), overwrite: false)
    let link = folder.path("samples.nc")
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: folder.path("RUN/\(Model.fileName)"))
    let words = complaint {
      _ = try PriorSampling(prior: .gaussian, count: 1).run(
        folder: folder.path("RUN"), model: model, output: link, overwrite: true, history: "test")
    }
    #expect(words.contains("the output is the input"), "\(words)")
  }

  @Test(arguments: [
    ("https://example.org/a.nc", "curl"), ("http://example.org/dap/a", "nccopy"), ("s3://bucket/a.nc", "aws s3 cp"),
    ("gs://bucket/a.nc", "gsutil"), ("file:///tmp/a.nc", "/tmp/a.nc"), ("https://example.org/a.nc?x=[1]", "curl"),
  ]) func addressesAreNotRead(address: String, advice: String) throws {
    let folder = try ScratchFolder()
    let complaints = [
      complaint { _ = try SignalInput(address).open() }, complaint { _ = try Inspection(path: address) },
      complaint { _ = try Model(contentsOf: address) },
      complaint { _ = try SmallClimate.training(from: address).run(folder: folder.path("RUN"), overwrite: false) },
      complaint { _ = try InputFiles([address]).paths.map { try Inspection(path: $0) } },
    ]
    for words in complaints {
      #expect(words.hasPrefix(address) && words.contains("address") && words.contains(advice), "\(words)")
    }
    #expect(try folder.names() == [])
  }

  @Test func absentFilesAreNoAddresses() {
    for path in ["a.nc", "/tmp/://a.nc", "://a.nc", "a b://c.nc"] {
      #expect(complaint { _ = try SignalInput(path).open() } == "\(path): no such file.")
    }
  }

  @Test func anOutputFolderThatCannotBeMadeIsToldByTheOutput() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(2), to: folder.path("in.nc"))
    let blocked = try folder.write("a file", to: "blocked")
    for output in ["/proc/nope/out.nc", "\(blocked)/out.nc"] {
      let words = complaint {
        _ = try Imputation(method: .nearest, samples: 0).run(
          SignalInput(folder.path("in.nc")), model: nil, output: output, overwrite: false, history: "test")
      }
      #expect(words.hasPrefix("\(output): ") && !words.contains(".fields") && !words.contains("Cocoa"), "\(words)")
    }
  }

  @Test func wildcardsAndFoldersNameSeveralFiles() throws {
    let folder = try ScratchFolder()
    for name in ["b.nc", "a.nc", "a[1].nc"] { _ = try folder.write("", to: name) }
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: true)
    #expect(try InputFiles([folder.path("?.nc")]).paths == ["a.nc", "b.nc"].map(folder.path))
    // A file whose name looks like a pattern is meant itself.
    #expect(try InputFiles([folder.path("a[1].nc")]).paths == [folder.path("a[1].nc")])
    let files = try InputFiles([folder.path("b.nc"), folder.path("a.nc")])
    for output in [folder.path("out"), folder.path("new") + "/"] {
      let pairs = try files.outputs(output)
      let base = output.hasSuffix("/") ? String(output.dropLast()) : output
      #expect(pairs.map(\.input) == files.paths && pairs.map(\.output) == ["\(base)/b.nc", "\(base)/a.nc"])
    }
    #expect(complaint { _ = try files.outputs(folder.path("one.nc")) }.contains("2 inputs"))
    let single = try InputFiles([folder.path("a.nc")]).outputs(folder.path("one.nc"))
    #expect(single.map(\.output) == [folder.path("one.nc")])
    #expect(complaint { _ = try InputFiles([folder.path("a.nc"), folder.path("[a].nc")]) }.contains("named twice"))
    #expect(complaint { _ = try InputFiles([folder.path("z*.nc")]) }.contains("no file matches"))
    let alike = try InputFiles([folder.path("a.nc"), folder.path("out/../out/a.nc")])
    #expect(complaint { _ = try alike.outputs(folder.path("out")) }.contains("same name"))
    // JPEG is answered in PNG, and what is written beside two images must not have one name.
    for name in ["a.png", "a.tif", "b.jpg", "c.float.tif", "c.png"] { _ = try folder.write("", to: name) }
    let images = try InputFiles([folder.path("a.png"), folder.path("b.jpg")]).outputs(folder.path("out"))
    #expect(images.map(\.output) == [folder.path("out/a.png"), folder.path("out/b.png")])
    for pair in [["a.png", "a.tif"], ["c.float.tif", "c.png"]] {
      let text = complaint { _ = try InputFiles(pair.map(folder.path)).outputs(folder.path("out")) }
      #expect(pair.allSatisfy { text.contains($0) } && text.contains("about.json"), "\(text)")
    }
  }

  @Test(arguments: ["flow", "diffusion"]) func anInterruptedTrainingIsNamed(part: String) throws {
    let folder = try ScratchFolder()
    try SmallClimate.model().write(toFolder: folder.path("RUN"), overwrite: false)
    let method = part == "flow" ? Method.flow : .dps
    func words() -> String {
      complaint {
        let model = try Model(contentsOf: folder.path("RUN"), for: method, solvers: SolverSettings())
        _ = try method.solver(for: model)
      }
    }
    #expect(!words().contains("interrupted") && words() != "no complaint")
    _ = try folder.write("", to: "RUN/\(part).last.safetensors")
    let interrupted = words()
    for part in ["was interrupted", "sextant train", folder.path("RUN")] {
      #expect(interrupted.contains(part), "\(interrupted)")
    }
    // Other methods do not need it.
    _ = try Model(contentsOf: folder.path("RUN"), for: .twoScale, solvers: SolverSettings())
  }
}
