// Images in the table of kinds × commands.

import Foundation
import SextantImages
import SextantTestSupport

extension FileKind {
  static let images: [FileKind] = [
    FileKind(
      name: "image, TIFF of 16 bits", make: { folder in try PictureFiles.written(.tiff, in: folder) },
      outputEnding: "tif",
      inspected: "uint16", refusals: [.draw: "has neither latitudes and longitudes"]),
    FileKind(
      name: "image, PNG of 16 bits", make: { folder in try PictureFiles.written(.png, in: folder) },
      outputEnding: "tif",
      inspected: "PNG", refusals: [.draw: "has neither latitudes and longitudes"]),
  ]
}

/// Small smooth images.
enum PictureFiles {
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
