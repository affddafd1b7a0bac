// Images written as PNG or TIFF with the type and the tags that they came with. JPEG is not written: it would change the
// pixels. What a kind of file cannot hold is refused before anything is written. The pages of a TIFF that is not compressed follow each
// other without a gap, as ImageJ expects them.

import CImageCodecs

/// Writes the pages of one file, in order.
public final class ImageWriter {
  private let path: String
  private let reported: String
  private let container: ImageContainer
  private let header: ImageHeader
  private let pageCount: Int
  private var tiff: OpaquePointer?
  private var next = 0

  /// Why a kind of file cannot hold pages with this header; nil where it can.
  public static func refusal(_ container: ImageContainer, _ header: ImageHeader, pageCount: Int) -> String? {
    switch container {
    case .jpeg:
      return "JPEG changes the pixels when it packs them. Give an output that ends in .png or .tif"
    case .tiff: return nil
    case .png:
      if pageCount > 1 { return "a PNG holds one image, and these are \(pageCount). Give an output that ends in .tif" }
      if !header.type.isWhole || header.type.isSigned || header.type.bits > 16 {
        return
          "a PNG holds whole numbers from 0 to 65535, and these are \(header.type.rawValue). Give an output that ends in .tif"
      }
      let isKnown =
        header.colour == .rgb
        ? header.bands == 3 && header.alpha == nil || header.bands == 4 && header.alpha == 3
        : header.bands == 1 || header.bands == 2 && header.alpha == 1
      if !isKnown || header.isPremultiplied || header.bands > 1 && header.type.bits < 8 {
        return
          "a PNG holds grey, or red, green and blue, with an opacity after them that is not multiplied in, and \(header.bands == 1 ? "this is one band" : "these are \(header.bands) bands") of another kind. Give an output that ends in .tif"
      }
      return nil
    }
  }

  /// Begins a file at `path`, which messages call `reported`. Throws ``ImageFileError``.
  public init(
    creating path: String, reportedAs reported: String, _ container: ImageContainer, header: ImageHeader, pageCount: Int
  ) throws {
    if let reason = Self.refusal(container, header, pageCount: pageCount) {
      throw ImageFileError.unwritten(path: reported, reason: reason)
    }
    (self.path, self.reported, self.container, self.pageCount) = (path, reported, container, pageCount)
    var header = header
    // Only what loses nothing, and what this libtiff has, is written again.
    let lossless: Set = [1, 5, 8, 32773, 32946, 50000, 34925]
    if !lossless.contains(header.compression) || sxi_tiff_has_compression(UInt32(header.compression)) == 0 {
      header.compression = 8
    }
    if ![5, 8, 32946, 50000, 34925].contains(header.compression) { header.predictor = 1 }
    if header.predictor == 3 && header.type.isWhole || header.predictor == 2 && header.type.bits < 8 {
      header.predictor = 1
    }
    if container == .png, header.colour == .minIsWhite { header.colour = .grey }
    self.header = header
    guard container == .tiff else { return }
    let bytes = Double(header.sampleCount * header.type.size) * Double(pageCount)
    var error = [CChar](repeating: 0, count: 400)
    tiff = sxi_tiff_open(path, header.isBig || bytes > 3.9e9 ? "w8" : "w", &error)
    if tiff == nil {
      let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw ImageFileError.unwritten(path: reported, reason: text)
    }
  }

  deinit { if let tiff { sxi_tiff_close(tiff) } }

  /// Adds the next page. Throws ``ImageFileError``.
  public func append(_ samples: ImageSamples) throws {
    precondition(
      samples.count == header.sampleCount && samples.type == header.type && next < pageCount,
      "\(samples.count) samples of \(samples.type) for page \(next) of \(pageCount)")
    var own = header
    // The description is that of the file, and stands in its first page.
    if next > 0 { own.description = nil }
    let (page, count) = (UInt32(next), UInt32(pageCount))
    let reason: String? = own.withCodecImage(samples) { image in
      let status = tiff.map { sxi_tiff_append($0, page, count, &image) } ?? sxi_png_write(path, &image)
      return status == 0 ? nil : image.errorText
    }
    if let reason { throw ImageFileError.unwritten(path: reported, reason: reason) }
    next += 1
  }

  /// Finishes the file. Throws ``ImageFileError``.
  public func close() throws {
    precondition(next == pageCount, "\(next) pages of \(pageCount)")
    guard let file = tiff else { return }
    tiff = nil
    if sxi_tiff_close(file) != 0 { throw ImageFileError.unwritten(path: reported, reason: "the disk may be full") }
  }
}
