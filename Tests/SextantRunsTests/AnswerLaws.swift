// What must hold of every answer, whatever the method: poles and repeated columns are single-valued, ranges are honoured,
// what was observed is told from what was not, and one field's answer does not depend on the others.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct AnswerLaws {
  /// Fills `fields` with gaps by `method`, and gives the answer's path.
  static func fill(
    _ fields: SignalSet, model: Model, method: Method = .eof, mask: String = "random:0.5",
    samples: Int = 8, in folder: ScratchFolder, name: String = "out.nc", change: (inout Imputation) -> Void = { _ in }
  ) throws -> String {
    let observed = folder.path("observed-of-\(name)")
    try SmallClimate.observe(fields, mask: mask, to: observed)
    var request = Imputation(
      method: method, samples: samples, quantileLevels: method.traits.drawsSamples ? [0.05, 0.95] : [], seed: 7)
    change(&request)
    _ = try request.run(
      SignalInput(observed), model: model, output: folder.path(name), overwrite: false, history: "test")
    return folder.path(name)
  }

  /// The names of the variables that an answer of `method` has beside the mean.
  static func companions(of method: Method) -> [String] {
    method.traits.drawsSamples ? ["_ensemble", "_quantile"] : []
  }

  @Test(arguments: [Method].withoutNetworks)
  func polesAndRepeatedColumnsAreSingleValuedAndRangesAreHonoured(method: Method) throws {
    let grid = try SmallClimate.grid(repeatsColumn: true)
    let fields = SyntheticClimate().fields(count: 40, on: grid)
    let model = try SmallClimate.model(of: fields.read(Array(0..<38)))
    let folder = try ScratchFolder()
    let path = try Self.fill(fields.read([39]), model: model, method: method, in: folder)
    let columns = grid.columns
    for variable in SmallClimate.variables {
      for suffix in [""] + Self.companions(of: method) {
        for values in try SmallClimate.values(variable + suffix, in: path) {
          #expect(!values.contains { $0.isNaN })
          for row in [0, grid.rows - 1] {
            #expect(Set(values[row * columns..<(row + 1) * columns]).count == 1, "\(variable)\(suffix), row \(row)")
          }
          for row in 0..<grid.rows { #expect(values[row * columns] == values[(row + 1) * columns - 1]) }
          if variable == "clt" { #expect(values.allSatisfy { (0...1).contains($0) }) }
        }
      }
    }
  }

  @Test func observedZeroIsNotMissing() throws {
    let folder = try ScratchFolder()
    let model = try SmallClimate.model()
    let grid = try SmallClimate.grid()
    let place = 4 * grid.columns + 5
    let base = try SmallClimate.unseen(1).mapping { _, vertex, channel, value in
      vertex == place && channel == 1 ? 0.9 : value
    }
    let zero = base.mapping { $1 == place && $2 == 1 ? 0 : $3 }
    let gap = base.mapping { $1 == place && $2 == 1 ? nil : $3 }
    func answer(_ fields: SignalSet, _ name: String) throws -> (mean: Float, observed: Float) {
      let path = folder.path(name)
      try SmallClimate.write(fields, to: path + ".in.nc")
      let request = Imputation(method: .eof, samples: 0, noise: try NoiseSpecification(text: "tas=1K,clt=0.02"))
      _ = try request.run(SignalInput(path + ".in.nc"), model: model, output: path, overwrite: false, history: "test")
      return (
        try SmallClimate.values("clt", in: path)[0][place], try SmallClimate.values("clt_observed", in: path)[0][place]
      )
    }
    let (zeroAnswer, gapAnswer) = (try answer(zero, "zero.nc"), try answer(gap, "gap.nc"))
    #expect(zeroAnswer.observed == 1 && gapAnswer.observed == 0)
    #expect(zeroAnswer.mean < 0.05 && gapAnswer.mean > 2 * zeroAnswer.mean + 0.02, "\(zeroAnswer), \(gapAnswer)")
  }

  @Test func anAnswerDoesNotDependOnTheOtherFieldsOfTheFile() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.unseen(3)
    let model = try SmallClimate.model()
    let whole = folder.path("whole.nc")
    try SmallClimate.observe(fields, to: whole)
    func fill(_ selecting: [String: [String]], _ name: String) throws -> [[Float]] {
      let request = Imputation(method: .eof, samples: 4, seed: 7)
      _ = try request.run(
        SignalInput(whole, select: selecting), model: model, output: folder.path(name), overwrite: false, history: "test")
      return try SmallClimate.values("tas_ensemble", in: folder.path(name))
    }
    let all = try fill([:], "all.nc")
    let time = try #require(fields.labels[2].time)
    let last = try fill(["time": [String(time.prefix(10))]], "last.nc")
    #expect(all.count == 12 && last.count == 4)
    // The samples come first, and the three times of each after one another.
    #expect(stride(from: 2, to: 12, by: 3).map { all[$0] } == last)
  }

  @Test func timesAndTheirCalendarComeBack() throws {
    let folder = try ScratchFolder()
    let grid = try SmallClimate.grid()
    let output = try NetCDFFileWriter(creating: folder.path("days.nc"), reportedAs: "days.nc")
    let sizes = [("time", 3), ("lat", grid.rows), ("lon", grid.columns)]
    let dimensions = try sizes.map { try output.defineDimension($0, length: $1) }
    let axes: [(String, Int32, [Double], [String: String])] = [
      ("time", dimensions[0], [0, 1, 5], ["units": "days since 2000-02-29", "calendar": "360_day"]),
      ("lat", dimensions[1], grid.latitudes, ["units": "degrees_north"]),
      ("lon", dimensions[2], grid.longitudes, ["units": "degrees_east"]),
    ]
    var variables: [(Int32, String, [Double])] = []
    for (name, dimension, values, attributes) in axes {
      let id = try output.defineVariable(name, type: .double, dimensions: [dimension])
      for (key, text) in attributes { try output.setAttribute(key, .text(text), of: id) }
      variables.append((id, name, values))
    }
    let tas = try output.defineVariable("tas", type: .float, dimensions: dimensions)
    try output.setAttribute("units", .text("K"), of: tas)
    try output.setAttribute("_FillValue", .numbers([-1], .float), of: tas)
    try output.endDefinitions()
    for (id, name, values) in variables {
      try output.put(values, variable: id, name: name, start: [0], count: [values.count])
    }
    let truth = try SmallClimate.unseen(3).values(ofChannel: 0)
    let gappy = truth.flatMap { $0.enumerated().map { $0 % 3 == 0 ? Float(-1) : $1 } }
    try output.put(gappy, variable: tas, name: "tas", start: [0, 0, 0], count: [3, grid.rows, grid.columns])
    try output.close()

    let model = try SmallClimate.model(of: SmallClimate.fields().selecting(["tas"]), kind: .modes)
    let request = Imputation(method: .eof, samples: 2, noise: try NoiseSpecification(text: "1K"))
    _ = try request.run(
      SignalInput(folder.path("days.nc")), model: model, output: folder.path("out.nc"), overwrite: false, history: "test")
    let filled = try GriddedFile(path: folder.path("out.nc"), variables: ["tas"])
    #expect(filled.labels.map(\.time) == ["2000-02-29", "2000-02-30", "2000-03-04"].map { $0 + "T00:00:00" })
    let time = try #require(try NetCDFFile(path: folder.path("out.nc")).variable("time"))
    #expect(time.text("calendar") == "360_day" && time.text("units") == "days since 2000-02-29")
    let answers = try SmallClimate.values("tas", in: folder.path("out.nc"))
    for (answer, truth) in zip(answers, truth) { #expect(rootMeanSquareDifference(answer, truth) < 4) }
  }
}
