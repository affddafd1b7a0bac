// Several inputs of which one fails: the run ends there or, with --keep-going, does the others and lists what failed.

import Foundation
import SextantImages
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct KeepGoingTests {
  @Test func theOthersAreDoneAndTheFailureIsListed() throws {
    let folder = try ScratchFolder()
    let image = try PictureFiles.written(.tiff, in: folder)
    for name in ["a", "c"] { try FileManager.default.copyItem(atPath: image, toPath: folder.path("\(name).tif")) }
    try Data([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 9]).write(to: URL(fileURLWithPath: folder.path("b.tif")))
    func impute(_ output: String, _ options: String...) throws -> Program.End {
      try Program(
        ["impute", folder.path("[abc].tif"), "--method", "kriging", "--noise", "5", "--samples", "2", "--output", folder.path(output) + "/"]
          + options
      ).end()
    }
    let stopped = try impute("stopped")
    #expect(stopped.code != 0 && stopped.errors.contains("b.tif"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("stopped/c.tif")))
    let went = try impute("went", "--keep-going")
    #expect(went.code != 0 && went.errors.contains("1 of 3 files failed") && went.errors.contains("b.tif"), "\(went.errors)")
    for name in ["a", "c"] { #expect(FileManager.default.fileExists(atPath: folder.path("went/\(name).tif"))) }
    // A series without one of its files would be another series.
    let series = try impute("series", "--keep-going", "--time", "joint")
    #expect(series.code != 0 && series.errors.contains("one series"), "\(series.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("series")))
    #expect(!FileManager.default.fileExists(atPath: folder.path("went/b.tif")))
  }

  /// An image of a folder that is cut off, one that is empty and one that is none are left out; the code says so.
  @Test func damagedImagesOfAFolderAreLeftOut() throws {
    let folder = try ScratchFolder()
    let image = try PictureFiles.written(.tiff, in: folder)
    let inner = folder.path("inner")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    for name in ["a", "e"] { try FileManager.default.copyItem(atPath: image, toPath: "\(inner)/\(name).tif") }
    let whole = try PictureFiles.written(.png, in: folder)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: whole))
    try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: "\(inner)/b.png"))
    try Data().write(to: URL(fileURLWithPath: "\(inner)/c.png"))
    try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(inner)/d.tif"))
    func impute(_ output: String, _ options: String...) throws -> Program.End {
      try Program(
        ["impute", inner, "--method", "kriging", "--noise", "5", "--samples", "2", "--output", folder.path(output)] + options
      ).end()
    }
    let stopped = try impute("stopped")
    #expect(stopped.code != 0 && !FileManager.default.fileExists(atPath: folder.path("stopped")))
    let went = try impute("went", "--keep-going")
    #expect(went.code == 1 && went.errors.contains("left out"), "\(went.errors)")
    for name in ["a", "e"] { #expect(FileManager.default.fileExists(atPath: folder.path("went/\(name).tif"))) }
    for name in ["b.png", "c.png", "d.tif"] { #expect((went.output + went.errors).contains(name)) }
  }
}
