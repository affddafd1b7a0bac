// Files that are not there, are empty, are a folder or are something else, at every door of the program: each is named with what
// it is, held against what it was meant to be, and nothing is left behind.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct MissingFileTests {
  /// The commands that take a file of a signal, with FILE in its place, and MESH for a mesh that is well.
  static let doors: [String] = [
    "inspect FILE", "draw FILE -o x", "draw FILE --property heat -o x", "draw FILE --mesh MESH -o x",
    "draw MESH --mesh FILE -o x", "convert FILE -o x.ply", "impute FILE --method harmonic -o x.ply",
    "impute FILE --property heat --method harmonic -o x.ply", "impute FILE --mesh MESH --method harmonic -o x.ply",
    "impute MESH --property heat --mesh FILE --method harmonic -o x.ply",
    "impute MESH --property heat --mask file:FILE --method harmonic -o x.ply",
    "impute MESH --property heat --model FILE -o x.ply", "degrade FILE --mask random:0.5 -o x.ply",
    "degrade FILE --property heat --mask random:0.5 -o x.ply",
    "sample FILE --count 1 -o x.nc", "train FILE", "train RUN --set archive.files=[FILE]",
    "train RUN --set archive.mesh=FILE --set archive.files=[MESH]",
    "train RUN --set archive.mesh=MESH --set archive.files=[FILE]",
    "train RUN --set archive.mesh=MESH --set archive.images=FILE",
    "train RUN --set archive.synthetic_years=1 --set land_mask.file=FILE",
    "score FILE --truth FILE --peak 1",
  ]

  /// The errors of every door for the file `name`, which must be all that is said.
  private static func complaints(of name: String, in folder: ScratchFolder) throws -> [(door: String, text: String)] {
    let before = try folder.names()
    let run = try folder.write("output: \(folder.path("out"))\n", to: "run.yaml")
    defer { try? FileManager.default.removeItem(atPath: run) }
    let words = doors.map { door in
      door.split(separator: " ").map { word in
        String(word).replacing("FILE", with: folder.path(name)).replacing("MESH", with: folder.path("egg.ply"))
          .replacing("RUN", with: run)
      }
    }
    let ends = try Program.runs(words, prelude: "cd \(folder.path);")
    #expect(try folder.names().filter { $0 != "run.yaml" } == before, "\(name)")
    return zip(doors, ends).map { door, end in
      #expect(end.code == 1 && end.output.isEmpty, "\(door) \(name): \(end.code) \(end.output)\(end.errors)")
      #expect(end.errors.hasPrefix("sextant: error: ") && end.errors.contains(name), "\(door) \(name): \(end.errors)")
      return (door, end.errors)
    }
  }

  @Test(arguments: ["nothing.ply", "nothing.npy", "nothing.csv", "nothing.nc", "nothing"])
  func aFileThatIsNotThereIsCalledSo(name: String) throws {
    for (door, text) in try Self.complaints(of: name, in: SurfaceProgramTests.folder()) {
      #expect(text.lowercased().contains("no such file"), "\(door): \(text)")
    }
  }

  @Test(arguments: ["empty.ply", "empty.npy", "empty.csv", "empty.nc"])
  func anEmptyFileIsCalledSo(name: String) throws {
    let folder = try SurfaceProgramTests.folder()
    _ = try folder.write("", to: name)
    for (door, text) in try Self.complaints(of: name, in: folder) {
      #expect(
        text.contains("empty") && (text.contains("0 bytes") || text.contains("an empty file")), "\(door): \(text)")
    }
  }

  @Test(arguments: ["page.ply", "page.npy", "page.csv", "page.nc"])
  func aPageOfAServerIsNoSignal(name: String) throws {
    let folder = try SurfaceProgramTests.folder()
    _ = try folder.write("<html>404</html>\n", to: name)
    for (door, text) in try Self.complaints(of: name, in: folder) {
      let said = ["HTML", "<html>", "safetensors", "IDX"].contains { text.contains($0) }
      #expect(said && !text.contains("--mesh"), "\(door): \(text)")
    }
  }

  @Test func aFolderIsNoFile() throws {
    let folder = try SurfaceProgramTests.folder()
    try FileManager.default.createDirectory(atPath: folder.path("place"), withIntermediateDirectories: true)
    for (door, text) in try Self.complaints(of: "place", in: folder) {
      let said = ["a folder", "model.safetensors", "Is a directory"].contains { text.contains($0) }
      #expect(said && !text.contains("--mesh"), "\(door): \(text)")
    }
  }

  /// What a name promises is what is asked for, and no NetCDF file.
  @Test func namesTellWhatWasMeant() throws {
    let folder = try SurfaceProgramTests.folder()
    for (name, words) in [("a.ply", "expected a mesh"), ("a.npy", "NumPy array"), ("a.csv", "expected a table")] {
      let path = try folder.write("", to: name)
      for words in [["draw", path, "-o", "x"], ["impute", path, "--method", "harmonic", "-o", folder.path("x.ply")]] {
        let end = try Program(words).end()
        #expect(end.code == 1 && !end.errors.contains("NetCDF"), "\(end.errors)")
      }
      let end = try Program.run("draw", path, "-o", "x")
      #expect(end.errors.contains(words), "\(end.errors)")
    }
  }

  /// Values without a mesh ask for one; what a format cannot hold or honour is refused.
  @Test func whatIsMissingInARequestIsNamed() throws {
    let folder = try SurfaceProgramTests.folder()
    let table = try folder.write("heat\n" + String(repeating: "1\n", count: 42), to: "heat.csv")
    for input in [table, folder.path("heat.npy")] {
      for words in [
        ["draw", input, "-o", "x"], ["impute", input, "--method", "harmonic", "-o", folder.path("x.ply")],
      ] {
        let end = try Program(words).end()
        #expect(end.code == 64 && end.errors.contains("--mesh FILE"), "\(end.errors)")
      }
    }
    let drawn = try Program.run(
      "draw", table, "--mesh", folder.path("egg.ply"), "--views", "front", "-o", folder.path("x.png"))
    #expect(drawn.code == 0, "\(drawn.errors)")
    let fields = SyntheticClimate().fields(count: 1, on: try SmallClimate.grid(step: 30))
    try SmallClimate.write(fields.read([0]), to: folder.path("a.nc"))
    let masked = try Program.run(
      "impute", folder.path("a.nc"), "--mask", "random:0.3", "--method", "harmonic", "-o", folder.path("x.nc"))
    #expect(masked.code == 0 && masked.output.contains("held-out values of tas"), "\(masked.errors)\(masked.output)")
    let surface = try Program.run(
      "impute", folder.path("a.nc"), "--property", "tas", "--method", "harmonic", "-o", folder.path("x.ply"))
    #expect(surface.code == 64 && surface.errors.contains("no surface in space"), "\(surface.errors)")
    let mesh = try Program.run(
      "impute", folder.path("a.nc"), "--mesh", folder.path("egg.ply"), "--method", "harmonic", "-o",
      folder.path("y.nc"))
    #expect(mesh.code == 64 && mesh.errors.contains("--mesh") && mesh.errors.contains("NetCDF"), "\(mesh.errors)")
  }
}
