// Images in the table of kinds × commands.

import Foundation
import SextantImages
import SextantTestSupport

extension FileKind {
  static let images: [FileKind] = [
    FileKind(
      name: "image, TIFF of 16 bits", make: { folder in try PictureFiles.written(.tiff, in: folder) },
      outputEnding: "tif", inspected: "uint16"),
    FileKind(
      name: "image, PNG of 16 bits", make: { folder in try PictureFiles.written(.png, in: folder) },
      outputEnding: "tif", inspected: "PNG"),
    FileKind(
      name: "images, IDX", make: { folder in try PictureFiles.idx(in: folder) }, outputEnding: "tif", inspected: "8×10 image"),
  ]
}

/// Small smooth images.
enum PictureFiles {
  /// One image of smooth bytes in an IDX file.
  static func idx(in folder: ScratchFolder) throws -> String {
    let path = folder.path("pictures-idx3-ubyte")
    let bytes = (0..<80).map { index -> UInt8 in
      let (row, column) = (Double(index / 10), Double(index % 10))
      let value: Double = 120 + 60 * sin(row / 2) + 20 * cos(column / 3)
      return UInt8(value)
    }
    try Data([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 10] + bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func written(_ container: ImageContainer, in folder: ScratchFolder) throws -> String {
    let path = folder.path(container == .png ? "picture-in.png" : "picture-in.tif")
    let header = ImageHeader(rows: 8, columns: 10, bands: 1, type: .uint16)
    var samples = ImageSamples(type: .uint16, count: header.sampleCount)
    for index in 0..<samples.count {
      let (row, column) = (Double(index / 10), Double(index % 10))
      samples[index] = (3000 + 200 * sin(row / 2) + 100 * cos(column / 3)).rounded()
    }
    let writer = try ImageWriter(creating: path, reportedAs: path, container, header: header, pageCount: 1)
    try writer.append(samples)
    try writer.close()
    return path
  }
}
