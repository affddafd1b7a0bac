// What is written in any format reads back as it was; whole or not at all; recognised by that format alone.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct FormatLaws {
  @Test func everyFormatThatWritesIsTested() {
    let written = Set(FormatCase.formats.flatMap(\.writtenEndings))
    // Three endings are other names of NetCDF; curvature files hold one variable, PNG holds whole numbers alone, and both
    // have tests of their own.
    let curvature: Set = ["curv", "thickness", "sulc", "area", "png"]
    #expect(written.subtracting(curvature.union(["nc4", "cdf", "netcdf"])) == FormatCase.endings)
  }

  @Test(arguments: FormatCase.all, [1, 2]) func measuredValuesComeBackWithTheirGapsAndNoise(
    format: FormatCase, channels: Int
  ) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: channels)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.measurements(fields.count, hasNoise: true), of: fields, to: path)
    let document = try format.open(path, channels: channels)
    #expect(document.count == fields.count && document.domain.fingerprint == fields.domain.fingerprint)
    #expect(document.variables.map(\.name) == fields.variables.map(\.name))
    let read = try document.read(Array(0..<fields.count))
    #expect(read.values == fields.values && read.isValid == fields.isValid)
    for index in 0..<fields.count {
      let noise = try FormatCase.record(fields, index, .measurements(fields.count, hasNoise: true)).noise ?? []
      for (channel, variable) in fields.variables.enumerated() {
        let found = try document.companion(NoiseNaming.noise(of: variable.name), at: index)
        #expect(found == stride(from: channel, to: noise.count, by: channels).map { noise[$0] })
        // A variable of the fields is a companion, too.
        let own = try #require(try document.companion(variable.name, at: index))
        let expected = FieldRecord(fields[index]).values
        for (vertex, value) in own.enumerated() {
          let wanted = expected[vertex * channels + channel]
          #expect(value == wanted || (value.isNaN && wanted.isNaN))
        }
      }
    }
    #expect(try document.companion("nothing") == nil)
    let absent = complaint { _ = try document.requiredCompanion("nothing") }
    #expect(absent.contains("nothing") && absent.contains("heat"), "\(absent)")
  }

  @Test(arguments: FormatCase.all, [1, 2]) func estimatesComeBackWithTheirEnsemble(
    format: FormatCase, channels: Int
  ) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: channels)
    let path = folder.path("out.\(format.ending)")
    let content = SignalContent.estimates(fields.count, memberCount: 2, quantileLevels: [0.25, 0.75])
    _ = try format.write(content, of: fields, to: path)
    let document = try format.open(path, channels: channels, content: .estimates)
    let read = try document.read(Array(0..<fields.count))
    #expect(!read.isValid.contains(false) && read.variables.map(\.name) == fields.variables.map(\.name))
    for index in 0..<fields.count {
      let record = try FormatCase.record(fields, index, content)
      #expect(read[index].values.scalars == record.values)
      let members = try #require(try document.members(of: index))
      #expect(members.rowCount == 2 && members.scalars == record.members?.scalars)
    }
  }

  @Test(arguments: FormatCase.all) func membersGetAFileEach(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 2)
    let content = SignalContent.estimates(fields.count, memberCount: 3)
    let paths = try format.write(
      content, of: fields, to: folder.path("out.\(format.ending)"), splitsMembers: true
    ).filter { !$0.hasSuffix(".about.json") }
    // Images have no attributes: what is said of an answer is beside it.
    #expect(try folder.names().filter { !$0.hasSuffix(".about.json") } == (1...3).map { "out_member00\($0).\(format.ending)" })
    for (member, path) in paths.enumerated() {
      let read = try format.open(path, channels: 2).read(Array(0..<fields.count))
      for index in 0..<fields.count {
        let record = try FormatCase.record(fields, index, content)
        #expect(read[index].values.scalars == record.values.map { $0 + Float(member + 1) })
      }
    }
  }

  @Test(arguments: FormatCase.all) func samplesOfAPriorAreFields(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 1)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.fields(fields.count), of: fields, to: path)
    let read = try format.open(path, channels: 1).read(Array(0..<fields.count))
    #expect(read.values == fields.values && read.isValid == fields.isValid)
  }

  @Test(arguments: FormatCase.all) func aFileIsWholeOrAbsent(format: FormatCase) throws {
    struct Stop: Error {}
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 1)
    let path = folder.path("out.\(format.ending)")
    let content = SignalContent.estimates(fields.count, memberCount: 2)
    for splits in [false, true] {
      let sink = try FormatCase.formats.sink(
        OutputRequest(path: path, content: content, splitsMembers: splits), like: fields)
      #expect(throws: Stop.self) {
        try sink.write(content, description: OutputDescription(history: "x"), overwrite: false) { _ in throw Stop() }
      }
      #expect(try folder.names() == [])
    }
    let paths = try format.write(content, of: fields, to: path)
    let written = try folder.names()
    #expect(paths.map { URL(fileURLWithPath: $0).lastPathComponent }.sorted() == written)
    for name in written {
      let sink = try FormatCase.formats.sink(OutputRequest(path: path, content: content), like: fields)
      #expect(throws: FileError.exists(path: folder.path(name))) {
        for other in written where other != name { try? FileManager.default.removeItem(atPath: folder.path(other)) }
        try sink.checkIsFree(overwrite: false)
      }
      _ = try format.write(content, of: fields, to: path, overwrite: true)
      #expect(try folder.names() == written)
    }
  }

  @Test(arguments: FormatCase.all) func aFileIsRecognisedByItsOwnFormatAlone(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 1)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.fields(fields.count), of: fields, to: path)
    // Whatever the name says.
    let renamed = folder.path("renamed.ply.dat")
    try FileManager.default.moveItem(atPath: path, toPath: renamed)
    let own = FormatCase.formats.filter { $0.recognises(renamed) }
    #expect(own.count == 1 && own[0].writtenEndings.contains(format.ending), "\(own.map(\.name))")
    #expect(try FormatCase.formats.open(
      SignalRequest(path: renamed, variables: ["heat"], domain: format.domain())).count == fields.count)
    #expect(try FormatCase.formats.inspect(InspectionRequest(path: renamed)).description.contains("renamed"))
    if !["ply", "vtp"].contains(format.ending) {
      #expect(
        complaint { _ = try FormatCase.formats.inspect(InspectionRequest(path: renamed, part: "x")) }.contains("--part"))
    }
  }

  @Test(arguments: FormatCase.all) func fieldsAreChosenByTheirLabels(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 1)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.fields(fields.count), of: fields, to: path)
    let names = try format.open(path, channels: 1).labels.flatMap(\.coordinates.keys)
    let name = names.first ?? "field"
    let unknown = complaint { _ = try format.open(path, channels: 1, select: [name: ["7"]]) }
    #expect(unknown.contains(name) && unknown.contains("7"), "\(unknown)")
    guard format.holdsSeveral else { return #expect(names.isEmpty) }
    let chosen = try format.open(path, channels: 1, select: [name: ["2"]])
    #expect(chosen.count == 1)
    #expect(try chosen.read([0]).values == fields.read([2]).values)
  }

  // MARK: Formats that are not ours

  /// A format that is defined by the two members that have to be.
  struct Lines: SignalFormat {
    var name: String { "lines" }
    var help: String { "a number a line" }
    func recognises(_ path: String) -> Bool {
      (try? String(contentsOfFile: path, encoding: .utf8))?.hasPrefix("lines\n") ?? false
    }
    func open(_ request: SignalRequest) throws -> any SignalDocument {
      let numbers = try String(contentsOfFile: request.path, encoding: .utf8).split(separator: "\n").compactMap {
        Float($0)
      }
      let grid = try LatitudeLongitudeGrid(latitudes: [10, -10], longitudes: [0, 90, 180, 270])
      return StoredSignals(
        path: request.path, inputPaths: [request.path], format: self,
        fields: SignalSet(
          domain: grid, variables: [Variable(name: "x")], values: Tensor(numbers, shape: [1, 8, 1]),
          isValid: [Bool](repeating: true, count: 8), labels: [FieldLabel()]))
    }
  }

  @Test func aFormatOfSomebodyElseIsOneMoreMember() throws {
    let folder = try ScratchFolder()
    // To us this is a table without a mesh; a program that knows better is asked first.
    let path = try folder.write("lines\n" + (0..<8).map { "\($0)\n" }.joined(), to: "a.lines")
    #expect(throws: SignalFormatError.meshUnknown(path: path)) { try FormatCase.formats.open(SignalRequest(path: path)) }
    let prose = try folder.write("Nothing to be read here.\n", to: "b.lines")
    let refusal = complaint { _ = try FormatCase.formats.open(SignalRequest(path: prose)) }
    #expect(refusal.contains("b.lines") && refusal.contains("NetCDF") && refusal.contains("text"), "\(refusal)")
    let formats = FormatCase.formats + [Lines()]
    let document = try formats.open(SignalRequest(path: path))
    #expect(try document.read([0]).values.scalars == (0..<8).map(Float.init))
    let inspection = try formats.inspect(InspectionRequest(path: path))
    #expect(inspection.description.contains("0 to 7") && inspection.description.contains("lines"))
    // It is read only; others write what it reads.
    let content = SignalContent.fields(1)
    #expect(
      complaint { _ = try formats.sink(OutputRequest(path: "x.lines", content: content), like: document) }
        .contains(".npy"))
    _ = try formats.sink(OutputRequest(path: folder.path("x.nc"), content: content), like: document)
  }
}
