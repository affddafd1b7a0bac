// The executable from outside: streams, exit codes, JSON, dry runs, threads and full disks. Not here: Ctrl-C and kill −9
// (InterruptedProgramTests).

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct ProgramTests {
  /// A folder with an archive, a configuration that learns from it, a model, and a file with gaps.
  struct Desk {
    let folder: ScratchFolder
    var names: [String] { (try? folder.names()) ?? [] }

    init(unseen: Int = 1) throws {
      folder = try ScratchFolder()
      let fields = SyntheticClimate().fields(count: 40 + unseen, on: try SmallClimate.grid(step: 30))
      try SmallClimate.write(fields.read(Array(0..<40)), to: folder.path("archive.nc"))
      try SmallClimate.observe(fields.read(Array(40..<40 + unseen)), to: folder.path("obs.nc"))
      try Program.tiny(archive: folder.path("archive.nc"), output: folder.path("RUN")).write(
        toFile: folder.path("run.yaml"), atomically: true, encoding: .utf8)
    }

    func path(_ name: String) -> String { folder.path(name) }

    /// Learns the model by the program.
    func train() throws { #expect(try Program.run("train", path("run.yaml")).code == 0) }
  }

  @Test func resultsGoToStandardOutputAndMessagesToStandardError() throws {
    let desk = try Desk()
    let trained = try Program.run("train", desk.path("run.yaml"))
    #expect(trained.code == 0 && trained.errors.isEmpty && trained.output.contains("model.safetensors"))
    let filled = try Program.run(
      "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--output", desk.path("out.nc"), "--samples", "4",
      "--json")
    #expect(filled.code == 0 && filled.errors.isEmpty, "\(filled.errors)")
    let summary = try #require(filled.json as? [String: Any])
    #expect(summary["fieldCount"] as? Int == 1)
    #expect(desk.names == ["RUN", "archive.nc", "obs.nc", "out.nc", "run.yaml"])
    let history = try #require(try NetCDFFile(path: desk.path("out.nc")).text("history"))
    #expect(history.contains("sextant impute"))

    let refused = try Program.run(
      "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--output", desk.path("out.nc"))
    #expect(refused.code == 1 && refused.output.isEmpty && refused.errors.contains("--overwrite"))
    #expect(refused.errors.hasPrefix("sextant: error: ") && refused.errors.hasSuffix("\n"))
    let absent = try Program.run("impute", desk.path("absent.nc"), "--model", desk.path("RUN"), "-o", "x.nc")
    #expect(absent.code == 1 && absent.errors.contains("no such file") && absent.output.isEmpty)
    let wrong = try Program.run("impute", desk.path("obs.nc"), "--samples", "-3", "-o", "x.nc")
    #expect(wrong.code == 64 && wrong.output.isEmpty)
    let help = try Program.run("impute", "--help")
    #expect(help.code == 0 && help.errors.isEmpty && help.output.contains("sextant impute obs.nc"))
  }

  @Test func severalFilesGoIntoAFolder() throws {
    let folder = try ScratchFolder()
    for name in ["a.csv", "b.csv"] { _ = try folder.write("value\n1\nNA\n\(name == "a.csv" ? 3 : 5)\n4\n", to: name) }
    _ = try folder.write("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\nf 1 2 3\nf 2 4 3\n", to: "mesh.obj")
    let arguments = [
      "impute", folder.path("*.csv"), "--mesh", folder.path("mesh.obj"), "--method", "nearest", "--json", "-o",
      folder.path("filled") + "/",
    ]
    let end = try Program(arguments).end()
    #expect(end.code == 0 && (end.json as? [Any])?.count == 2, "\(end.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("filled")).sorted()
    #expect(names == ["a.csv", "b.csv"])
    let again = try Program(arguments).end()
    #expect(again.code != 0 && again.errors.contains("2 of 2 outputs exist already") && again.output.isEmpty)
    let one = try Program(Array(arguments.dropLast()) + [folder.path("one.csv")]).end()
    #expect(one.code == 1 && one.errors.contains("2 inputs") && one.errors.contains("folder"), "\(one.errors)")
  }

  @Test func meshesAreInspectedWhateverTheirName() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(
      "o one\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\no two\nv 0 0 1\nf 1 2 4\nf 2 3 4\n", to: "a.nc")
    let whole = try Program.run("inspect", path, "--json")
    let content = try #require((whole.json as? [String: Any])?["content"] as? [String: Any], "\(whole.errors)")
    #expect(content["format"] as? String == "OBJ" && content["triangleCount"] as? Int == 3)
    #expect((content["topology"] as? [String: Any])?["boundaryEdgeCount"] as? Int == 3)
    let part = try Program.run("inspect", path, "--part", "one")
    #expect(part.code == 0 && part.output.contains("1 polygons") && !part.output.contains("two"))
    let absent = try Program.run("inspect", path, "--part", "three")
    #expect(absent.code == 1 && absent.errors.contains("one, two"))

    let copy = folder.path("two.vtp")
    let converted = try Program.run("convert", path, "--part", "two", "--output", copy)
    #expect(converted.code == 0 && converted.output.contains("4 vertices, 2 polygons"), "\(converted.errors)")
    #expect(try Program.run("convert", path, "--output", copy).errors.contains("--overwrite"))
    #expect(try Program.run("convert", path, "--output", folder.path("a.stl")).code == 64)
  }

  @Test func everyJSONParses() throws {
    let desk = try Desk()
    let commands: [[String]] = [
      ["doctor"], ["train", desk.path("run.yaml"), "--dry-run"], ["train", desk.path("run.yaml")],
      ["evaluate", desk.path("run.yaml")], ["evaluate", desk.path("run.yaml"), "--dry-run"],
      [
        "degrade", desk.path("archive.nc"), "--mask", "random:0.3", "--noise", "tas=1K,clt=0.1", "-o",
        desk.path("d.nc"),
      ],
    ]
    for command in commands {
      let end = try Program(command + ["--json"]).end()
      #expect(end.code == 0 && end.json != nil, "\(command): \(end.output.prefix(200)) \(end.errors)")
      #expect(!end.errors.contains("rror"), "\(end.errors)")
    }
    let evaluated = try FileManager.default.contentsOfDirectory(atPath: desk.path("RUN/evaluation"))
    #expect(evaluated.contains("table.md") && evaluated.contains("scores.json"))
    // Refused before the archive is opened.
    try FileManager.default.removeItem(atPath: desk.path("archive.nc"))
    #expect(try Program.run("evaluate", desk.path("run.yaml")).errors.contains("--overwrite"))
  }

  @Test func priorsAreSampledAndReported() throws {
    let desk = try Desk()
    let trained = try Program.run(
      "train", desk.path("run.yaml"), "--set", "diffusion.steps=2", "--set", "diffusion.batch=2", "--profile")
    #expect(trained.code == 0, "\(trained.errors)")
    for entry in ["before the first operation", "dense", "optimiser and average", "validation"] {
      #expect(trained.errors.contains(entry))
    }
    let sampled = try Program.run(
      "sample", desk.path("RUN"), "--count", "2", "--steps", "3", "--method", "ddim", "-o", desk.path("s.nc"), "--json")
    #expect(sampled.code == 0 && sampled.errors.isEmpty, "\(sampled.errors)")
    #expect((sampled.json as? [String: Any])?["evaluationsPerSample"] as? Int == 4)
    #expect(try SmallClimate.values("clt", in: desk.path("s.nc")).count == 2)
    let reported = try Program.run("sample", desk.path("RUN"), "--report")
    #expect(reported.code == 0 && reported.output.contains("| diffusion |"), "\(reported.errors)")
    #expect(try Program.run("sample", desk.path("RUN"), "--report").errors.contains("--overwrite"))
    #expect(try Program.run("sample", desk.path("RUN")).code == 64)
    #expect(try Program.run("sample", desk.folder.path, "-o", "x.nc").errors.contains("model.safetensors"))
  }

  @Test func dryRunsTellEverySettingWithItsOrigin() throws {
    let desk = try Desk()
    let end = try Program.run("train", desk.path("run.yaml"), "--dry-run", "--set", "prior.modes=7", "--seed", "5")
    #expect(end.code == 0 && !desk.names.contains("RUN"))
    func line(_ key: String) -> String {
      end.output.split(separator: "\n").first { $0.hasPrefix(key + " ") }.map(String.init) ?? ""
    }
    #expect(line("prior.modes").contains("7") && line("prior.modes").contains("--set prior.modes=7"))
    #expect(line("seed").contains("--set seed=5"))
    #expect(line("prior.kind").contains("run.yaml:3:"))
    #expect(line("evaluate.draws").hasSuffix("default"))
    let mistaken = try Program.run("train", desk.path("run.yaml"), "--set", "prior.mods=7")
    #expect(mistaken.code == 1 && mistaken.errors.contains("Did you mean 'modes'?"))
    try "prior:\n  kind: eof\n  mods: 3\n".write(toFile: desk.path("bad.yaml"), atomically: true, encoding: .utf8)
    let unknown = try Program.run("train", desk.path("bad.yaml"))
    #expect(unknown.errors.contains("bad.yaml:3:3: unknown key 'prior.mods'. Did you mean 'modes'?"))
  }

  @Test func answersDoNotDependOnThreads() throws {
    let desk = try Desk(unseen: 2)
    try desk.train()
    for threads in ["1", "2"] {
      let end = try Program.run(
        "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--method", "two-scale", "--samples", "6",
        "--seed", "9", "--threads", threads, "-o", desk.path("threads\(threads).nc"),
        environment: ["SEXTANT_THREADS": threads, "OPENBLAS_NUM_THREADS": threads])
      #expect(end.code == 0, "\(end.errors)")
    }
    // Loops give the same bits; matrix products may split their sums otherwise: within a thousandth of the noise.
    for (name, tolerance) in [("tas", 1e-3), ("tas_ensemble", 1e-3), ("tas_spread", 1e-3), ("clt_ensemble", 5e-5)] {
      let fields = try ["1", "2"].map { try SmallClimate.values(name, in: desk.path("threads\($0).nc")) }
      let worst = zip(fields[0], fields[1]).flatMap { zip($0, $1).map { abs($0 - $1) } }.max() ?? .infinity
      #expect(Double(worst) < tolerance, "\(name): \(worst)")
    }
  }

  @Test(arguments: ["impute", "train", "degrade"]) func aFullDiskLeavesNothingHalfWritten(command: String) throws {
    let desk = try Desk(unseen: 3)
    let model = command == "impute"
    if model { try desk.train() }
    let before = desk.names
    let arguments =
      switch command {
      case "impute": ["impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "-o", desk.path("out.nc")]
      case "train": ["train", desk.path("run.yaml")]
      default: ["degrade", desk.path("archive.nc"), "--mask", "random:0.1", "-o", desk.path("out.nc")]
      }
    // No file may grow beyond 2 KiB: to the program that is a disk without room.
    let end = try Program(arguments, prelude: "trap '' XFSZ; ulimit -f 4;").end()
    #expect(end.code == 1 && end.output.isEmpty, "\(end.code) \(end.output) \(end.errors)")
    #expect(end.errors.hasPrefix("sextant: error: ") && end.errors.contains("could not"), "\(end.errors)")
    if command == "degrade" { #expect(end.errors.contains("the size of files is limited"), "\(end.errors)") }
    let left = desk.names.filter { !before.contains($0) && $0 != ".out.nc.fields" }
    // The folder of a model may have been made; nothing is in it.
    let inside = try left == ["RUN"] ? desk.folder.contents("RUN") : left
    #expect(inside.isEmpty, "\(inside)")
  }

  /// Whether this process may mount a small file system of its own.
  static let canMount: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "unshare --mount mount -t tmpfs -o size=64k tmpfs /mnt 2>/dev/null"]
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(.enabled(if: canMount, "no file system can be mounted here")) func aFullDiskIsCalledFull() throws {
    let desk = try Desk(unseen: 3)
    let small = desk.path("small")
    try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
    let mounting = "mount -t tmpfs -o size=16k tmpfs \(small) && exec \"$0\" \"$@\""
    let end = try Program(
      ["degrade", desk.path("archive.nc"), "--mask", "random:0.1", "-o", small + "/out.nc"],
      prelude: "exec unshare --mount /bin/sh -c '\(mounting)' \"$0\" \"$@\";"
    ).end()
    #expect(end.code == 1 && end.errors.contains("the disk is full"), "\(end.code) \(end.errors)")
  }
}

extension Program {
  /// A configuration of few modes on a small archive.
  static func tiny(archive: String, output: String) -> String {
    """
    output: \(output)
    archive: {files: ["\(archive)"], part: first:0.9}
    prior: {kind: eof, modes: 12}
    bounds: {clt: {min: 0, max: 1}}
    evaluate:
      fields: {files: ["\(archive)"], part: last:0.1}
      methods: [climatology, eof]
      masks: random:60%
      noise: tas=1K,clt=0.05
      samples: 20
      scale: {tas: {peak: 100, origin: 220}, clt: {peak: 1}}
      pictures: 0
    """
  }
}

extension ScratchFolder {
  /// The names in a folder of this folder, sorted.
  func contents(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }
}
