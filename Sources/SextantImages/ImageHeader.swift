// What a file says of an image beside its samples. It is read, kept and written again: nothing is invented, and nothing
// that both kinds of file can hold is lost.

import CImageCodecs
import SextantStorage

/// The kinds of files of images.
public enum ImageContainer: String, Sendable, Equatable {
  case png = "PNG"
  case jpeg = "JPEG"
  case tiff = "TIFF"

  /// The kind of a file by its first bytes, whatever its name is; nil for any other file.
  public init?(_ head: some Collection<UInt8>) {
    let signatures: [([UInt8], ImageContainer)] = [
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png), ([0xFF, 0xD8, 0xFF], .jpeg),
      (Array("II*\0".utf8), .tiff), (Array("MM\0*".utf8), .tiff), (Array("II+\0".utf8), .tiff),
      (Array("MM\0+".utf8), .tiff),
    ]
    guard let match = signatures.first(where: { head.starts(with: $0.0) }) else { return nil }
    self = match.1
  }

  /// The kind of the file at `path`; nil where it is none of these.
  public init?(of path: String) {
    guard let head = FileContents.head(of: path, count: 8) else { return nil }
    self.init([UInt8](head))
  }
}

/// What the samples of an image mean.
public enum ImageColour: Sendable, Equatable {
  /// The larger a sample, the darker the pixel.
  case minIsWhite
  case grey
  case rgb
  /// Four inks.
  case cmyk
  /// Another meaning, by TIFF's number.
  case other(Int)

  init(_ number: UInt32) {
    self =
      switch Int(number) {
      case Int(SXI_MIN_IS_WHITE): .minIsWhite
      case Int(SXI_MIN_IS_BLACK): .grey
      case Int(SXI_RGB): .rgb
      case Int(SXI_SEPARATED): .cmyk
      default: .other(Int(number))
      }
  }

  var number: Int {
    switch self {
    case .minIsWhite: Int(SXI_MIN_IS_WHITE)
    case .grey: Int(SXI_MIN_IS_BLACK)
    case .rgb: Int(SXI_RGB)
    case .cmyk: Int(SXI_SEPARATED)
    case .other(let number): number
    }
  }
}

/// The pixels per unit of length.
public struct ImageResolution: Sendable, Equatable {
  /// The unit, by TIFF's number: 1 none, 2 inch, 3 centimetre; 4 is the metre.
  var unit: Int
  public var x: Double
  public var y: Double
}

/// What a file says of an image.
public struct ImageHeader: Sendable, Equatable {
  public var rows: Int
  public var columns: Int
  /// The number of samples of a pixel, opacity included.
  public var bands: Int
  public var type: SampleType
  public var colour: ImageColour
  /// The band with the opacity; nil for none.
  public var alpha: Int?
  /// Whether the colours were multiplied by the opacity.
  public var isPremultiplied = false
  /// The colour that stands for transparency in a PNG (one number a band); nil for none.
  public var key: [Int]?
  /// Whether the colours come from a palette.
  public var hadPalette = false
  /// The orientation tag, which says how to turn the image for the eye; nil for none.
  public var orientation: Int?
  public var resolution: ImageResolution?
  /// The number of TIFF's compression, 1 for none, and of its predictor.
  var compression = 1
  var predictor = 1
  /// Whether a TIFF has the bands one after the other rather than pixel by pixel.
  public var isPlanar = false
  /// Whether a TIFF has 64-bit offsets.
  var isBig = false
  /// The bytes of the colour profile.
  public var profile: [UInt8] = []
  /// The chunks of a PNG that another PNG has as they are: its texts, its gamma, its chromaticities and its significant bits.
  public var pngChunks: [UInt8] = []
  /// The tags that another TIFF has as they are, in the codecs' own form: its place on the Earth (GeoTIFF), GDAL's words on it, and its date.
  public var tiffTags: [UInt8] = []
  /// The description of a TIFF, in which ImageJ and OME name their axes.
  public var description: String?
  /// The number that GDAL's tag calls missing, as text.
  public var noData: String?

  /// The header of an image without further tags.
  public init(rows: Int, columns: Int, bands: Int, type: SampleType) {
    (self.rows, self.columns, self.bands, self.type) = (rows, columns, bands, type)
    colour = bands == 3 || bands == 4 ? .rgb : .grey
  }

  /// Nil for a type of numbers that is not known, which the codecs refuse themselves.
  init?(_ image: sxi_image) {
    guard let type = SampleType.allCases.first(where: { $0.bits == image.bits && $0.format == image.format }) else {
      return nil
    }
    rows = Int(image.rows)
    columns = Int(image.columns)
    bands = Int(image.bands)
    self.type = type
    colour = ImageColour(image.photometric)
    alpha = image.alpha >= 0 && Int(image.alpha) < bands && bands > 1 ? Int(image.alpha) : nil
    isPremultiplied = alpha != nil && image.is_premultiplied != 0
    let keys = [image.key.0, image.key.1, image.key.2].map(Int.init)
    key = image.has_key != 0 ? Array(keys.prefix(bands)) : nil
    hadPalette = image.had_palette != 0
    orientation = image.has_orientation != 0 ? Int(image.orientation) : nil
    if image.has_resolution != 0 {
      resolution = ImageResolution(unit: Int(image.resolution_unit), x: image.resolution_x, y: image.resolution_y)
    }
    compression = Int(image.compression)
    predictor = max(1, Int(image.predictor))
    isPlanar = image.is_planar != 0
    isBig = image.is_big != 0
    if let bytes = image.profile { profile = Array(UnsafeBufferPointer(start: bytes, count: image.profile_length)) }
    if let bytes = image.chunks { pngChunks = Array(UnsafeBufferPointer(start: bytes, count: image.chunks_length)) }
    if let bytes = image.tags { tiffTags = Array(UnsafeBufferPointer(start: bytes, count: image.tags_length)) }
    description = image.description.map { String(cString: $0) }
    noData = image.no_data.map { String(cString: $0).trimmingTrailingSpace }
  }

  /// The number of samples of a page.
  public var sampleCount: Int { rows * columns * bands }

  /// One line for people.
  public var summary: String {
    var parts = [
      "\(rows)×\(columns) pixels (rows × columns)", "\(bands) band\(bands == 1 ? "" : "s") of \(type.rawValue)",
    ]
    if colour == .minIsWhite { parts.append("min-is-white") }
    if hadPalette { parts.append("from a palette") }
    if isPlanar { parts.append("in planes") }
    if let alpha { parts.append("\(isPremultiplied ? "premultiplied " : "")opacity in band \(alpha + 1)") }
    if let orientation { parts.append("orientation tag \(orientation)") }
    if !profile.isEmpty { parts.append("a colour profile") }
    return parts.joined(separator: ", ")
  }

  /// Calls `body` with the header in the codecs' form and with the samples.
  func withCodecImage<R>(_ samples: ImageSamples, _ body: (inout sxi_image) -> R) -> R {
    var image = sxi_image()
    (image.rows, image.columns, image.bands) = (UInt32(rows), UInt32(columns), UInt32(bands))
    (image.bits, image.format) = (UInt32(type.bits), type.format)
    image.photometric = UInt32(colour.number)
    image.alpha = alpha.map(Int32.init) ?? -1
    image.is_premultiplied = isPremultiplied ? 1 : 0
    if let key {
      image.has_key = 1
      image.key = (UInt16(key[0]), UInt16(key.count > 1 ? key[1] : 0), UInt16(key.count > 2 ? key[2] : 0))
    }
    if let orientation, (1...8).contains(orientation) {
      image.has_orientation = 1
      image.orientation = UInt32(orientation)
    }
    if let resolution {
      image.has_resolution = 1
      (image.resolution_x, image.resolution_y) = (resolution.x, resolution.y)
      image.resolution_unit = UInt32(resolution.unit)
    }
    (image.compression, image.predictor) = (UInt32(compression), UInt32(predictor))
    image.is_planar = isPlanar ? 1 : 0
    // The codecs read these arrays and do not change them.
    var (profile, chunks, tags, pixels) = (profile, pngChunks, tiffTags, samples.bytes)
    var (first, second) = (description.map { Array($0.utf8CString) } ?? [], noData.map { Array($0.utf8CString) } ?? [])
    return profile.withUnsafeMutableBufferPointer { profile in
      chunks.withUnsafeMutableBufferPointer { chunks in
        tags.withUnsafeMutableBufferPointer { tags in
          pixels.withUnsafeMutableBufferPointer { pixels in
            first.withUnsafeMutableBufferPointer { first in
              second.withUnsafeMutableBufferPointer { second in
                (image.profile, image.profile_length) = (profile.baseAddress, profile.count)
                (image.chunks, image.chunks_length) = (chunks.baseAddress, chunks.count)
                (image.tags, image.tags_length) = (tags.baseAddress, tags.count)
                (image.pixels, image.pixel_length) = (pixels.baseAddress, pixels.count)
                image.description = first.isEmpty ? nil : first.baseAddress
                image.no_data = second.isEmpty ? nil : second.baseAddress
                return body(&image)
              }
            }
          }
        }
      }
    }
  }
}

extension SampleType {
  /// The codecs' number: 1 unsigned, 2 signed, 3 floating-point.
  fileprivate var format: UInt32 { !isWhole ? 3 : isSigned ? 2 : 1 }
}

extension String {
  fileprivate var trimmingTrailingSpace: String {
    var text = self
    while let last = text.last, last.isWhitespace || last == "\0" { text.removeLast() }
    return text
  }
}

extension sxi_image {
  /// The text of the error.
  var errorText: String {
    withUnsafeBytes(of: error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
