// Images that tests make: of every type of samples, with bands, opacity, colours that mean transparent and numbers that mean missing.

import SextantImages
import SextantTestSupport
import Testing

/// A kind of image that a test makes, with samples of its whole range.
struct ImageCase: Sendable, CustomTestStringConvertible {
  var type: SampleType
  var bands = 1
  var alpha: Int?
  var isPremultiplied = false
  var isMinWhite = false
  var noData: String?
  var hasKey = false
  var ending = "tif"

  var testDescription: String {
    "\(type.rawValue) × \(bands) .\(ending)" + (alpha.map { ", opacity \($0)" } ?? "")
      + (isPremultiplied ? ", premultiplied" : "")
      + (isMinWhite ? ", min-is-white" : "") + (noData.map { ", no data \($0)" } ?? "") + (hasKey ? ", key" : "")
  }

  static let all: [ImageCase] =
    SampleType.allCases.flatMap { type in
      [
        ImageCase(type: type), ImageCase(type: type, bands: 3), ImageCase(type: type, isMinWhite: true),
        ImageCase(type: type, noData: type.isSigned ? "-1" : "1"),
      ]
    }
    + [SampleType.uint8, .uint16, .float32].flatMap { type in
      [
        ImageCase(type: type, bands: 4, alpha: 3), ImageCase(type: type, bands: 4, alpha: 3, isPremultiplied: true),
        ImageCase(type: type, bands: 5, alpha: 3), ImageCase(type: type, bands: 2, alpha: 1),
      ]
    }
    + [SampleType.uint8, .uint16].flatMap { type in
      [
        ImageCase(type: type, ending: "png"), ImageCase(type: type, bands: 2, alpha: 1, ending: "png"),
        ImageCase(type: type, bands: 3, hasKey: true, ending: "png"),
        ImageCase(type: type, bands: 4, alpha: 3, ending: "png"),
      ]
    }
    + [SampleType.uint1, .uint2, .uint4].map { ImageCase(type: $0, hasKey: true, ending: "png") }

  var header: ImageHeader {
    var header = ImageHeader(rows: 7, columns: 9, bands: bands, type: type)
    header.colour = isMinWhite ? .minIsWhite : bands >= 3 ? .rgb : .grey
    (header.alpha, header.isPremultiplied, header.noData) = (alpha, isPremultiplied, noData)
    header.orientation = 6
    if ending == "tif" { header.profile = [7, 8, 9] }
    if hasKey { header.key = (0..<bands).map { _ in 1 } }
    return header
  }

  /// Writes the image to a folder.
  func write(to folder: ScratchFolder, name: String = "in") throws -> String {
    let path = folder.path("\(name).\(ending)")
    var samples = ImageSamples(type: type, count: header.sampleCount)
    let range = type.isWhole ? type.range : -3.25...1000
    for index in 0..<samples.count {
      let share = Double(index * 11 % 63) / 62
      samples[index] = type.nearest(range.lowerBound + share * (range.upperBound - range.lowerBound)) ?? 0
      // Opacities are between 0 and the full one, and some pixels are clear.
      if index % bands == alpha { samples[index] = type.nearest(type.full * Double(index / bands % 4) / 3) ?? 0 }
    }
    if noData != nil { samples[5] = type.isSigned ? -1 : 1 }
    if hasKey { for band in 0..<bands { samples[6 * bands + band] = 1 } }
    if !type.isWhole, alpha == nil { samples[bands * 3] = .nan }
    let writer = try ImageWriter(
      creating: path, reportedAs: path, ending == "png" ? .png : .tiff, header: header, pageCount: 1)
    try writer.append(samples)
    try writer.close()
    return path
  }
}
