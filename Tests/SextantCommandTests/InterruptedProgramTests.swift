// The executable from outside, stopped by Ctrl-C and kill −9 in the middle of its work: it goes on where it was, to the same bits, and
// leaves whole files or none.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct InterruptedProgramTests {
  @Test(arguments: [SIGINT, SIGKILL]) func imputingGoesOnWhereItWasStopped(signal: Int32) throws {
    let desk = try ProgramTests.Desk(unseen: 4)
    try desk.train()
    func arguments(_ output: String) -> [String] {
      [
        "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--extrapolate", "--method", "two-scale", "--samples", "20",
        "--quantiles", "0.1,0.9", "-o", desk.path(output),
      ]
    }
    let finished = desk.path(".out.nc.fields")
    let stopped = try Program(arguments("out.nc"))
    #expect(stopped.wait { FileManager.default.fileExists(atPath: finished + "/field-000000.safetensors") })
    stopped.send(signal)
    let end = try stopped.end()
    #expect(end.code == 128 + signal)
    if signal == SIGINT { #expect(end.errors.contains("Interrupted")) }
    #expect(!desk.names.contains("out.nc"))
    let kept = try desk.folder.contents(".out.nc.fields").filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
    #expect((1..<4).contains(kept.count), "\(kept)")

    #expect(try Program(arguments("out.nc")).end().code == 0)
    #expect(try Program(arguments("whole.nc")).end().code == 0)
    for name in ["tas", "clt", "tas_spread", "tas_ensemble", "clt_quantile", "clt_observed"] {
      let (resumed, whole) = (
        try SmallClimate.values(name, in: desk.path("out.nc")), try SmallClimate.values(name, in: desk.path("whole.nc"))
      )
      #expect(resumed == whole && !resumed.isEmpty, "\(name)")
    }
    #expect(desk.names == ["RUN", "archive.nc", "obs.nc", "out.nc", "run.yaml", "whole.nc"])
  }

  /// A run whose one field would take many minutes.
  private func endless(_ desk: ProgramTests.Desk) throws -> Program {
    try Program([
      "impute", desk.path("obs.nc"), "--model", desk.path("RUN"), "--extrapolate", "--method", "dps", "--set", "solvers.prior=gaussian",
      "--set", "solvers.dps.steps=1000000", "--samples", "32", "--check", "0", "-o", desk.path("out.nc"),
    ])
  }

  /// A sampler ends between two of its steps, and says at once that it will.
  @Test(arguments: [SIGINT, SIGTERM]) func aFieldIsLeftWithinAStep(signal: Int32) throws {
    let desk = try ProgramTests.Desk()
    try desk.train()
    let stopped = try endless(desk)
    #expect(stopped.wait { stopped.catchesInterruptions })
    // Into the field.
    Thread.sleep(forTimeInterval: 3)
    stopped.send(signal)
    let sent = Date()
    let end = try stopped.end()
    #expect(Date().timeIntervalSince(sent) < 20)
    #expect(end.code == 128 + signal && !end.isKilled)
    #expect(end.errors.contains("press Ctrl-C again") && end.errors.contains("Interrupted; files that were not finished"), "\(end.errors)")
    #expect(desk.names == ["RUN", "archive.nc", "obs.nc", "run.yaml"])
  }

  /// Two signals that wait for a stopped process come together: the second ends it before any work looks at the first.
  @Test func aSecondSignalEndsTheProgramAtOnce() throws {
    let desk = try ProgramTests.Desk()
    try desk.train()
    let stopped = try endless(desk)
    #expect(stopped.wait { stopped.catchesInterruptions })
    Thread.sleep(forTimeInterval: 3)
    for signal in [SIGSTOP, SIGINT, SIGTERM, SIGCONT] { stopped.send(signal) }
    let end = try stopped.end()
    #expect([128 + SIGINT, 128 + SIGTERM].contains(end.code) && !end.isKilled, "\(end.code)")
    #expect(!end.errors.contains("files that were not finished"), "\(end.errors)")
  }

  /// At most the point that was being computed is lost.
  @Test(arguments: [SIGINT, SIGKILL]) func sweepingGoesOnWhereItWasStopped(signal: Int32) throws {
    let desk = try ProgramTests.Desk()
    func arguments(_ output: String, steps: String = "2, 300, 301, 302") -> [String] {
      let sweep = "sweep={methods: [ddnm], steps: [\(steps)], samples: 4, reference: [eof]}"
      return [
        "sweep", desk.path("run.yaml"), "--set", sweep, "--set", "solvers.prior=gaussian", "--set",
        "output=\(desk.path(output))", "--set", "variables={}",
      ]
    }
    func points(_ output: String) -> [[String: Any]] {
      let data = FileManager.default.contents(atPath: desk.path("\(output)/sweep/sweep.json")) ?? Data()
      return (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?["rows"] as? [[String: Any]] ?? []
    }
    // Two variables: two rows a point.
    let stopped = try Program(arguments("parts"))
    #expect(stopped.wait { points("parts").count >= 4 })
    let before = points("parts").count
    stopped.send(signal)
    #expect(try stopped.end().code == 128 + signal)
    let kept = points("parts")
    #expect(kept.count >= before && kept.count < 10, "\(kept.count)")
    #expect(try Program(arguments("parts")).end().code == 0)
    #expect(try Program(arguments("whole")).end().code == 0)
    func scores(_ rows: [[String: Any]]) -> [Double?] {
      rows.map { ($0["psnr"] as? [String: Any])?["mean"] as? Double }
    }
    func seconds(_ rows: [[String: Any]]) -> [Double?] { rows.map { $0["seconds"] as? Double } }
    let (parts, whole) = (points("parts"), points("whole"))
    #expect(parts.count == 10 && scores(parts) == scores(whole) && !scores(parts).contains(nil))
    #expect(Array(seconds(parts).prefix(kept.count)) == seconds(kept))
    #expect(try Program(arguments("parts")).end().errors.contains("exists already"))
    let other = try Program(arguments("parts", steps: "2, 3") + ["--set", "evaluate.noise=tas=2K,clt=0.05"]).end()
    #expect(other.code == 1 && other.errors.contains("other settings or data"), "\(other.errors)")
  }

  @Test(arguments: [SIGINT, SIGKILL]) func trainingLeavesAWholeModelOrNone(signal: Int32) throws {
    let desk = try ProgramTests.Desk()
    // The synthetic climate takes a while to be made: time for a signal.
    let arguments = [
      "train", desk.path("run.yaml"), "--set", "archive.files=[]", "--set", "archive.synthetic_years=1", "--set",
      "output=\(desk.path("LONG"))",
    ]
    let stopped = try Program(arguments)
    #expect(stopped.wait { stopped.catchesInterruptions })
    stopped.send(signal)
    let end = try stopped.end()
    #expect(end.code == 128 + signal, "\(end.output) \(end.errors)")
    #expect(!FileManager.default.fileExists(atPath: desk.path("LONG/model.safetensors")))
    // What a killed run leaves is no obstacle, and goes.
    try FileManager.default.createDirectory(atPath: desk.path("RUN"), withIntermediateDirectories: true)
    _ = try desk.folder.write("half", to: "RUN/.model.safetensors.partial-999999999.safetensors")
    try desk.train()
    #expect(try desk.folder.contents("RUN") == ["model.safetensors", "settings.txt"])
  }

  /// What was killed while it wrote its last file has nothing left to learn.
  @Test func aTrainingThatLacksItsSettingsAloneIsFinished() throws {
    let desk = try ProgramTests.Desk()
    try desk.train()
    let path = desk.path("RUN/model.safetensors")
    let model = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.moveItem(
      atPath: desk.path("RUN/settings.txt"), toPath: desk.path("RUN/.settings.txt.partial-999999999.txt"))
    let end = try Program(["train", desk.path("run.yaml")]).end()
    #expect(end.code == 0 && end.output.contains("settings.txt was missing"), "\(end.output) \(end.errors)")
    #expect(try desk.folder.contents("RUN") == ["model.safetensors", "settings.txt"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == model)
    // Once it is whole, it is not replaced without being asked.
    let again = try Program(["train", desk.path("run.yaml")]).end()
    #expect(again.code == 1 && again.errors.contains("--overwrite"), "\(again.errors)")
  }

  /// Stopped as soon as there is something to go on from, and again whenever that has changed.
  @Test(arguments: [SIGINT, SIGKILL]) func learningFromMeasurementsGoesOnBitByBit(signal: Int32) throws {
    let desk = try ProgramTests.Desk()
    let archive = "archive={files: [\"\(desk.path("archive.nc"))\"], variables: [tas], corrupted: {mask: \"random:0.5\", noise: 1K}, measured: {noise: 1K}}"
    func arguments(_ output: String) -> [String] {
      [
        "train", desk.path("run.yaml"), "--set", archive, "--set", "output=\(desk.path(output))", "--set",
        "prior={kind: two-scale, modes: 20}", "--set", "variables={}", "--set", "bounds={}",
      ]
    }
    let whole = try Program(arguments("whole")).end()
    #expect(whole.code == 0, "\(whole.errors)")
    let state = desk.path("parts/prior.last.safetensors")
    func stamp() -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: state))?[.modificationDate] as? Date
    }
    var stops = 0
    for _ in 0..<3 {
      let before = stamp()
      let stopped = try Program(arguments("parts"))
      let hasWritten = stopped.wait { stamp() != before }
      stopped.send(signal)
      let end = try stopped.end()
      guard hasWritten, end.code != 0 else { break }
      #expect(end.code == 128 + signal, "\(end.errors)")
      #expect(!FileManager.default.fileExists(atPath: desk.path("parts/model.safetensors")))
      stops += 1
    }
    #expect(stops > 0)
    if !FileManager.default.fileExists(atPath: desk.path("parts/model.safetensors")) {
      let end = try Program(arguments("parts")).end()
      #expect(end.code == 0, "\(end.errors)")
    }
    let name = "/model.safetensors"
    #expect(FileManager.default.contentsEqual(atPath: desk.path("whole" + name), andPath: desk.path("parts" + name)))
    #expect(try desk.folder.contents("parts") == desk.folder.contents("whole"))
  }

  /// Networks that learn from measurements, stopped whenever a file of their state has changed.
  @Test(arguments: [
    ("completions: {rounds: 2, samples: 2, steps: 3, iterations: 1}", "", "diffusion.round-1.jsonl", "diffusion.rounds.safetensors"),
    ("joint: {steps: 60}", "flow={preset: small, coupling_steps: 2, steps: 60, batch: 4}", "joint.last.json", "flow.jsonl"),
  ])
  func networksFromMeasurementsGoOnBitByBit(learning: String, flow: String, first: String, second: String) throws {
    let desk = try ProgramTests.Desk()
    let archive = "archive={files: [\"\(desk.path("archive.nc"))\"], variables: [tas], corrupted: {mask: \"random:0.5\", noise: 1K}, measured: {noise: 1K}}"
    func arguments(_ output: String) -> [String] {
      [
        "train", desk.path("run.yaml"), "--set", archive, "--set", "output=\(desk.path(output))", "--set",
        "variables={}", "--set", "bounds={}", "--set", "diffusion={steps: 60, batch: 2, widths: [8, 8]}", "--set",
        "learning={\(learning)}",
      ] + (flow.isEmpty ? [] : ["--set", flow])
    }
    let whole = try Program(arguments("whole")).end()
    #expect(whole.code == 0, "\(whole.errors)")
    var stops = 0
    for name in [first, second, second] {
      func stamp() -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: desk.path("parts/\(name)")))?[.modificationDate] as? Date
      }
      let before = stamp()
      let stopped = try Program(arguments("parts"))
      let hasWritten = stopped.wait { stamp() != before }
      stopped.send(SIGKILL)
      let end = try stopped.end()
      guard hasWritten, end.code != 0 else { break }
      #expect(end.code == 128 + SIGKILL, "\(end.errors)")
      stops += 1
    }
    #expect(stops > 0)
    if !FileManager.default.fileExists(atPath: desk.path(flow.isEmpty ? "parts/diffusion.safetensors" : "parts/flow.safetensors")) {
      let end = try Program(arguments("parts")).end()
      #expect(end.code == 0, "\(end.errors)")
    }
    for name in ["model", "diffusion", "diffusion.held-out"] + (flow.isEmpty ? [] : ["flow"]) {
      #expect(
        FileManager.default.contentsEqual(
          atPath: desk.path("whole/\(name).safetensors"), andPath: desk.path("parts/\(name).safetensors")), "\(name) differs")
    }
  }

  @Test(arguments: [SIGINT, SIGKILL]) func trainingGoesOnBitByBit(signal: Int32) throws {
    let desk = try ProgramTests.Desk()
    func arguments(_ output: String) throws -> [String] {
      let path = try desk.folder.write(
        Program.learning(archive: desk.path("archive.nc"), output: desk.path(output)), to: output + ".yaml")
      return ["train", path]
    }
    #expect(try Program(arguments("whole")).end().code == 0)
    // Stopped in each part of the training as soon as there is a log, and again when it has grown.
    var stops = 0
    for (part, lines) in [("diffusion", 1), ("diffusion", 5), ("flow", 1), ("flow", 9)] {
      let stopped = try Program(arguments("parts"))
      let hasLog = stopped.wait { (try? desk.log("parts", of: part).count >= lines) ?? false }
      stopped.send(signal)
      let end = try stopped.end()
      guard hasLog, end.code != 0 else { continue }
      #expect(end.code == 128 + signal, "\(end.errors)")
      #expect(!FileManager.default.fileExists(atPath: desk.path("parts/flow.safetensors")))
      stops += 1
    }
    #expect(stops > 0)
    let end = try Program(arguments("parts")).end()
    #expect(end.code == 0, "\(end.errors)")
    let files = ["model", "flow", "diffusion", "diffusion.held-out"].map { $0 + ".safetensors" }
    for name in files {
      #expect(
        FileManager.default.contentsEqual(atPath: desk.path("whole/" + name), andPath: desk.path("parts/" + name)),
        "\(name) differs")
    }
    for part in ["diffusion", "flow"] {
      #expect(try desk.log("whole", of: part) == desk.log("parts", of: part))
    }
  }
}

extension Program {
  /// A configuration of a small diffusion prior and a small flow on a small archive.
  static func learning(archive: String, output: String) -> String {
    """
    output: \(output)
    archive: {files: ["\(archive)"]}
    prior: {modes: 10, parameters: per-archive}
    bounds: {clt: {min: 0, max: 1}}
    variables: {clt: {transform: logit}}
    diffusion: {steps: 60, batch: 2, widths: [8, 8]}
    flow: {pairs: 16, folds: 2, steps: 60, batch: 3, widths: [8, 8]}
    evaluate:
      noise: tas=2K,clt=0.05
      scale: {tas: {peak: 100}, clt: {peak: 1}}
    """
  }
}

extension ProgramTests.Desk {
  /// The log of a part of a training, without the seconds.
  func log(_ run: String, of part: String) throws -> [[String: Double]] {
    try String(contentsOfFile: path(run + "/\(part).jsonl"), encoding: .utf8).split(separator: "\n").map {
      var line = try JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
      line["seconds"] = nil
      return line
    }
  }
}
