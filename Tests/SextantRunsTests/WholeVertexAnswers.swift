// An answer at vertices is whole: nothing of an older answer stays beside it, what a mesh loses is said, and numbers
// come back in the form of the file, whatever their offset, their type and the scale of their colours.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantSignals

@Suite(.serialized) struct WholeVertexAnswers {
  static let count = SurfaceImputations.count

  private static func fill(
    _ input: SignalInput, _ method: Method, samples: Int = 2, quantiles: [Double] = [], splits: Bool = false,
    overwrite: Bool = false, to output: String
  ) throws -> ImputationSummary {
    try Imputation(
      method: method, samples: samples, noise: try NoiseSpecification(text: "0.01"), checkShare: 0,
      quantileLevels: quantiles, splitsMembers: splits, seed: 3
    ).run(input, model: nil, output: output, overwrite: overwrite, history: "by a test")
  }

  // MARK: Older answers

  /// The answer on a filled mesh is that on the mesh as it was.
  @Test(arguments: [Method].standard.filter { !$0.learnsFromArchive })
  func theAnswerReplacesAnOlderOne(method: Method) throws {
    let folder = try SurfaceImputations.folder()
    var scan = try SurfaceImputations.scan(folder)
    _ = try Self.fill(scan, .kriging, samples: 4, quantiles: [0.05, 0.95], to: folder.path("older.ply"))
    _ = try Self.fill(scan, method, to: folder.path("alone.ply"))
    scan.path = folder.path("older.ply")
    _ = try Self.fill(scan, method, to: folder.path("after.ply"))
    let (alone, after) = (
      try MeshFile.document(folder.path("alone.ply")), try MeshFile.document(folder.path("after.ply"))
    )
    #expect(after.vertexProperties == alone.vertexProperties)
    #expect(try MeshFile.document(folder.path("older.ply")).vertexProperties.count == 3 + 1 + 1 + 2 + 4 + 1)
  }

  @Test func columnsOfOtherVariablesStay() throws {
    let folder = try SurfaceImputations.folder()
    var document = try MeshFile.document(folder.path("scan.ply"))
    let kept = ["salt_mean", "heat_means", "heat_sample_of_rock", "heat_quantile", "heat_noise", "heating_mean"]
    for name in kept + ["heat_sample_017", "heat_quantile_0.5"] {
      try document.setVertexProperty(MeshProperty(name: name, values: [Float](repeating: 0.5, count: Self.count)))
    }
    try MeshFile.write(document, to: folder.path("more.ply"))
    var scan = try SurfaceImputations.scan(folder)
    scan.path = folder.path("more.ply")
    _ = try Self.fill(scan, .harmonic, to: folder.path("out.ply"))
    let names = try MeshFile.document(folder.path("out.ply")).vertexProperties.map(\.name)
    #expect(names == ["heat", "salt", "quality"] + kept + ["heat_mean", "heat_observed"])
  }

  @Test func filesOfAnOlderAnswerGoOrAreRefused() throws {
    let folder = try SurfaceImputations.folder()
    let input = SignalInput(folder.path("heat.npy"), mesh: folder.path("scan.ply"))
    let before = try folder.names()
    _ = try Self.fill(input, .kriging, quantiles: [0.5], to: folder.path("out.npy"))
    #expect(
      try Set(folder.names()).subtracting(before)
        == ["out.npy", "out.spread.npy", "out.samples.npy", "out.quantiles.npy"])
    try FileManager.default.removeItem(atPath: folder.path("out.npy"))
    let refusal = complaint { _ = try Self.fill(input, .harmonic, to: folder.path("out.npy")) }
    #expect(refusal.contains("out.spread.npy") && refusal.contains("--overwrite"), "\(refusal)")
    _ = try Self.fill(input, .harmonic, overwrite: true, to: folder.path("out.npy"))
    #expect(try Set(folder.names()).subtracting(before) == ["out.npy"])
    // A smaller ensemble of files.
    for samples in [4, 2] {
      _ = try Self.fill(
        input, .kriging, samples: samples, splits: true, overwrite: true, to: folder.path("member.npy"))
      #expect(
        try folder.names().filter { $0.hasPrefix("member_") }
          == (1...samples).map { "member_member00\($0).npy" })
    }
  }

  @Test func whatAMeshLosesIsSaid() throws {
    let folder = try SurfaceImputations.folder()
    let scan = try SurfaceImputations.scan(folder)
    #expect(try !Self.fill(scan, .harmonic, to: folder.path("a.ply")).remarks.contains { $0.topic == "not-kept" })
    try MeshFile.writePLY(MeshFile.document(scan.path), encoding: .text, to: folder.path("text.ply"))
    var lines = try String(contentsOfFile: folder.path("text.ply"), encoding: .utf8).split(separator: "\n")
      .map(String.init)
    let end = try #require(lines.firstIndex(of: "end_header"))
    lines.insert(contentsOf: ["element strip 1", "property list uchar int vertex_indices"], at: end)
    lines.append("2 0 1")
    var edged = scan
    edged.path = try folder.write(lines.joined(separator: "\n") + "\n", to: "edged.ply")
    let remark = try #require(
      try Self.fill(edged, .harmonic, to: folder.path("b.ply")).remarks.first { $0.topic == "not-kept" })
    #expect(remark.kind == .warning && remark.text.contains("strip") && remark.text.contains("edged.ply"))
  }

  // MARK: Doubles

  /// Formats in which a file holds doubles, or text.
  enum Holder: String, CaseIterable {
    case ply, npy, csv
  }

  /// Writes a signal with gaps, shifted by `offset`, and returns the input.
  private static func write(_ holder: Holder, offset: Double, in folder: ScratchFolder) throws -> SignalInput {
    let numbers = try zip(SurfaceImputations.truth(), SurfaceImputations.isBad).map {
      $1 ? Double.nan : offset + Double($0)
    }
    let path = folder.path("t\(offset).\(holder)")
    switch holder {
    case .ply:
      var document = MeshDocument(try SurfaceImputations.mesh())
      try document.setVertexProperty(MeshProperty(name: "t", type: .float64, values: numbers))
      try MeshFile.write(document, to: path)
    case .npy:
      let writer = try NPYWriter(creating: path, reportedAs: path, shape: [numbers.count], isDouble: true)
      try writer.write(numbers, at: 0)
      try writer.close()
    case .csv: _ = try folder.write((["t"] + numbers.map { "\($0)" }).joined(separator: "\n"), to: "t\(offset).csv")
    }
    return SignalInput(path, mesh: holder == .ply ? nil : folder.path("scan.ply"))
  }

  /// The numbers of a part of an answer, in the precision of the file.
  private static func numbers(_ part: String?, of holder: Holder, at path: String) throws -> [Double] {
    switch holder {
    case .ply: return try MeshFile.document(path).vertexProperty("t_\(part ?? "mean")").values
    case .npy:
      let file = part.map { ArrayFiles.path($0, beside: path) } ?? path
      guard case .wide(let tensor, isDouble: true) = try NPYFile.numbers(file) else { return [] }
      return tensor.scalars
    case .csv:
      let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
        .map { $0.split(separator: ",") }
      let column = try #require(rows[0].firstIndex { $0 == "t_\(part ?? "mean")" })
      return rows.dropFirst().map { Double($0[column]) ?? .nan }
    }
  }

  /// Adding a constant to the numbers adds it to the answer, and changes nothing else.
  @Test(arguments: Holder.allCases, [1.7e9, -3e10, 1e5]) func anOffsetOfTheNumbersIsAnOffsetOfTheAnswer(
    holder: Holder, offset: Double
  ) throws {
    let folder = try SurfaceImputations.folder()
    for method in [Method.kriging, .harmonic, .nearest] {
      var answers: [[[Double]]] = []
      for (place, offset) in [0, offset].enumerated() {
        let input = try Self.write(holder, offset: offset, in: folder)
        let output = folder.path("\(method.name)\(place).\(holder)")
        _ = try Self.fill(input, method, overwrite: true, to: output)
        // Only numbers that hardly differ from each other get an offset of their own.
        answers.append(
          try ([nil] + (method.traits.drawsSamples ? ["spread"] : [])).map {
            try Self.numbers($0, of: holder, at: output)
          })
        try FileManager.default.removeItem(atPath: input.path)
      }
      #expect(answers[0][0].count == Self.count && answers[1][0].count == Self.count)
      #expect(zip(answers[0][0], answers[1][0]).allSatisfy { abs($0 + offset - $1) < 1e-4 }, "\(method.name)")
      if method.traits.drawsSamples {
        #expect(zip(answers[0][1], answers[1][1]).allSatisfy { abs($0 - $1) < 1e-4 && $0 < 1 }, "\(method.name)")
      }
    }
  }

  /// The same of doubles on a grid.
  @Test func anOffsetOnAGridIsOneOfTheAnswer() throws {
    let folder = try ScratchFolder()
    let (rows, columns) = (6, 10)
    var answers: [[Double]] = []
    for (place, offset) in [0, 1.7e9].enumerated() {
      let path = folder.path("in\(place).nc")
      let output = try NetCDFFileWriter(creating: path, reportedAs: path)
      let axes = [("lat", rows, "degrees_north"), ("lon", columns, "degrees_east")]
      let dimensions = try axes.map { try output.defineDimension($0.0, length: $0.1) }
      var ids: [Int32] = []
      for ((name, _, units), dimension) in zip(axes, dimensions) {
        ids.append(try output.defineVariable(name, type: .double, dimensions: [dimension]))
        try output.setAttribute("units", .text(units), of: ids[ids.count - 1])
      }
      ids.append(try output.defineVariable("t", type: .double, dimensions: dimensions))
      try output.endDefinitions()
      try output.put((0..<rows).map { 50 - 20 * Double($0) }, variable: ids[0], name: "lat", start: [0], count: [rows])
      try output.put((0..<columns).map { 36 * Double($0) }, variable: ids[1], name: "lon", start: [0], count: [columns])
      let values = (0..<rows * columns).map { $0 % 4 == 1 ? Double.nan : offset + 100 * sin(Double($0) / 7) }
      try output.put(values, variable: ids[2], name: "t", start: [0, 0], count: [rows, columns])
      try output.close()
      let answer = folder.path("out\(place).nc")
      _ = try Self.fill(SignalInput(path), .kriging, quantiles: [0.5], to: answer)
      let file = try NetCDFFile(path: answer)
      answers.append(
        try ["t", "t_ensemble", "t_quantile"].flatMap { try file.rawValues(of: #require(file.variable($0))) })
      #expect(file.variable("t")?.type == (offset == 0 ? .float : .double) && file.variable("t_spread")?.type == .float)
      for (found, value) in zip(answers[place], values) where !value.isNaN { #expect(abs(found - value) < 5) }
      // A condition compares the numbers of the file.
      let input = SignalInput(path, missing: [try MissingCondition("t>\(offset + 50)")])
      let isValid = try input.open(for: nil).read([0]).isValid
      #expect(isValid == values.map { $0 <= offset + 50 })
    }
    #expect(answers[0].count == rows * columns * 4)
    #expect(zip(answers[0], answers[1]).allSatisfy { abs($0 + 1.7e9 - $1) < 1e-2 })
  }

  @Test func theTypeOfTheFileIsThatOfTheAnswer() throws {
    let folder = try SurfaceImputations.folder()
    var document = try MeshFile.document(folder.path("scan.ply"))
    let heat = try SurfaceImputations.truth().map(Double.init)
    try document.setVertexProperty(MeshProperty(name: "double", type: .float64, values: heat))
    try document.setVertexProperty(
      MeshProperty(name: "seconds", type: .int32, values: heat.map { (1.7e9 + 100 * $0).rounded() }))
    try document.setVertexProperty(MeshProperty(name: "few", type: .int32, values: heat.map { ($0 * 10).rounded() }))
    try MeshFile.write(document, to: folder.path("types.ply"))
    let names = ["heat", "double", "seconds", "few"]
    let input = SignalInput(
      folder.path("types.ply"), variables: names, missing: [try MissingCondition("quality<100")])
    let summary = try Self.fill(input, .kriging, to: folder.path("out.ply"))
    #expect(!summary.remarks.contains { $0.topic == "single-precision" })
    let answer = try MeshFile.document(folder.path("out.ply"))
    for (name, type) in zip(names, [MeshScalarType.float32, .float64, .float64, .float32]) {
      for part in ["mean", "spread", "sample_000"] {
        #expect(try answer.vertexProperty("\(name)_\(part)").type == type, "\(name)_\(part)")
      }
    }
    for (vertex, value) in try answer.vertexProperty("seconds_mean").values.enumerated()
    where !SurfaceImputations.isBad[vertex] {
      #expect(abs(value - 1.7e9 - 100 * heat[vertex]) < 1.5)
    }
    // The same for what is degraded; and what is compared with other files is as it is, which is said.
    _ = try Degradation(mask: AnyMeasurementDesign("random:0.3"), noise: NoiseSpecification(text: "0.01"), seed: 4)
      .run(input, output: folder.path("holed.ply"), overwrite: false, history: "by a test")
    let holed = try MeshFile.document(folder.path("holed.ply"))
    #expect(try holed.vertexProperty("double").type == .float64)
    for (vertex, value) in try holed.vertexProperty("seconds").values.enumerated() where !value.isNaN {
      #expect(abs(value - 1.7e9 - 100 * heat[vertex]) < 1.5)
    }
    let plain = try input.open()
    #expect(try #require(try plain.companion("seconds", at: 0))[0] > 1.6e9)
    #expect(try plain.read([0]).values.scalars[2] > 1.6e9)
    #expect(plain.origin.remarks.map(\.topic) == ["single-precision"])
    #expect(plain.origin.remarks[0].text.contains("seconds"))
    // A condition compares the numbers of the file, to the second.
    var late = input
    late.variables = ["seconds"]
    let seconds = try document.vertexProperty("seconds").values
    for bound in [seconds[5], seconds[77]] {
      late.missing = [try MissingCondition("seconds<\(Int(bound))")]
      #expect(try late.open(for: nil).read([0]).isValid == seconds.map { $0 >= bound })
    }
  }

  // MARK: Colours

  /// A colour in a file: its names, its type, and the number at full intensity.
  struct Paint: CustomTestStringConvertible, Sendable {
    var names = ["red", "green", "blue"]
    var type = MeshScalarType.float32
    var full = 1.0
    var testDescription: String { "\(names[0]) \(type) \(full)" }
  }

  /// Shares of full intensity of each channel: one is a little overexposed, and one is dark.
  private static func shares() throws -> [[Double]] {
    try [0.9, 1, 0].enumerated().map { channel, level in
      try SurfaceImputations.truth(channel).map { channel == 2 ? 1.0 / 255 : (Double($0) * 255 * level).rounded() / 255 }
    }
  }

  @Test(arguments: [
    Paint(type: .uint8, full: 255), Paint(type: .uint16, full: 65535), Paint(type: .int32, full: 255),
    Paint(full: 255), Paint(type: .float64, full: 255), Paint(type: .float64),
    Paint(names: ["r", "g", "b"], type: .uint8, full: 255), Paint(names: ["r", "g", "b"], full: 255),
    Paint(names: ["diffuse_red", "diffuse_green", "diffuse_blue"], type: .uint8, full: 255),
  ]) func coloursAreFilledInTheScaleOfTheFile(paint: Paint) throws {
    let folder = try SurfaceImputations.folder()
    func answer(_ paint: Paint, _ shares: [[Double]], _ method: Method) throws -> [[[Double]]] {
      var document = try MeshFile.document(folder.path("scan.ply"))
      for (name, values) in zip(paint.names, shares) {
        try document.setVertexProperty(
          MeshProperty(
            name: name, type: paint.type,
            values: values.map { paint.type.isInteger ? ($0 * paint.full).rounded() : paint.full * $0 }))
      }
      try MeshFile.write(document, to: folder.path("paint.ply"), overwrite: true)
      let input = SignalInput(
        folder.path("paint.ply"), variables: paint.names, missing: [try MissingCondition("quality<100")])
      _ = try Self.fill(input, method, overwrite: true, to: folder.path("out.ply"))
      let out = try MeshFile.document(folder.path("out.ply"))
      return try (["mean"] + (method.traits.drawsSamples ? ["spread", "sample_001"] : [])).map { part in
        try paint.names.map { try out.vertexProperty("\($0)_\(part)").values.map { $0 / paint.full } }
      }
    }
    for method in [Method.harmonic, .kriging] {
      let (found, expected) = (
        try answer(paint, Self.shares(), method), try answer(Paint(), Self.shares(), method)
      )
      for (found, expected) in zip(found.joined(), expected.joined()) {
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(method.name)")
      }
      #expect(try zip(found[0], Self.shares()).allSatisfy { zip($0, $1).filter { abs($0 - $1) > 0.3 }.isEmpty })
    }
  }

  /// Channels of one colour have one scale, however bright or dark one of them is.
  @Test func aLittleTooBrightIsNotAPartOf255() throws {
    func scales(_ values: [(String, MeshScalarType, [Double])]) -> [Double?] {
      let colours = ColourScales(of: values.map { MeshProperty(name: $0.0, type: $0.1, values: $0.2) })
      return values.map { colours.scale(of: $0.0) }
    }
    #expect(scales([("red", .float32, [0, 1.02]), ("green", .float32, [0.98, 0])]) == [1, 1])
    let dark: [(String, MeshScalarType, [Double])] = [
      ("red", .float32, [190, 3]), ("green", .float32, [7, 0]), ("blue", .float32, [1, 1]),
    ]
    #expect(scales(dark) == [255, 255, 255])
    #expect(
      scales([("red", .uint8, [190, 3]), ("green", .float32, [0.5, 0]), ("alpha", .float32, [1, 0.5])])
        == [255, 255, 1])
    // Single letters are a colour only together.
    let letters = ["r", "g", "b", "a"].map { ($0, MeshScalarType.uint8, [1.0, 2]) }
    #expect(scales(Array(letters.prefix(2))) == [nil, nil])
    #expect(scales(letters) == [255, 255, 255, 255])
    // Estimates and noise have the scale of their colour, whether that is in the file or not.
    #expect(
      scales([("size", .uint8, [1, 2]), ("red_mean", .float32, [200, 2]), ("red_noise", .float32, [2, 2])])
        == [nil, 255, 255])
  }

  /// The error of an answer is that of its colours from 0 to 1, whatever the scale of the files.
  @Test func answersOfColoursAreScored() throws {
    let folder = try SurfaceImputations.folder()
    var document = try MeshFile.document(folder.path("scan.ply"))
    try document.setVertexProperty(
      MeshProperty(name: "red", type: .uint8, values: SurfaceImputations.truth().map { Double($0 * 255).rounded() }))
    try MeshFile.write(document, to: folder.path("paint.ply"))
    let input = SignalInput(folder.path("paint.ply"), variables: ["red"])
    _ = try Self.fill(input, .kriging, to: folder.path("out.ply"))
    let truth = try input.open().read([0])
    let answer = try SignalInput(folder.path("out.ply"), variables: ["red"]).open(content: .estimates)
    let mean = try answer.read([0])
    #expect(mean.variables == truth.variables)
    #expect(rootMeanSquareDifference(mean.values.scalars, truth.values.scalars) < 0.02)
    #expect(rootMeanSquareDifference(try #require(try answer.members(of: 0)).rows(0..<1).scalars, truth.values.scalars) < 0.1)
  }
}
