// Files of images, by libpng, libjpeg-turbo and libtiff. These three were chosen over libvips, which wraps the same
// libraries: it turns min-is-white over without a word, does not say which band is the opacity or which predictor a file
// has, has no half precision, and reads only the first frame of ImageJ's large stacks; and it would bring GLib and
// some sixty further libraries. All three are under permissive licences. Not here: what missing pixels are, see
// SextantSignals.

import CImageCodecs
import Foundation
import SextantStorage

/// A file of images that cannot be used, or cannot be written.
public enum ImageFileError: Error, Equatable, CustomStringConvertible {
  /// The file is damaged, cut off, or of a kind that the library does not read.
  case unreadable(path: String, kind: String, reason: String)
  /// The file is an image of a kind that is refused; the reason says what to do.
  case refused(path: String, reason: String)
  /// The pages of a file differ.
  case unevenPages(path: String, page: Int, expected: String, found: String)
  /// A stack whose axes have no names.
  case unnamedAxes(path: String, pages: Int)
  /// A stack of which the description names another number of pages.
  case otherPageCount(path: String, described: Int, pages: Int)
  /// Names of axes that do not fit the file.
  case wrongAxes(path: String, axes: String, pages: Int, reason: String)
  /// The image could not be written.
  case unwritten(path: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let kind, let reason):
      "\(path): the \(kind) image cannot be read: \(reason). Look whether it was copied whole."
    case .refused(let path, let reason): "\(path): \(reason)"
    case .unevenPages(let path, let page, let expected, let found):
      "\(path): page \(page) differs from the first: expected \(expected), found \(found). Save pages of one kind in a file of their own."
    case .unnamedAxes(let path, let pages):
      "\(path): the file has \(pages) pages, and does not say what they are. Give --axes TYX for times, ZYX for depths, CYX for channels, or for example T5C2YX for 5 times of 2 channels each."
    case .otherPageCount(let path, let described, let pages):
      "\(path): the description in the file names \(described) page\(described == 1 ? "" : "s"), and there are \(pages). Look whether it was copied whole. If it was, say what the pages are: give --axes TYX for times, ZYX for depths, CYX for channels, or for example T5C2YX for 5 times of 2 channels each."
    case .wrongAxes(let path, let axes, let pages, let reason):
      "\(path): the axes \"\(axes)\" do not fit the \(pages == 1 ? "one page" : "\(pages) pages") of the file: \(reason)."
    case .unwritten(let path, let reason): "\(path): the image could not be written: \(reason)."
    }
  }
}

/// A file of one page, or of several of the same kind.
public struct ImageFile: Sendable {
  public let path: String
  public let container: ImageContainer
  /// What the file says of its first page.
  public let header: ImageHeader
  /// The axes of the pages.
  public let axes: ImageAxes
  /// The number of pages that the description of ImageJ or tifffile names, where it is another than there are; else nil.
  public let describedPageCount: Int?
  /// The number of copies in reduced size (overviews, thumbnails) that a TIFF has among its pages; they are no pages here.
  public let reducedCount: Int
  /// The place of each page among the directories of a TIFF.
  private let directories: [Int]
  /// Where the pages of an ImageJ stack lie that has one directory: the place of the first, and whether its bytes are in
  /// big-endian order.
  private let contiguous: (start: Int, isBigEndian: Bool)?

  public var pageCount: Int { axes.pageCount }

  /// Opens a file and reads its headers.
  ///
  /// - Parameters:
  ///   - path: a PNG, JPEG or TIFF file, gzipped or not, whatever its name.
  ///   - axes: the names of the axes, such as "TYX"; nil for those that the file names.
  /// - Throws: ``ImageFileError``, `FileError`.
  public init(path: String, axes: String? = nil) throws {
    guard let container = ImageContainer(of: path) else {
      let head = FileContents.head(of: path, count: 64) ?? Data()
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw FileError.missing(path: path) }
      if isFolder.boolValue {
        throw ImageFileError.refused(path: path, reason: "expected a PNG, JPEG or TIFF image, found a folder.")
      }
      throw ImageFileError.refused(
        path: path, reason: "expected a PNG, JPEG or TIFF image, found \(FileSignature.description(of: [UInt8](head)))."
      )
    }
    (self.path, self.container) = (path, container)
    guard container == .tiff else {
      let (header, _) = try Self.decode(path, container, wantsSamples: false)
      (self.header, self.axes, contiguous) = (header, try ImageAxes(of: header, pages: 1, given: axes, path: path), nil)
      (describedPageCount, reducedCount, self.directories) = (nil, 0, [])
      return
    }
    let file = try TIFFFile(path)
    let all = try file.pageCount()
    let whole = (0..<all).filter { !file.isReduced($0) }
    // Where nothing but copies is there, they are the images.
    let directories = whole.isEmpty ? Array(0..<max(1, all)) : whole
    let count = directories.count
    (self.directories, reducedCount) = (directories, max(0, all - count))
    let first = try file.page(directories[0], wantsSamples: false)
    header = first.header
    let stack = ImageAxes.imageJCount(header.description)
    if count == 1, let stack, stack > 1 {
      // ImageJ writes a directory for the first frame alone, and the others after it.
      guard first.firstOffset >= 0, let size = FileContents.size(of: path) else {
        throw ImageFileError.unreadable(
          path: path, kind: "TIFF", reason: "its description names \(stack) frames, and there is one that is compressed"
        )
      }
      let needed = header.sampleCount.multipliedReportingOverflow(by: header.type.size * stack)
      guard !needed.overflow, needed.partialValue <= size - first.firstOffset else {
        throw ImageFileError.unreadable(
          path: path, kind: "TIFF",
          reason: "its description names \(stack) frames, and the file is too short for them")
      }
      contiguous = (first.firstOffset, first.isBigEndian)
      describedPageCount = nil
      self.axes = try ImageAxes(of: header, pages: stack, given: axes, path: path)
    } else {
      contiguous = nil
      let described = ImageAxes.describedPageCount(header)
      describedPageCount = described == count ? nil : described
      if axes == nil, count > 1, let described, described != count {
        throw ImageFileError.otherPageCount(path: path, described: described, pages: count)
      }
      for page in directories.dropFirst() {
        let other = try file.page(page, wantsSamples: false).header
        guard other.isAlike(header) else {
          throw ImageFileError.unevenPages(
            path: path, page: page + 1, expected: header.summary, found: other.summary)
        }
      }
      self.axes = try ImageAxes(of: header, pages: count, given: axes, path: path)
    }
  }

  /// Reads a page. Throws ``ImageFileError``.
  public func samples(ofPage page: Int) throws -> ImageSamples {
    precondition((0..<pageCount).contains(page), "Page \(page) of \(pageCount)")
    guard container == .tiff else { return try Self.decode(path, container, wantsSamples: true).samples }
    guard let contiguous else {
      let read = try TIFFFile(path).page(directories[page], wantsSamples: true)
      return ImageSamples(type: read.header.type, bytes: read.bytes)
    }
    let (size, width) = (header.sampleCount * header.type.size, header.type.size)
    guard let handle = FileHandle(forReadingAtPath: path) else { throw FileError.missing(path: path) }
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(contiguous.start + page * size))
    var bytes = [UInt8](try handle.read(upToCount: size) ?? Data())
    guard bytes.count == size else {
      throw ImageFileError.unreadable(path: path, kind: "TIFF", reason: "the file is cut off")
    }
    if contiguous.isBigEndian, width > 1 {
      for start in stride(from: 0, to: size, by: width) { bytes[start..<start + width].reverse() }
    }
    return ImageSamples(type: header.type, bytes: bytes)
  }

  private static func decode(
    _ path: String, _ container: ImageContainer, wantsSamples: Bool
  ) throws -> (header: ImageHeader, samples: ImageSamples) {
    let data = try FileContents.data(of: path)
    var image = sxi_image()
    let status = data.withUnsafeBytes { bytes in
      let start = bytes.bindMemory(to: UInt8.self).baseAddress
      return container == .png
        ? sxi_png_read(start, bytes.count, wantsSamples ? 1 : 0, &image)
        : sxi_jpeg_read(start, bytes.count, wantsSamples ? 1 : 0, &image)
    }
    defer { sxi_free(&image) }
    if image.frames > 1 {
      throw ImageFileError.refused(
        path: path,
        reason:
          "the PNG is an animation of \(image.frames) frames, of which one alone would be read. Save each frame as an image of its own, or all of them as a TIFF."
      )
    }
    guard status == 0, let header = ImageHeader(image) else {
      throw ImageFileError.unreadable(path: path, kind: container.rawValue, reason: image.errorText)
    }
    if header.colour == .cmyk {
      throw ImageFileError.refused(
        path: path,
        reason:
          "the image has four inks (CMYK), whose numbers are read in two opposite ways by different programs. Convert it to RGB first, for example with \"convert in.jpg -colorspace sRGB out.png\"."
      )
    }
    let bytes = image.pixels.map { Array(UnsafeBufferPointer(start: $0, count: image.pixel_length)) } ?? []
    return (header, ImageSamples(type: header.type, bytes: bytes))
  }
}

extension ImageHeader {
  /// Whether the samples of both pages are of the same size and kind.
  func isAlike(_ other: ImageHeader) -> Bool {
    rows == other.rows && columns == other.columns && bands == other.bands && type == other.type
      && colour == other.colour && alpha == other.alpha && isPremultiplied == other.isPremultiplied
  }
}

/// An open TIFF file.
private final class TIFFFile {
  private let path: String
  private let file: OpaquePointer

  init(_ path: String) throws {
    self.path = path
    if FileContents.isCompressed(path) {
      throw ImageFileError.refused(path: path, reason: "a gzipped TIFF is not read. Unpack it with gunzip first.")
    }
    var error = [CChar](repeating: 0, count: 400)
    guard let file = sxi_tiff_open(path, "r", &error) else {
      let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw ImageFileError.unreadable(path: path, kind: "TIFF", reason: text)
    }
    self.file = file
  }

  deinit { sxi_tiff_close(file) }

  /// The number of pages. Throws ``ImageFileError`` where the chain of pages is cut off or damaged.
  func pageCount() throws -> Int {
    var error = [CChar](repeating: 0, count: 400)
    let count = Int(sxi_tiff_count(file, &error))
    let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard text.isEmpty else {
      throw ImageFileError.unreadable(
        path: path, kind: "TIFF",
        reason: "the file is cut off, or the list of its pages is damaged, after \(count) page\(count == 1 ? "" : "s") (\(text))")
    }
    return count
  }

  /// Whether a page is a copy in reduced size.
  func isReduced(_ index: Int) -> Bool { sxi_tiff_is_reduced(file, UInt32(index)) != 0 }

  func page(
    _ index: Int, wantsSamples: Bool
  ) throws -> (header: ImageHeader, bytes: [UInt8], firstOffset: Int, isBigEndian: Bool) {
    var image = sxi_image()
    let status = sxi_tiff_read(file, UInt32(index), wantsSamples ? 1 : 0, &image)
    defer { sxi_free(&image) }
    if status == Int32(SXI_OTHER_TYPE) {
      throw ImageFileError.refused(
        path: path,
        reason:
          "expected unsigned whole numbers of 1, 2, 4, 8, 16 or 32 bits, signed ones of 8, 16 or 32 bits, or floating-point numbers of 16, 32 or 64 bits, found \(image.errorText). Convert the image, for example in Python with \"tifffile.imwrite('out.tif', tifffile.imread('in.tif').astype('float64'))\". Of complex numbers, save the real and the imaginary part as images of their own."
      )
    }
    if status == Int32(SXI_OTHER_COMPRESSION) {
      throw ImageFileError.refused(
        path: path,
        reason:
          "the compression \(image.errorText) is not read, because the installed libtiff does not have it. Save the image without compression, or with LZW or deflate, by a program that reads it, for example in Python with \"tifffile.imwrite('out.tif', tifffile.imread('in.tif'))\"."
      )
    }
    guard status == 0, let header = ImageHeader(image) else {
      throw ImageFileError.unreadable(path: path, kind: "TIFF", reason: image.errorText)
    }
    if case .other(let number) = header.colour {
      throw ImageFileError.refused(
        path: path,
        reason:
          "the samples are neither grey nor red, green and blue (PhotometricInterpretation \(number)). Convert the image to RGB first."
      )
    }
    if header.colour == .cmyk {
      throw ImageFileError.refused(
        path: path, reason: "the image has inks (CMYK) in place of colours. Convert it to RGB first.")
    }
    let bytes = image.pixels.map { Array(UnsafeBufferPointer(start: $0, count: image.pixel_length)) } ?? []
    return (header, bytes, Int(image.first_offset), image.is_big_endian != 0)
  }
}
