// `sextant degrade` on images: a folder of them, and a call that asks for nothing.

import Foundation
import SextantImages
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct DegradeProgramTests {
  /// Noise alone needs no mask, and what it gives has no place in PNG files.
  @Test func aFolderOfPNGFilesBecomesOneOfTIFFFiles() throws {
    let folder = try ScratchFolder()
    let images = folder.path("images")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    let image = try PictureFiles.written(.png, in: folder)
    for name in ["a", "b"] { try FileManager.default.copyItem(atPath: image, toPath: "\(images)/\(name).png") }
    let end = try Program(["degrade", images, "--noise", "5", "-o", folder.path("noisy")]).end()
    #expect(end.code == 0, "\(end.errors)")
    for name in ["a.tif", "b.tif", "noise/a.tif"] {
      #expect(FileManager.default.fileExists(atPath: folder.path("noisy/\(name)")), "\(name)")
    }
    let filled = try Program(
      ["impute", folder.path("noisy"), "--method", "kriging", "--samples", "2", "-o", folder.path("answers")]
    ).end()
    #expect(filled.code == 0, "\(filled.errors)")
  }

  @Test func somethingHasToBeAskedFor() throws {
    let folder = try ScratchFolder()
    let image = try PictureFiles.written(.tiff, in: folder)
    let end = try Program(["degrade", image, "-o", folder.path("out.tif")]).end()
    #expect(end.code == 64 && end.errors.contains("--mask") && end.errors.contains("--noise"), "\(end.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.tif")))
  }
}
