// The program on clouds, VTK files and cortical surfaces that are wrong or special: what is refused with a reason, a
// medial wall that counts as missing by value and by label, arrays of several fields, and kriging along the surface.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct CloudAndCortexProgramTests {
  /// Files that are wrong, with what has to be said of each.
  enum BadFile: String, CaseIterable {
    case volume, cutVTK, longGIFTI, shortThickness, words, emptyCloud, allExcluded

    func make(_ folder: ScratchFolder) throws -> (arguments: [String], reasons: [String]) {
      func path(_ text: String, _ name: String) throws -> String { try folder.write(text, to: name) }
      switch self {
      case .volume:
        let text = try String(contentsOfFile: EggFiles.vtu(folder), encoding: .utf8)
        let one = text.replacingOccurrences(of: ">" + [String](repeating: "5", count: 80).joined(separator: " "), with: ">" + [String](repeating: "10", count: 80).joined(separator: " "))
        return ([try path(one, "volume.vtu"), "--variables", "heat"], ["volume.vtu", "80 volume cells", "Extract Surface"])
      case .cutVTK:
        let text = try String(contentsOfFile: EggFiles.vtk(folder), encoding: .utf8)
        return ([try path(String(text.prefix(900)), "cut.vtk"), "--variables", "heat"], ["cut.vtk", "cut off"])
      case .longGIFTI:
        let text = try String(contentsOfFile: EggFiles.gifti(folder), encoding: .utf8)
        let mesh = try EggFiles.written("egg.surf.gii", in: folder, hasHeat: false)
        let long = text.replacingOccurrences(of: "Dim0=\"42\"", with: "Dim0=\"43\"").replacingOccurrences(of: "<Data>", with: "<Data>7 ")
        return ([try path(long, "long.shape.gii"), "--mesh", mesh], ["long.shape.gii", "43", "42"])
      case .shortThickness:
        try EggFiles.surface(folder)
        return ([try EggFiles.thickness(folder, count: 40), "--mesh", folder.path("lh.white")], ["lh.thickness", "40", "42"])
      case .words: return ([try path("0 0 0\n1 0 0\nhello 1 2\n", "words.xyz")], ["words.xyz", "line 3", "hello"])
      case .emptyCloud: return ([try path("# x y z\n", "empty.xyz")], ["empty.xyz", "no points"])
      case .allExcluded:
        return (
          [try EggFiles.written("egg.ply", in: folder), "--variables", "heat", "--missing", "heat>-100"],
          ["egg.ply", "leaves nothing", "--missing"])
      }
    }
  }

  @Test(arguments: BadFile.allCases) func wrongFilesAreRefusedWithAReason(file: BadFile) throws {
    let folder = try ScratchFolder()
    let (arguments, reasons) = try file.make(folder)
    let before = try folder.names()
    let end = try Program(["impute"] + arguments + ["--method", "kriging", "--noise", "0.1", "--output", folder.path("x.ply")]).end()
    #expect(end.code == 1 && end.errors.hasPrefix("sextant: error: "), "\(end.code) \(end.errors)")
    for reason in reasons { #expect(end.errors.contains(reason), "\(end.errors)") }
    #expect(try folder.names() == before)
  }

  /// A thickness of 0 on the medial wall, which a label names, too.
  @Test(arguments: ["thickness=0", "lh.wall.label=1"]) func theMedialWallIsMissing(condition: String) throws {
    let folder = try ScratchFolder()
    try EggFiles.surface(folder)
    let file = try EggFiles.thickness(folder)
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: file)))
    for vertex in [3, 4, 9] { for place in 15 + 4 * vertex..<19 + 4 * vertex { bytes[place] = 0 } }
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    let label = try folder.write("#!ascii label\n3\n3 0 0 0 0\n4 0 0 0 0\n9 0 0 0 0\n", to: "lh.wall.label")
    let end = try Program.run(
      "impute", file, "--mesh", folder.path("lh.white"),
      "--missing", condition.replacingOccurrences(of: "lh.wall.label", with: label), "--method", "harmonic", "--output",
      folder.path("lh.filled.thickness"))
    #expect(end.code == 0 && end.output.contains("7.1 % missing"), "\(end.errors) \(end.output)")
    let filled = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path("lh.filled.thickness"))))
    #expect(filled.count == bytes.count)
    for vertex in 0..<42 {
      let word = filled[15 + 4 * vertex..<19 + 4 * vertex].reduce(0) { $0 << 8 | UInt32($1) }
      let own = bytes[15 + 4 * vertex..<19 + 4 * vertex].reduce(0) { $0 << 8 | UInt32($1) }
      #expect([3, 4, 9].contains(vertex) ? Float(bitPattern: word) > 0.3 : word == own)
    }
  }

  @Test func arraysOfSeveralFieldsAndConditionsOnOtherArrays() throws {
    let folder = try ScratchFolder()
    let mesh = try EggFiles.written("egg.ply", in: folder, hasHeat: false)
    let heat = EggFiles.heat(try EggFiles.mesh())
    try NPYFile.write(
      Tensor((0..<3).flatMap { field in heat.map { $0 + Float(field) } }, shape: [3, 42]), to: folder.path("heat.npy"))
    // The last vertices are bad, in an array beside the other and in one of another name.
    let quality = Tensor<Float>((0..<42).map { $0 < 30 ? 1 : 0 }, shape: [42])
    try NPYFile.write(quality, to: folder.path("heat.quality.npy"))
    try NPYFile.write(quality, to: folder.path("other.npy"))
    for condition in ["quality<1", folder.path("other.npy") + "<1"] {
      let end = try Program.run(
        "impute", folder.path("heat.npy"), "--mesh", mesh, "--missing", condition, "--method", "harmonic", "--output",
        folder.path("filled.npy"), "--overwrite")
      #expect(end.code == 0 && end.output.contains("3 fields filled") && end.output.contains("28.6 % missing"), "\(end.errors) \(end.output)")
      let filled = try NPYFile.read(folder.path("filled.npy"))
      #expect(filled.shape == [3, 42, 1] && filled.scalars.prefix(30).elementsEqual(heat.prefix(30)))
    }
    let absent = try Program.run(
      "impute", folder.path("heat.npy"), "--mesh", mesh, "--missing", "depth<1", "--method", "harmonic", "--output", "x.npy")
    #expect(absent.code == 1 && absent.errors.contains("depth") && absent.errors.contains("quality"), "\(absent.errors)")
  }

  @Test func distancesOfKrigingAreChosen() throws {
    let folder = try ScratchFolder()
    let file = try EggFiles.written("egg.ply", in: folder)
    func impute(_ words: String...) throws -> Program.End {
      try Program(
        ["impute", file, "--variables", "heat", "--mask", "random:0.4", "--method", "kriging", "--noise", "0.01", "--samples", "2",
         "--overwrite", "--output", folder.path("x.ply")] + words).end()
    }
    let ends = try [impute(), impute("--set", "solvers.kriging.distances=surface"), impute("--set", "solvers.kriging.distances=space")]
    #expect(ends.allSatisfy { $0.code == 0 }, "\(ends.map(\.errors))")
    func held(_ end: Program.End) -> String? { end.output.split(separator: "\n").first { $0.contains("held-out") }.map(String.init) }
    #expect(held(ends[0]) == held(ends[2]) && held(ends[0]) != held(ends[1]) && held(ends[1]) != nil)
    let wrong = try impute("--set", "solvers.kriging.distances=air")
    #expect(wrong.code != 0 && wrong.errors.contains("surface") && wrong.errors.contains("air"), "\(wrong.errors)")
  }
}
