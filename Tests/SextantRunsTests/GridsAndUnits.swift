// Files that are not quite like the model: on another grid, or in other units.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantPipelines
@testable import SextantRuns

@Suite struct GridsAndUnits {
  /// A field of the model's grid, its interpolation to 10 degrees, and the file that has half of that.
  struct FineInput {
    let folder: ScratchFolder
    let coarse: SignalSet
    let fine: [Float]
    let path: String

    init() throws {
      folder = try ScratchFolder()
      coarse = try SmallClimate.unseen(1)
      let grid = try SmallClimate.grid(step: 10)
      let weights = try #require(coarse.domain.geography).interpolation(to: grid.points)
      let channels = coarse.values(ofChannel: 0) + coarse.values(ofChannel: 1)
      let columns = channels.map { weights.times($0.map(Double.init)).map(Float.init) }
      fine = columns[0]
      let values = (0..<grid.vertexCount).flatMap { [columns[0][$0], columns[1][$0]] }
      let fields = SignalSet(
        domain: grid, variables: coarse.variables, values: Tensor(values, shape: [1, grid.vertexCount, 2]),
        isValid: [Bool](repeating: true, count: values.count), labels: coarse.labels)
      path = folder.path("fine.nc")
      try SmallClimate.observe(fields, noise: "tas=0.5K,clt=0.05", to: path)
    }
  }

  @Test func anotherGridIsRefusedWithBothNamesAndTheWayOut() throws {
    let input = try FineInput()
    let words = complaint {
      _ = try Imputation(method: .eof, samples: 2).run(
        SignalInput(input.path), model: SmallClimate.model(), output: input.folder.path("out.nc"), overwrite: false,
        history: "test")
    }
    for part in ["19×36", "10×18", "--regrid input", "--regrid model", input.path] {
      #expect(words.contains(part), "\(words)")
    }
    #expect(try input.folder.names() == ["fine.nc"])
  }

  @Test(arguments: [Method.eof, .twoScale], AnswerGrid.allCases)
  func answersAreGivenOnEitherGrid(method: Method, grid: AnswerGrid) throws {
    let input = try FineInput()
    let output = input.folder.path("out.nc")
    _ = try Imputation(method: method, samples: 20, regrid: grid).run(
      SignalInput(input.path), model: SmallClimate.model(), output: output, overwrite: false, history: "test")
    let mean = try SmallClimate.values("tas", in: output)[0]
    let domain = try GriddedFile(path: output, variables: ["tas"]).domain
    switch grid {
    case .input:
      #expect(domain.fingerprint == (try SmallClimate.grid(step: 10)).fingerprint)
      let isObserved = try SmallClimate.values("tas_observed", in: output)[0]
      let pairs = zip(zip(mean, input.fine), isObserved).filter { $0.1 == 1 }.map(\.0)
      #expect(rootMeanSquareDifference(pairs.map(\.0), pairs.map(\.1)) < (method == .eof ? 2 : 1))
      let spread = try SmallClimate.values("tas_spread", in: output)[0]
      #expect(spread.allSatisfy { $0 > 0 && $0 < 10 })
    case .model:
      #expect(domain.fingerprint == input.coarse.domain.fingerprint)
      #expect(rootMeanSquareDifference(mean, input.coarse.values(ofChannel: 0)[0]) < (method == .eof ? 2 : 1.5))
    }
    // Poles are single-valued on either grid.
    let columns = grid == .input ? 36 : 18
    for values in try SmallClimate.values("tas_ensemble", in: output) {
      #expect(Set(values.prefix(columns)).count == 1 && Set(values.suffix(columns)).count == 1)
    }
  }

  @Test func answersComeInTheUnitsOfTheFile() throws {
    let folder = try ScratchFolder()
    var fields = try SmallClimate.unseen(1)
    try SmallClimate.observe(fields, noise: "tas=1K,clt=0.05", to: folder.path("kelvin.nc"))
    var gappy = try GriddedFile(path: folder.path("kelvin.nc"), variables: SmallClimate.variables).readAll()
    gappy = gappy.mapping { $2 == 0 ? $3 - 273.15 : $3 * 100 }
    gappy.variables[0].units = "degC"
    gappy.variables[1].units = "%"
    try SmallClimate.write(gappy, to: folder.path("celsius.nc"))
    func fill(_ name: String, noise: String) throws -> String {
      let output = folder.path("filled-\(name).nc")
      _ = try Imputation(method: .eof, samples: 5, noise: try NoiseSpecification(text: noise)).run(
        SignalInput(folder.path("\(name).nc")), model: SmallClimate.model(), output: output, overwrite: false,
        history: "test")
      return output
    }
    let kelvin = try fill("kelvin", noise: "tas=1K,clt=0.05")
    let celsius = try fill("celsius", noise: "tas=1K,clt=5")
    func difference(_ name: String, factor: Float = 1, offset: Float = 0) throws -> Double {
      let (a, b) = (try SmallClimate.values(name, in: kelvin), try SmallClimate.values(name, in: celsius))
      return zip(a, b).map { a, b in rootMeanSquareDifference(a, b.map { $0 * factor + offset }) }.max() ?? .infinity
    }
    for name in ["tas", "tas_ensemble"] { #expect(try difference(name, offset: 273.15) < 1e-2) }
    #expect(try difference("tas_spread") < 1e-3)
    for name in ["clt", "clt_ensemble", "clt_spread"] { #expect(try difference(name, factor: 0.01) < 1e-4) }
    let file = try NetCDFFile(path: celsius)
    #expect(file.variable("tas")?.text("units") == "degC" && file.variable("clt")?.text("units") == "%")
    #expect(file.variable("tas_spread")?.text("units") == "K")
    fields.variables[0].units = "hPa"
    try SmallClimate.write(fields, to: folder.path("pascal.nc"))
    #expect(complaint { _ = try fill("pascal", noise: "tas=1,clt=1") }.contains("\"hPa\" cannot be converted to \"K\""))
    fields.variables[0].units = ""
    try SmallClimate.write(fields, to: folder.path("bare.nc"))
    #expect(complaint { _ = try fill("bare", noise: "tas=1,clt=1") }.contains("without units"))
  }

  @Test func testFieldsInOtherUnitsAreScoredInTheModels() throws {
    let folder = try ScratchFolder()
    var fields = try SmallClimate.unseen(2)
    try SmallClimate.write(fields, to: folder.path("kelvin.nc"))
    fields = fields.mapping { $2 == 0 ? $3 - 273.15 : $3 }
    fields.variables[0].units = "degC"
    try SmallClimate.write(fields, to: folder.path("celsius.nc"))
    func error(_ name: String) throws -> Double? {
      let text = """
        archive: {files: [unused.nc]}
        evaluate:
          fields: {files: [\(folder.path(name))]}
          methods: [eof]
          noise: tas=1K,clt=0.05
          scale: {tas: {peak: 100}, clt: {peak: 1}}
        """
      let run = try RunConfiguration.parse(text, path: "run.yaml").configuration
      let model = try SmallClimate.model()
      let (comparison, fields, indices) = try run.comparison(for: model)
      let result = try comparison.run(model: model, fields: fields, indices: indices)
      return result.scores.summaries().first { $0.variable == "tas" }?[.rootMeanSquareError]?.mean
    }
    let (kelvin, celsius) = (try #require(try error("kelvin.nc")), try #require(try error("celsius.nc")))
    #expect(abs(kelvin - celsius) < 1e-3)
  }
}
