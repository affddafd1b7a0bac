// Scores compare quantities: neither units, nor the order of fields, nor fields that one file lacks change what is
// compared with what, and what is not compared is told.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct ScoringLaws {
  /// The truth, four fields, and an answer with an error of 1 K and 0.01.
  static func files(in folder: ScratchFolder) throws -> (truth: SignalSet, answer: SignalSet) {
    let truth = try SmallClimate.unseen(4)
    let answer = truth.mapping { $3 + ($2 == 0 ? ($0 % 2 == 0 ? 1 : -1) : 0.01) }
    try SmallClimate.write(truth, to: folder.path("truth.nc"))
    try SmallClimate.write(answer, to: folder.path("answer.nc"))
    return (truth, answer)
  }

  static func score(
    _ name: String, in folder: ScratchFolder, variables: [String]? = nil, observed: String? = nil
  ) throws -> ScoredFiles {
    try Scoring(
      truth: SignalInput(folder.path("truth.nc"), variables: variables), observed: observed.map(folder.path),
      scale: (100, 220)
    ).run([folder.path(name)])
  }

  /// The scores of the fields, by time and variable.
  static func errors(_ scores: ScoredFiles) -> [String: Double] {
    Dictionary(
      scores.fields.map { ("\($0.label.field) \($0.variable)", $0[.rootMeanSquareError] ?? .nan) },
      uniquingKeysWith: { _, _ in .nan })
  }

  @Test func unitsAreConverted() throws {
    let folder = try ScratchFolder()
    var (_, answer) = try Self.files(in: folder)
    let plain = try Self.score("answer.nc", in: folder)
    #expect(plain.remarks.isEmpty && plain.fields.count == 8)
    for (units, factor, offset) in [("degC", 1.0, -273.15), ("degF", 1.8, -459.67), ("mK", 1000, 0)] {
      var other = answer.mapping { $2 == 0 ? Float(Double($3) * factor + offset) : $3 }
      other.variables[0].units = units
      try? FileManager.default.removeItem(atPath: folder.path("other.nc"))
      try SmallClimate.write(other, to: folder.path("other.nc"))
      let scores = try Self.score("other.nc", in: folder)
      for (name, error) in Self.errors(plain) {
        #expect(abs((Self.errors(scores)[name] ?? .nan) - error) < 1e-3, "\(units) \(name)")
      }
    }
    answer.variables[0].units = "hPa"
    try SmallClimate.write(answer, to: folder.path("pressure.nc"))
    let words = complaint { _ = try Self.score("pressure.nc", in: folder) }
    for part in ["pressure.nc", "tas", "hPa", "different quantities"] { #expect(words.contains(part), "\(words)") }
    answer.variables[0].units = ""
    try SmallClimate.write(answer, to: folder.path("bare.nc"))
    let bare = try Self.score("bare.nc", in: folder)
    #expect(bare.remarks.map(\.topic) == ["units-unknown"] && Self.errors(bare) == Self.errors(plain))
  }

  /// The same places in another order of rows and columns are compared place by place, with the same scores.
  @Test(arguments: ["rows", "columns", "both"]) func gridsInAnotherOrderAreTheSame(what: String) throws {
    let folder = try ScratchFolder()
    let (_, answer) = try Self.files(in: folder)
    let plain = Self.errors(try Self.score("answer.nc", in: folder))
    let axes = try #require(answer.domain.geography?.gridAxes)
    var rows = Array(axes.latitudes.indices)
    var columns = Array(axes.longitudes.indices)
    if what != "columns" { rows.reverse() }
    if what != "rows" { columns = Array(columns.dropFirst(columns.count / 2) + columns.prefix(columns.count / 2)) }
    let grid = try LatitudeLongitudeGrid(
      latitudes: rows.map { axes.latitudes[$0] },
      longitudes: columns.enumerated().map { $0 < columns.count / 2 && what != "rows" ? axes.longitudes[$1] - 360 : axes.longitudes[$1] })
    let channels = answer.channelCount
    let order = rows.flatMap { row in columns.flatMap { column in (0..<channels).map { (row * axes.columns + column) * channels + $0 } } }
    let values = answer.values.scalars
    let size = order.count
    let other = SignalSet(
      domain: grid, variables: answer.variables,
      values: Tensor((0..<answer.count).flatMap { slot in order.map { values[slot * size + $0] } }, shape: answer.values.shape),
      isValid: answer.isValid, labels: answer.labels)
    try SmallClimate.write(other, to: folder.path("other.nc"))
    let scores = Self.errors(try Self.score("other.nc", in: folder))
    #expect(scores.count == plain.count)
    for (name, error) in plain { #expect(abs((scores[name] ?? .nan) - error) < 1e-6, "\(name)") }
  }

  /// Any order of any part of the fields gives the same scores to each of them.
  @Test(arguments: [[3, 1, 0, 2], [2, 0], [1], [3, 2, 1, 0]]) func fieldsAreMatchedByTheirTimes(order: [Int]) throws {
    let folder = try ScratchFolder()
    let (truth, answer) = try Self.files(in: folder)
    let plain = Self.errors(try Self.score("answer.nc", in: folder))
    try SmallClimate.write(answer.read(order), to: folder.path("other.nc"))
    let scores = try Self.score("other.nc", in: folder)
    let file = try #require(scores.files.first)
    #expect(file.fieldCount == order.count && file.matchedBy == ["time"])
    #expect(Set(file.absentFields) == Set((0..<4).filter { !order.contains($0) }.compactMap { truth.labels[$0].time }))
    #expect(Self.errors(scores).count == 2 * order.count)
    #expect(Self.errors(scores).allSatisfy { plain[$0.key] == $0.value })
    #expect(scores.remarks.contains { $0.topic == "absent-fields" } == (order.count < 4))
    let size = truth.vertexCount
    #expect(file.variables.allSatisfy { $0.comparedCount == order.count * size })
    #expect(file.variables.allSatisfy { $0.missingCount == (4 - order.count) * size })
  }

  /// PNG files are degraded to TIFF files, which are the same fields, in whatever order; where an ending alone tells files apart, it counts.
  @Test func filesOfAnotherKindAreMatchedByTheirNames() throws {
    func matching(_ own: [String], _ others: [String]) throws -> [Int?] {
      func labels(_ names: [String]) -> [FieldLabel] { names.map { FieldLabel(coordinates: ["file": $0]) } }
      return try FieldMatching(labels(own), of: "truth", with: labels(others), of: "answers").places
    }
    #expect(try matching(["a.png", "b.png"], ["b.tif", "a.tif"]) == [1, 0])
    #expect(try matching(["a.1.png", "a.2.png", ".png"], ["a.2.tif", "a.1.tif"]) == [1, 0, nil])
    #expect(try matching(["a.png", "a.tif"], ["a.tif", "c.tif"]) == [nil, 0])
    #expect(complaint { _ = try matching(["a.png", "a.tif"], ["c.tif"]) }.contains("file a.png"))
  }

  @Test func fieldsOfOtherTimesAreNoFieldsOfTheTruth() throws {
    let folder = try ScratchFolder()
    _ = try Self.files(in: folder)
    let truth = try SmallClimate.unseen(4)
    var later = truth
    later.labels = try SmallClimate.fields().read([0, 1, 2, 3]).labels
    try SmallClimate.write(later, to: folder.path("later.nc"))
    let words = complaint { _ = try Self.score("later.nc", in: folder) }
    for part in ["later.nc", "no field", try #require(truth.labels[0].time)] { #expect(words.contains(part), "\(words)") }
    // Fields without any coordinate are compared in their order, if they are as many, and this is said.
    let bare = truth.labels.map { _ in FieldLabel() }
    #expect(try FieldMatching(truth.labels, of: "a", with: bare, of: "b").keys == [])
    #expect(complaint { _ = try FieldMatching(truth.labels, of: "a", with: Array(bare.dropLast()), of: "b") }.contains("b: 3"))
    let twice = [truth.labels[0], truth.labels[0]]
    #expect(try FieldMatching(twice, of: "a", with: twice, of: "b").places == [0, 1])
    #expect(
      complaint { _ = try FieldMatching(Array(truth.labels[0..<2]), of: "a", with: twice, of: "b") }
        .contains("more than one field"))
  }

  /// Whatever share is not answered is told, and what is left has the scores that it had.
  @Test(arguments: [0.1, 0.5, 0.9]) func unfilledValuesAreCounted(share: Double) throws {
    let folder = try ScratchFolder()
    let (truth, answer) = try Self.files(in: folder)
    let kept = Int(Double(truth.vertexCount) * (1 - share))
    try SmallClimate.write(answer.mapping { $2 == 0 && $1 >= kept ? nil : $3 }, to: folder.path("other.nc"))
    let scores = try Self.score("other.nc", in: folder)
    let file = try #require(scores.files.first)
    #expect(file.variables.map(\.missingCount) == [4 * (truth.vertexCount - kept), 0])
    #expect(scores.remarks.map(\.topic) == ["unfilled-values"])
    #expect(scores.text.contains("Not compared") && scores.text.contains(file.variables[0].missingText))
    // A field without any answer is counted, too, and the others are scored.
    try SmallClimate.write(answer.mapping { $0 == 1 ? nil : $3 }, to: folder.path("hole.nc"))
    let hole = try Self.score("hole.nc", in: folder)
    #expect(hole.fields.count == 6 && hole.files[0].variables.allSatisfy { $0.missingCount == truth.vertexCount })
    try SmallClimate.write(answer.mapping { _, _, _, _ in nil }, to: folder.path("empty.nc"))
    #expect(complaint { _ = try Self.score("empty.nc", in: folder) }.contains("nothing to compare"))
  }

  /// A grid is compared with stations at their places: linear fields are interpolated exactly, and what lies outside is counted.
  @Test func aGridIsScoredAtStations() throws {
    let folder = try ScratchFolder()
    func value(_ place: GeographicPoint) -> Float { Float(280 + 0.2 * place.latitude + 0.1 * place.longitude) }
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0...6).map { 30 + 5 * Double($0) }, longitudes: (0...8).map { 5 * Double($0) })
    let gridPlaces = try #require(grid.geography).points
    func set(_ domain: any Domain, _ values: [Float], isValid: [Bool]? = nil) -> SignalSet {
      SignalSet(
        domain: domain, variables: [Variable(name: "tas", units: "K")], values: Tensor(values, shape: [1, values.count, 1]),
        isValid: isValid ?? values.map { _ in true }, labels: [FieldLabel(month: 1, yearFraction: 0, time: "2001-01-01T00:00:00")])
    }
    // The answer is 1 K too warm.
    try SmallClimate.write(set(grid, gridPlaces.map { value($0) + 1 }), to: folder.path("grid.nc"))
    let inside = (0..<20).map { GeographicPoint(latitude: 31 + 1.4 * Double($0), longitude: 1 + 1.9 * Double($0)) }
    let outside = [GeographicPoint(latitude: -40, longitude: 20), GeographicPoint(latitude: 45, longitude: 170)]
    let stations = try ScatteredPoints(inside + outside)
    try SmallClimate.write(set(stations, (inside + outside).map(value)), to: folder.path("truth.nc"))
    let scores = try Self.score("grid.nc", in: folder)
    let variable = try #require(scores.files.first?.variables.first)
    #expect(variable.comparedCount == 20 && variable.missingCount == 2)
    let error = try #require(scores.fields.first?[.rootMeanSquareError])
    #expect(abs(error - 1) < 1e-3, "\(error)")
    let remark = try #require(scores.remarks.first { $0.topic == "interpolated" })
    #expect(remark.text.contains("22 places") && remark.text.contains("2 of them lie outside"), "\(remark.text)")
    // Beside a cell without a value there is no value.
    let hole = try #require(gridPlaces.firstIndex { $0.latitude == 45 && $0.longitude == 20 })
    try SmallClimate.write(
      set(grid, gridPlaces.map(value), isValid: gridPlaces.indices.map { $0 != hole }), to: folder.path("holed.nc"))
    let holed = try Self.score("holed.nc", in: folder)
    // Five places lie in the four cells around it, and two outside of the grid.
    #expect(holed.files[0].variables[0].missingCount == 7)
    // Stations all outside.
    try SmallClimate.write(set(ScatteredPoints(outside), outside.map(value)), to: folder.path("away.nc"))
    let words = complaint { _ = try Scoring(truth: SignalInput(folder.path("away.nc"))).run([folder.path("grid.nc")]) }
    #expect(words.contains("none of the 2 places"), "\(words)")
  }

  @Test func variablesThatBothHaveAreCompared() throws {
    let folder = try ScratchFolder()
    let (_, answer) = try Self.files(in: folder)
    let plain = Self.errors(try Self.score("answer.nc", in: folder))
    for name in SmallClimate.variables {
      try SmallClimate.write(answer.selecting([name]), to: folder.path("\(name).nc"))
      let scores = try Self.score("\(name).nc", in: folder)
      #expect(scores.files[0].absentVariables == SmallClimate.variables.filter { $0 != name })
      #expect(scores.remarks.map(\.topic) == ["absent-variables"])
      #expect(Self.errors(scores) == plain.filter { $0.key.hasSuffix(name) })
    }
    // Those that were asked for must be there.
    #expect(complaint { _ = try Self.score("tas.nc", in: folder, variables: ["clt"]) }.contains("clt"))
    let fields = try SmallClimate.unseen(4).selecting(["tas"])
    var other = fields
    other.variables[0].name = "tos"
    try SmallClimate.write(other, to: folder.path("tos.nc"))
    #expect(complaint { _ = try Self.score("tos.nc", in: folder) }.contains("tas"))
  }

  @Test func aPeakIsForItsScoresAlone() throws {
    let folder = try ScratchFolder()
    _ = try Self.files(in: folder)
    let with = try Self.score("answer.nc", in: folder)
    let without = try Scoring(truth: SignalInput(folder.path("truth.nc"))).run([folder.path("answer.nc")])
    let peaked: Set<Score> = [.psnr, .structuralSimilarity, .structuralSimilarityWithoutWrap]
    for (a, b) in zip(with.fields, without.fields) {
      #expect(a.values.filter { !peaked.contains($0.key.score) } == b.values)
      #expect(a.values.count > b.values.count && b.peak == nil)
    }
    #expect(!without.text.contains("PSNR") && with.text.contains("PSNR"))
  }

  /// Whether there are areas follows from the places, and not from numbers that happen to be equal, as those of an exact answer are.
  @Test func exactAnswersHaveAreasToo() throws {
    let folder = try ScratchFolder()
    _ = try Self.files(in: folder)
    let exact = try Self.score("truth.nc", in: folder)
    #expect(!exact.hasEqualAreas && exact.text.contains("RMSE by area"), "\(exact.text)")
  }

  @Test func observationsAreMatchedByTheirTimes() throws {
    let folder = try ScratchFolder()
    let (truth, _) = try Self.files(in: folder)
    let gaps = truth.mapping { ($1 + $0) % 2 == 0 ? nil : $3 }
    try SmallClimate.write(gaps, to: folder.path("gaps.nc"))
    try SmallClimate.write(gaps.read([2, 3, 0, 1]), to: folder.path("turned.nc"))
    try SmallClimate.write(gaps.read([2, 0]), to: folder.path("few.nc"))
    let plain = try Self.score("answer.nc", in: folder, observed: "gaps.nc")
    let turned = try Self.score("answer.nc", in: folder, observed: "turned.nc")
    #expect(plain.fields.map(\.values) == turned.fields.map(\.values))
    #expect(plain.fields[0].counts[.missing] == truth.vertexCount / 2)
    #expect(complaint { _ = try Self.score("answer.nc", in: folder, observed: "few.nc") }.contains("--observed"))
  }
}
