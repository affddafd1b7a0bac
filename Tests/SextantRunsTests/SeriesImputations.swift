// Series are filled together: in any order of the file, with repeated, absent and unobserved times, from the past alone with
// a state that goes on, and in windows; what cannot be done is refused before anything is written.

import Foundation
import Sextant
import SextantImages
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct SeriesImputations {
  /// Neighbouring fields that no model has seen.
  static func steps(_ count: Int) throws -> SignalSet {
    try SmallClimate.fields().read((0..<count).map { SmallClimate.trainingCount + 5 + $0 })
  }

  /// A folder with in.nc: some steps with gaps and noise, of which the one at `empty` has no value.
  static func folder(_ count: Int = 6, empty: Int? = nil) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try SmallClimate.observe(steps(count), mask: "clouds:length=1,time=2,missing=0.5", to: folder.path("in.nc"))
    if let empty {
      let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
      try SmallClimate.write(set.mapping { $0 == empty ? nil : $3 }, to: folder.path("in.nc.new"))
      try FileManager.default.removeItem(atPath: folder.path("in.nc"))
      try FileManager.default.moveItem(atPath: folder.path("in.nc.new"), toPath: folder.path("in.nc"))
    }
    return folder
  }

  @discardableResult
  static func fill(
    _ folder: ScratchFolder, input: String = "in.nc", output: String = "out.nc", method: Method = .twoScale,
    time: TimeUse? = .joint, state: String? = nil, memory: Int? = nil, samples: Int = 3, seed: UInt64 = 1,
    model: Model? = nil
  ) throws -> ImputationSummary {
    var request = Imputation(
      method: method, samples: samples, noise: try NoiseSpecification(text: "tas=1K,clt=0.05"), seed: seed)
    request.time = time
    request.stateFile = state.map { folder.path($0) }
    if let memory { request.seriesMemory = memory }
    return try request.run(
      SignalInput(folder.path(input), variables: SmallClimate.variables), model: try model ?? SmallClimate.model(),
      output: folder.path(output), overwrite: true, history: "test")
  }

  private func expectSame(_ a: [[Float]], _ b: [[Float]], within tolerance: Float = 0) {
    #expect(a.count == b.count)
    for (x, y) in zip(a, b) {
      for (p, q) in zip(x, y) where !p.isNaN || !q.isNaN { #expect(abs(p - q) <= tolerance) }
    }
  }

  private func says(_ summary: ImputationSummary, _ words: String) -> Bool {
    summary.remarks.contains { $0.text.contains(words) }
  }

  @Test func seriesAreFilledTogetherUnlessAskedOtherwise() throws {
    let folder = try Self.folder()
    let joint = try Self.fill(folder)
    #expect(says(joint, "filled together") && joint.fieldCount == 6)
    let separate = try Self.fill(folder, output: "one.nc", time: .separate)
    #expect(!says(separate, "filled together"))
    let alone = try SmallClimate.values("tas", in: folder.path("one.nc"))
    #expect(try SmallClimate.values("tas", in: folder.path("out.nc")) != alone)
    // Months of this climate hardly know of each other.
    let months = try Self.fill(folder, output: "months.nc", time: nil)
    #expect(says(months, "hardly remembers") && !says(months, "filled together"))
    #expect(try SmallClimate.values("tas", in: folder.path("months.nc")) == alone)
    // The same field again and again does.
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    let truth = try Self.steps(1)
    try SmallClimate.write(set.mapping { field, vertex, channel, _ in truth.values.scalars[vertex * truth.channelCount + channel] }, to: folder.path("still.nc"))
    let still = try Self.fill(folder, input: "still.nc", output: "still-out.nc", time: nil)
    #expect(says(still, "filled together"))
    // Methods that take one field at a time go on as they did.
    let eof = try Self.fill(folder, output: "eof.nc", method: .eof, time: nil)
    #expect(!says(eof, "filled together"))
  }

  @Test func theOrderOfTheFileChangesNothing() throws {
    let folder = try Self.folder()
    try Self.fill(folder)
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    let order = [3, 0, 5, 1, 4, 2]
    try SmallClimate.write(set.read(order), to: folder.path("shuffled.nc"))
    let summary = try Self.fill(folder, input: "shuffled.nc", output: "other.nc")
    #expect(says(summary, "not in order"))
    let (whole, other) = (
      try SmallClimate.values("tas", in: folder.path("out.nc")), try SmallClimate.values("tas", in: folder.path("other.nc"))
    )
    expectSame(order.map { whole[$0] }, other)
  }

  @Test func aTimeThatIsTwiceIsOneTruth() throws {
    let folder = try Self.folder()
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    try SmallClimate.write(set.read([0, 1, 2, 2, 3, 4]), to: folder.path("twice.nc"))
    let summary = try Self.fill(folder, input: "twice.nc")
    #expect(says(summary, "has the time of another"))
    let values = try SmallClimate.values("tas", in: folder.path("out.nc"))
    expectSame([values[2]], [values[3]], within: 0.02)
  }

  @Test func aStepWithoutObservationsKnowsItsNeighbours() throws {
    let folder = try Self.folder(7, empty: 3)
    try Self.fill(folder)
    let spread = try SmallClimate.values("tas_spread", in: folder.path("out.nc")).map { row in
      row.reduce(0.0) { $0 + Double($1) } / Double(row.count)
    }
    #expect(spread[3] > spread[2] && spread[3] > spread[4])
    try Self.fill(folder, output: "one.nc", time: .separate)
    let alone = try SmallClimate.values("tas_spread", in: folder.path("one.nc"))[3]
    #expect(spread[3] < alone.reduce(0.0) { $0 + Double($1) } / Double(alone.count))
  }

  @Test func thePastKnowsNothingOfTheFuture() throws {
    let folder = try Self.folder()
    let summary = try Self.fill(folder, time: .causal)
    #expect(says(summary, "--time causal"))
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    try SmallClimate.write(set.mapping { $0 >= 4 && $2 == 0 ? $3 + 10 : $3 }, to: folder.path("other.nc"))
    try Self.fill(folder, input: "other.nc", output: "changed.nc", time: .causal)
    let (one, two) = (
      try SmallClimate.values("tas", in: folder.path("out.nc")), try SmallClimate.values("tas", in: folder.path("changed.nc"))
    )
    expectSame(Array(one[..<4]), Array(two[..<4]))
    #expect(one[4] != two[4])
  }

  @Test func aStateGoesOn() throws {
    let folder = try Self.folder(8)
    // With fixed parameters of the covariance at one time, nothing depends on which steps a run sees but the memories,
    // which are fitted at the 1st, 2nd and 4th step: all in the first run.
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    try SmallClimate.write(set.read(Array(0..<5)), to: folder.path("early.nc"))
    try SmallClimate.write(set.read([5, 6]), to: folder.path("late.nc"))
    try SmallClimate.write(set.read(Array(0..<7)), to: folder.path("seven.nc"))
    try Self.fill(folder, input: "seven.nc", time: .causal)
    try Self.fill(folder, input: "early.nc", output: "early-out.nc", time: .causal, state: "state")
    let second = try Self.fill(folder, input: "late.nc", output: "late-out.nc", time: .causal, state: "state")
    #expect(says(second, "state file included"))
    for name in ["tas", "tas_spread"] {
      let whole = try SmallClimate.values(name, in: folder.path("out.nc"))
      let parts = try SmallClimate.values(name, in: folder.path("early-out.nc")) + SmallClimate.values(name, in: folder.path("late-out.nc"))
      // The state holds single precision.
      for (a, b) in zip(whole, parts) {
        for (p, q) in zip(a, b) { #expect(abs(p - q) <= 4 * max(abs(p), 1).ulp) }
      }
    }
  }

  @Test func windowsComeNearTheWhole() throws {
    let folder = try Self.folder(14)
    try Self.fill(folder)
    try Self.fill(folder, output: "windows.nc", memory: 1)
    let (whole, windows) = (
      try SmallClimate.values("tas", in: folder.path("out.nc")), try SmallClimate.values("tas", in: folder.path("windows.nc"))
    )
    let spread = try SmallClimate.values("tas_spread", in: folder.path("out.nc"))
    for (step, row) in whole.enumerated() {
      for (place, value) in row.enumerated() { #expect(abs(value - windows[step][place]) < 0.75 * spread[step][place]) }
    }
  }

  /// A window of the sparse field knows less than the whole series and says so: its spread is never smaller, and the answers differ by
  /// what it allows.
  @Test func windowsOfTheSparseFieldKnowLess() throws {
    let folder = try Self.folder(9)
    try Self.fill(folder, method: .sparseMatern)
    let summary = try Self.fill(folder, output: "windows.nc", method: .sparseMatern, memory: 5 * 5 * 16 * 4500)
    let steps = try #require(summary.diagnostics["steps in a window"])
    #expect((2..<9).contains(steps), "\(steps)")
    func values(_ name: String) throws -> [(whole: Double, windows: Double)] {
      let (whole, windows) = (
        try SmallClimate.values(name, in: folder.path("out.nc")), try SmallClimate.values(name, in: folder.path("windows.nc"))
      )
      return zip(whole.joined(), windows.joined()).map { (Double($0), Double($1)) }
    }
    let (means, spreads) = (try values("tas"), try values("tas_spread"))
    #expect(spreads.allSatisfy { $0.windows > 0.999 * $0.whole })
    let squares = zip(means, spreads).map { pow(($0.whole - $0.windows) / $1.windows, 2) }
    let difference = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    #expect(difference < 1.5 && difference > 0, "\(difference)")
  }

  @Test func severalFilesAreOneSeries() throws {
    let folder = try Self.folder()
    try Self.fill(folder)
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    func fill(_ parts: [(name: String, steps: [Int])]) throws -> ImputationSummary {
      for part in parts { try SmallClimate.write(set.read(part.steps), to: folder.path(part.name)) }
      var request = Imputation(
        method: .twoScale, samples: 3, noise: try NoiseSpecification(text: "tas=1K,clt=0.05"), seed: 1)
      request.time = .joint
      return try request.run(
        parts.map { (SignalInput(folder.path($0.name), variables: SmallClimate.variables), folder.path("out-" + $0.name)) },
        model: try SmallClimate.model(), overwrite: true, history: "test")
    }
    // The later part may be named first: the times decide.
    let summary = try fill([("late.nc", [3, 4, 5]), ("early.nc", [0, 1, 2])])
    #expect(summary.fieldCount == 6 && !says(summary, "overlap") && !says(summary, "absent"))
    for name in ["tas", "tas_spread", "tas_ensemble"] {
      let whole = try SmallClimate.values(name, in: folder.path("out.nc"))
      let parts = try ["early.nc", "late.nc"].map { try SmallClimate.values(name, in: folder.path("out-" + $0)) }
      // An ensemble has its members one after another, each with its times.
      let joined = stride(from: 0, to: parts[0].count, by: 3).flatMap { first in parts.flatMap { $0[first..<first + 3] } }
      expectSame(whole, joined)
    }
    let apart = try fill([("first.nc", [0, 1, 2]), ("second.nc", [4, 5])])
    #expect(says(apart, "1 time is absent") && apart.fieldCount == 5)
    let over = try fill([("one.nc", [0, 1, 2, 3]), ("two.nc", [3, 4, 5])])
    #expect(says(over, "overlap in time") && says(over, "1 time in both"))
    // Another grid is refused before anything is written.
    let before = try folder.names()
    let grid = try SmallClimate.grid(step: 60)
    try SmallClimate.write(
      SignalSet(
        domain: grid, variables: set.variables, values: .zeros([1, grid.vertexCount, set.channelCount]),
        isValid: [Bool](repeating: true, count: grid.vertexCount * set.channelCount), labels: [set.labels[0]]),
      to: folder.path("coarse.nc"))
    let words = complaint {
      var request = Imputation(method: .timeLinear, samples: 0, seed: 1)
      request.time = .joint
      _ = try request.run(
        ["early.nc", "coarse.nc"].map { (SignalInput(folder.path($0)), folder.path("none-" + $0)) }, model: nil,
        overwrite: true, history: "test")
    }
    #expect(words.contains("different grids"), "\(words)")
    #expect(try folder.names().filter { $0 != "coarse.nc" } == before)
  }

  /// What is asked for in vain, and a word of the reason.
  @Test func whatCannotBeDoneIsRefused() throws {
    let folder = try Self.folder(5)
    let set = try SignalInput(folder.path("in.nc"), variables: SmallClimate.variables).open().readAll()
    try SmallClimate.write(set.read([0, 1, 2]), to: folder.path("early.nc"))
    try SmallClimate.write(set.read([3, 4]), to: folder.path("late.nc"))
    try Self.fill(folder, input: "early.nc", output: "early-out.nc", time: .causal, state: "state")
    _ = try folder.write("not a state", to: "text")
    let before = try folder.names()
    func words(_ body: () throws -> ImputationSummary) -> String { complaint { _ = try body() } }
    func expect(_ words: String, _ part: String) throws {
      #expect(words.contains(part), "\(words)")
      #expect(try folder.names().filter { !$0.hasSuffix(".fields") } == before)
    }
    try expect(words { try Self.fill(folder, method: .eof, time: .joint) }, "takes one field at a time")
    try expect(words { try Self.fill(folder, method: .timeLinear, time: .causal) }, "earlier and later")
    try expect(words { try Self.fill(folder, method: .sparseMatern, time: .joint, memory: 1) }, "three steps of this field")
    try expect(words { try Self.fill(folder, method: .sparseMatern, time: .causal) }, "earlier and later")
    try expect(words { try Self.fill(folder, state: "state") }, "only a causal run has a state")
    try expect(words { try Self.fill(folder, time: .causal, state: "state") }, "already knows everything up to")
    try expect(words { try Self.fill(folder, input: "late.nc", time: .causal, state: "state", samples: 4) }, "number of samples")
    try expect(words { try Self.fill(folder, input: "late.nc", time: .causal, state: "state", seed: 7) }, "another seed")
    try expect(words { try Self.fill(folder, input: "late.nc", time: .causal, state: "text") }, "text")
    let other = try SmallClimate.model(of: try SmallClimate.fields().mapping { $2 == 0 ? $3 + 1 : $3 }, fixesParameters: true)
    try expect(words { try Self.fill(folder, input: "late.nc", time: .causal, state: "state", model: other) }, "another model")
  }

  @Test(arguments: [Method].withoutNetworks.filter(\.knowsTime))
  func everyMethodOfTimeFillsASeries(method: Method) throws {
    let folder = try Self.folder(6, empty: 2)
    let summary = try Self.fill(folder, method: method, samples: method.traits.drawsSamples ? 3 : 0)
    #expect(summary.fieldCount == 6 && says(summary, "--time joint"))
    let truth = try Self.steps(6).values(ofChannel: 0)
    for (own, row) in zip(truth, try SmallClimate.values("tas", in: folder.path("out.nc"))) {
      #expect(row.allSatisfy { $0.isFinite })
      var sum = 0.0
      for (a, b) in zip(own, row) { sum += Double(a - b) * Double(a - b) }
      let error = (sum / Double(own.count)).squareRoot()
      #expect(error < 15)
    }
  }

  /// The frames of a stack of images are the times of one series, and each of its slices is a series of its own.
  @Test(arguments: [1, 2]) func framesOfAStackHaveTheTimes(slices: Int) throws {
    let folder = try ScratchFolder()
    let path = folder.path("stack.tif")
    let (frames, side) = (6, 8)
    func truth(_ frame: Int, _ slice: Int, _ pixel: Int) -> Double { Double(1000 * slice + 10 * frame + pixel) }
    func isMissing(_ frame: Int, _ slice: Int, _ pixel: Int) -> Bool { (pixel + 3 * frame + slice).isMultiple(of: 4) }
    let pages = (0..<frames).flatMap { frame in (0..<slices).map { (frame, $0) } }
    let writer = try ImageWriter(
      creating: path, reportedAs: path, .tiff, header: ImageHeader(rows: side, columns: side, bands: 1, type: .float32),
      pageCount: pages.count)
    for (frame, slice) in pages {
      var samples = ImageSamples(type: .float32, count: side * side)
      for pixel in 0..<side * side { samples[pixel] = isMissing(frame, slice, pixel) ? .nan : truth(frame, slice, pixel) }
      try writer.append(samples)
    }
    try writer.close()
    var request = Imputation(method: .timeLinear, samples: 0, seed: 1)
    request.times = try FieldTimes(text: "0:0.5")
    let input = SignalInput(path, settings: ["axes": slices == 1 ? "TYX" : "T6Z2YX"])
    let summary = try request.run(input, model: nil, output: folder.path("out.tif"), overwrite: true, history: "test")
    #expect(says(summary, "filled together") && summary.fieldCount == pages.count)
    let answer = try ImageFile(path: folder.path("out.tif"), axes: input.settings["axes"])
    for (page, (frame, slice)) in pages.enumerated() where frame > 0 && frame < frames - 1 {
      let values = try answer.samples(ofPage: page).numbers
      for pixel in values.indices { #expect(abs(values[pixel] - truth(frame, slice, pixel)) < 1e-3) }
    }
    // One time for each frame, however many slices it has.
    request.times = try FieldTimes(text: folder.write("0\n1\n2\n", to: "few.txt"))
    let words = complaint { _ = try request.run(input, model: nil, output: folder.path("none.tif"), overwrite: true, history: "test") }
    #expect(words.contains("3 times for 6 fields"), "\(words)")
  }

  @Test func arraysOnAMeshHaveTimesOfTheirOwn() throws {
    let folder = try ScratchFolder()
    let mesh = try SurfaceImputations.mesh()
    try MeshFile.write(MeshDocument(mesh), to: folder.path("mesh.ply"))
    let positions = mesh.positions
    var rows: [Float] = []
    for step in 0..<6 {
      for (vertex, place) in positions.enumerated() {
        let value = Float(sin(place.x + 0.1 * Double(step)))
        rows.append((vertex + 2 * step).isMultiple(of: 3) ? .nan : value)
      }
    }
    try NPYFile.write(Tensor(rows, shape: [6, positions.count]), to: folder.path("signal.npy"))
    func fill(_ times: String) throws -> ImputationSummary {
      var request = Imputation(method: .timeLinear, samples: 0, seed: 1)
      request.times = try FieldTimes(text: times)
      return try request.run(
        SignalInput(folder.path("signal.npy"), mesh: folder.path("mesh.ply")), model: nil, output: folder.path("out.npy"),
        overwrite: true, history: "test")
    }
    let regular = try fill("0:0.5")
    #expect(says(regular, "filled together"))
    let list = try folder.write("# hours\n0\n1\n2\n4\n5\n6\n", to: "times.txt")
    let listed = try fill(list)
    #expect(says(listed, "filled together"))
    let few = try folder.write("1\n2\n", to: "few.txt")
    let bad = try folder.write("1\nx\n", to: "bad.txt")
    for (times, reason) in [
      ("0:-1", "step above 0"), (few, "2 times for 6 fields"), (bad, "line 2"), (folder.path("absent.txt"), "cannot be read"),
    ] {
      let words = complaint { _ = try fill(times) }
      #expect(words.contains(reason), "\(words)")
    }
  }
}
