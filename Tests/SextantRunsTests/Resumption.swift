// An imputation that is interrupted between fields: nothing stands at the destination, what was finished is used again if
// and only if nothing changed, and the end is the same as without the interruption.

import Foundation
import Sextant
import SextantTestSupport
import Synchronization
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct Resumption {
  /// Asks for a stop after some fields, and counts the fields that were filled.
  final class Stopper: ProgressObserver {
    let interruption = Interruption()
    private let limit: Int
    private let done = Mutex(0)

    init(after limit: Int) { self.limit = limit }

    var filled: Int { done.withLock { $0 } }
    func start(_ activity: String, unit: String, count: Int) {}
    func finish() {}
    func advance(to: Int) {
      let isEnough = done.withLock { done in
        done += 1
        return done >= limit
      }
      if isEnough { interruption.request() }
    }
  }

  /// Fills the folder's input; returns how many fields were filled for it.
  static func fill(
    _ folder: ScratchFolder, model: Model, output: String = "out.nc", stopAfter limit: Int = .max,
    seed: UInt64 = 3
  ) throws -> Int {
    let stopper = Stopper(after: limit)
    let request = Imputation(method: .eof, samples: 3, quantileLevels: [0.5], seed: seed)
    do {
      _ = try request.run(
        SignalInput(folder.path("in.nc")), model: model, output: folder.path(output), overwrite: false, history: "test",
        progress: stopper, interruption: stopper.interruption)
      #expect(limit == .max)
    } catch let error as InterruptionError {
      #expect(limit < .max)
      // What is kept is told, with what to do.
      #expect(error.next?.contains("run the same command to go on") ?? false, "\(error)")
      #expect(try folder.names() == [".\(output).fields", "in.nc"])
    }
    return stopper.filled
  }

  @Test func aRestartGoesOnWhereItWas() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    try SmallClimate.observe(SmallClimate.unseen(5), to: folder.path("in.nc"))
    #expect(try Self.fill(folder, model: model, stopAfter: 2) == 2)
    #expect(try Self.fill(folder, model: model, stopAfter: 1) == 1)
    #expect(try Self.fill(folder, model: model) == 2)
    #expect(try folder.names() == ["in.nc", "out.nc"])
    #expect(try Self.fill(folder, model: model, output: "again.nc") == 5)
    for name in ["tas", "clt", "tas_spread", "tas_ensemble", "clt_quantile", "clt_observed"] {
      let (resumed, whole) = (
        try SmallClimate.values(name, in: folder.path("out.nc")),
        try SmallClimate.values(name, in: folder.path("again.nc"))
      )
      #expect(resumed == whole && !resumed.isEmpty, "\(name)")
    }
  }

  /// A run that was interrupted reports on all of its fields, not only on those that it filled itself.
  @Test func theSummaryIsThatOfTheWholeRun() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    try SmallClimate.observe(SmallClimate.unseen(4), to: folder.path("some.nc"))
    // One field is empty, and another is nearly so.
    try SmallClimate.write(
      GriddedFile(path: folder.path("some.nc"), variables: ["tas", "clt"]).readAll().mapping { field, vertex, _, value in
        field == 0 || (field == 1 && vertex > 30) ? nil : value
      }, to: folder.path("in.nc"))
    func summary(_ output: String, stopAfter limit: Int) throws -> ImputationSummary? {
      let stopper = Stopper(after: limit)
      return try? Imputation(method: .eof, samples: 3, noise: NoiseSpecification(text: "tas=1K,clt=0.05"), seed: 3).run(
        SignalInput(folder.path("in.nc")), model: model, output: folder.path(output), overwrite: false, history: "test",
        progress: stopper, interruption: stopper.interruption)
    }
    #expect(try summary("out.nc", stopAfter: 3) == nil)
    let resumed = try #require(try summary("out.nc", stopAfter: .max))
    let whole = try #require(try summary("whole.nc", stopAfter: .max))
    #expect(resumed.remarks == whole.remarks && resumed.remarks.contains { $0.topic == "empty-field" })
    #expect(resumed.missingShare == whole.missingShare && resumed.diagnostics == whole.diagnostics)
    #expect(resumed.noise["tas"]?.standardised == whole.noise["tas"]?.standardised)
    #expect(resumed.check["tas"]?.count == whole.check["tas"]?.count && resumed.fieldCount == 4)
  }

  @Test func whatAnotherRequestLeftIsNotUsed() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    try SmallClimate.observe(SmallClimate.unseen(3), to: folder.path("in.nc"))
    _ = try Self.fill(folder, model: model, stopAfter: 2)
    #expect(try Self.fill(folder, model: model, stopAfter: 2, seed: 4) == 2)
    // The same description, but another archive.
    let fields = try SmallClimate.fields()
    let other = try SmallClimate.model(of: fields.mapping { $2 == 0 ? $3 + 1 : $3 })
    #expect(try Self.fill(folder, model: other, seed: 4) == 3)
  }

  @Test func keysAreTheSameInEveryProcess() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("x", to: "in.nc")
    let model = try SmallClimate.model()
    let names = (0..<20).map { "coordinate\($0)" }
    let orders = [names, names.reversed()].map { names in
      Dictionary(uniqueKeysWithValues: names.map { ($0, ["1", "2"]) })
    }
    let keys = try orders.map {
      try CacheKey.text(request: SignalInput(path, select: $0), inputs: [path], model: model)
    }
    #expect(keys[0] == keys[1])
  }

  @Test func aRunWithoutAnythingToKeepPromisesNothing() throws {
    let folder = try ScratchFolder()
    for count in [1, 3] {
      try SmallClimate.observe(SmallClimate.unseen(count), to: folder.path("in\(count).nc"))
      let interruption = Interruption()
      interruption.request()
      #expect(throws: InterruptionError(next: nil)) {
        _ = try Imputation(method: .eof, samples: 2).run(
          SignalInput(folder.path("in\(count).nc")), model: SmallClimate.model(), output: folder.path("out.nc"),
          overwrite: false, history: "test", interruption: interruption)
      }
    }
    #expect("\(InterruptionError())" == "Interrupted; files that were not finished have been removed.")
  }

  @Test func trainingStopsWhenAsked() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(20), to: folder.path("archive.nc"))
    let stopper = Stopper(after: 1)
    #expect(throws: InterruptionError.self) {
      try SmallClimate.training(from: folder.path("archive.nc")).run(
        folder: folder.path("RUN"), overwrite: false, progress: stopper, interruption: stopper.interruption)
    }
    #expect(try folder.names() == ["archive.nc"])
  }
}
