// `sextant degrade` on images: a folder of them, and a call that asks for nothing.

import Foundation
import SextantImages
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct DegradeProgramTests {
  /// A folder of the images a.png and b.png.
  private static func images(in folder: ScratchFolder) throws -> String {
    let images = folder.path("images")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    let image = try PictureFiles.written(.png, in: folder)
    for name in ["a", "b"] { try FileManager.default.copyItem(atPath: image, toPath: "\(images)/\(name).png") }
    return images
  }

  /// Noise alone needs no mask, and what it gives has no place in PNG files.
  @Test func aFolderOfPNGFilesBecomesOneOfTIFFFiles() throws {
    let folder = try ScratchFolder()
    let end = try Program(["degrade", try Self.images(in: folder), "--noise", "5", "-o", folder.path("noisy")]).end()
    #expect(end.code == 0, "\(end.errors)")
    for name in ["a.tif", "b.tif", "noise/a.tif"] {
      #expect(FileManager.default.fileExists(atPath: folder.path("noisy/\(name)")), "\(name)")
    }
    let filled = try Program(
      ["impute", folder.path("noisy"), "--method", "kriging", "--samples", "2", "-o", folder.path("answers")]
    ).end()
    #expect(filled.code == 0, "\(filled.errors)")
    let scored = try Program(
      ["score", folder.path("answers"), "--truth", folder.path("images"), "--observed", folder.path("noisy")]
    ).end()
    #expect(scored.code == 0 && scored.output.contains("PSNR"), "\(scored.errors)")
  }

  /// Images of another size than the input's lie in a folder, too: the smaller ones of an operator, and the larger ones of the answer.
  @Test func aFolderOfSmallerImagesIsAFolder() throws {
    let folder = try ScratchFolder()
    let reduction = ["--operator", "reduce:2,filter=area"]
    let end = try Program(
      ["degrade", try Self.images(in: folder), "--noise", "5", "-o", folder.path("small")] + reduction
    ).end()
    #expect(end.code == 0 && end.output.contains("2 fields, reduce:2,filter=area"), "\(end.output)\(end.errors)")
    let filled = try Program(
      ["impute", folder.path("small"), "--method", "kriging", "--samples", "2", "-o", folder.path("large")] + reduction
    ).end()
    #expect(filled.code == 0, "\(filled.errors)")
    for (name, rows) in [("small/a.tif", 4), ("small/b.tif", 4), ("small/noise/a.tif", 4), ("large/a.tif", 8), ("large/spread/b.tif", 8)] {
      #expect(try ImageFile(path: folder.path(name)).header.rows == rows, "\(name)")
    }
  }

  @Test func smallNoiseHasDigits() throws {
    let folder = try ScratchFolder()
    let image = try PictureFiles.written(.tiff, in: folder)
    let end = try Program(["degrade", image, "--noise", "1e-5", "-o", folder.path("out.tif")]).end()
    #expect(end.code == 0 && end.output.contains(": 1e-05, "), "\(end.output)\(end.errors)")
  }

  @Test func somethingHasToBeAskedFor() throws {
    let folder = try ScratchFolder()
    let image = try PictureFiles.written(.tiff, in: folder)
    let end = try Program(["degrade", image, "-o", folder.path("out.tif")]).end()
    #expect(end.code == 64 && end.errors.contains("--mask") && end.errors.contains("--noise"), "\(end.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("out.tif")))
  }
}
