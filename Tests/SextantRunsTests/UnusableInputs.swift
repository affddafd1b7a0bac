// Inputs that cannot be used: each is refused with the reason and what to do, before anything is written.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite struct UnusableInputs {
  /// What filling `path` complains of; the folder must hold the same files afterwards.
  static func complaintOfFilling(
    _ path: String, in folder: ScratchFolder, model: Model? = nil, noise: String? = "tas=1K,clt=0.05",
    variables: [String]? = nil
  ) throws -> String {
    let before = try folder.names()
    let model = try model ?? SmallClimate.model()
    let words = complaint {
      let request = Imputation(
        method: .eof, samples: 2, noise: try noise.map(NoiseSpecification.init(text:)))
      _ = try request.run(
        SignalInput(path, variables: variables), model: model, output: folder.path("out.nc"), overwrite: false, history: "test")
    }
    #expect(try folder.names().filter { !$0.hasPrefix(".out.nc.fields") } == before)
    return words
  }

  @Test(arguments: [0, 7, 3000, 30_000]) func truncatedFiles(byteCount: Int) throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(20), to: folder.path("whole.nc"))
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path("whole.nc")))
    try #require(whole.count > byteCount)
    try whole.prefix(byteCount).write(to: URL(fileURLWithPath: folder.path("cut.nc")))
    let words = try Self.complaintOfFilling(folder.path("cut.nc"), in: folder)
    #expect(words.contains("cut.nc") && words != "no complaint")
  }

  @Test func filesOfAnotherKind() throws {
    let folder = try ScratchFolder()
    let text = try folder.write("latitude,longitude,tas\n1,2,300\n", to: "table.nc")
    #expect(try Self.complaintOfFilling(text, in: folder).contains("table.nc"))
    #expect(try Self.complaintOfFilling(folder.path("absent.nc"), in: folder).contains("no such file"))
  }

  @Test func absentVariablesAreToldWithThoseThatExist() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(1), to: folder.path("in.nc"))
    let words = try Self.complaintOfFilling(folder.path("in.nc"), in: folder, variables: ["tos", "clt"])
    #expect(words.contains("tos") && words.contains("tas") && words.contains("clt"), "\(words)")
    let fewer = try Self.complaintOfFilling(folder.path("in.nc"), in: folder, variables: ["tas"])
    #expect(fewer.contains("2") && fewer.contains("tas, clt"), "\(fewer)")
  }

  @Test func aFieldWithoutAnyValueIsNamed() throws {
    let folder = try ScratchFolder()
    let fields = try SmallClimate.unseen(3).mapping { $0 == 1 ? nil : $3 }
    try SmallClimate.write(fields, to: folder.path("in.nc"))
    let words = complaint {
      _ = try Imputation(
        method: .eof, samples: 2, noise: NoiseSpecification(text: "tas=1K,clt=0.1"), onEmpty: .fail
      ).run(
        SignalInput(folder.path("in.nc")), model: try SmallClimate.model(), output: folder.path("out.nc"), overwrite: false,
        history: "test")
    }
    #expect(words.contains(try #require(fields.labels[1].time)) && words.contains("nothing is observed"), "\(words)")
  }

  @Test func infiniteValuesAreRefusedWithTheirPlace() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(1).mapping { $1 == 100 && $2 == 0 ? 250 : $3 }, to: folder.path("in.nc"))
    // The writers turn infinities into gaps; this one puts the bits in by hand.
    let grid = try SmallClimate.grid()
    let output = try NetCDFFileWriter(creating: folder.path("infinite.nc"), reportedAs: "infinite.nc")
    let rows = try output.defineDimension("lat", length: grid.rows)
    let columns = try output.defineDimension("lon", length: grid.columns)
    let latitude = try output.defineVariable("lat", type: .double, dimensions: [rows])
    try output.setAttribute("units", .text("degrees_north"), of: latitude)
    let longitude = try output.defineVariable("lon", type: .double, dimensions: [columns])
    try output.setAttribute("units", .text("degrees_east"), of: longitude)
    let ids = try SmallClimate.variables.map {
      try output.defineVariable($0, type: .float, dimensions: [rows, columns])
    }
    for (id, units) in zip(ids, ["K", "1"]) { try output.setAttribute("units", .text(units), of: id) }
    try output.endDefinitions()
    try output.put(grid.latitudes, variable: latitude, name: "lat", start: [0], count: [grid.rows])
    try output.put(grid.longitudes, variable: longitude, name: "lon", start: [0], count: [grid.columns])
    for (channel, id) in ids.enumerated() {
      var values = try SmallClimate.unseen(1).values(ofChannel: channel)[0]
      if channel == 0 { values[100] = .infinity }
      try output.put(values, variable: id, name: "x", start: [0, 0], count: [grid.rows, grid.columns])
    }
    try output.close()
    let words = try Self.complaintOfFilling(folder.path("infinite.nc"), in: folder)
    #expect(words.contains("infinite value at") && words.contains("latitude -10, longitude 200"), "\(words)")
    let training = SmallClimate.training(from: folder.path("infinite.nc"))
    #expect(complaint { _ = try training.learn() } != "no complaint")
  }

  @Test func archivesOfMixedGridsAreRefused() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(2), to: folder.path("a.nc"))
    let other = try SyntheticClimate().fields(count: 2, on: SmallClimate.grid(step: 30))
    try SmallClimate.write(other, to: folder.path("b.nc"))
    var training = SmallClimate.training(from: folder.path("*.nc"))
    let words = complaint { _ = try training.run(folder: folder.path("RUN"), overwrite: false) }
    for part in ["a.nc", "b.nc", "10×18", "7×12"] { #expect(words.contains(part), "\(words)") }
    training.archive.files = [folder.path("c*.nc")]
    #expect(complaint { _ = try training.learn() }.contains("no file matches"))
    #expect(try folder.names() == ["a.nc", "b.nc"])
  }

  @Test func noiseMustBeKnownAndPositive() throws {
    let folder = try ScratchFolder()
    try SmallClimate.write(SmallClimate.unseen(1), to: folder.path("in.nc"))
    func words(_ noise: String?) throws -> String {
      try Self.complaintOfFilling(folder.path("in.nc"), in: folder, noise: noise)
    }
    #expect(try words(nil).contains("Give --noise"))
    #expect(try words("tas=1K").contains("clt"))
    #expect(try words("tas=1hPa,clt=0.1") != "no complaint")
    #expect(try words("tas=-1K,clt=0.1") != "no complaint")
    #expect(try words("variable:sigma").contains("sigma"))
  }

  @Test func outputsThatExistAreKept() throws {
    let folder = try ScratchFolder()
    try SmallClimate.observe(SmallClimate.unseen(1), to: folder.path("in.nc"))
    let output = try folder.write("mine", to: "out.nc")
    let model = try SmallClimate.model()
    func run(overwrite: Bool) throws {
      _ = try Imputation(method: .eof, samples: 2).run(
        SignalInput(folder.path("in.nc")), model: model, output: output, overwrite: overwrite, history: "test")
    }
    #expect(complaint { try run(overwrite: false) }.contains("--overwrite"))
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "mine")
    try run(overwrite: true)
    #expect(try SmallClimate.values("tas", in: output).count == 1)
    try FileManager.default.createDirectory(atPath: folder.path("RUN"), withIntermediateDirectories: true)
    _ = try folder.write("mine", to: "RUN/model.safetensors")
    let training = SmallClimate.training(from: folder.path("absent.nc"))
    // Said before the archive is opened, which is not there.
    #expect(
      complaint { _ = try training.run(folder: folder.path("RUN"), overwrite: false) }.contains("--overwrite"))
  }

  @Test func membersOfAMethodWithoutAnyAreRefused() throws {
    let folder = try ScratchFolder()
    try SmallClimate.observe(SmallClimate.unseen(1), to: folder.path("in.nc"))
    let words = complaint {
      _ = try Imputation(method: .harmonic, samples: 2, splitsMembers: true).run(
        SignalInput(folder.path("in.nc")), model: SmallClimate.model(), output: folder.path("out.nc"), overwrite: false,
        history: "test")
    }
    #expect(words.contains("harmonic"), "\(words)")
    #expect(try folder.names() == ["in.nc"])
  }
}
