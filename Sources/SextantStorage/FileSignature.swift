// Guesses the type of an unexpected file from its first bytes, for error messages.

import Foundation

/// Identifies file types by their contents.
public enum FileSignature {
  /// A phrase such as "a gzip archive (unpack it with gunzip)" or "text".
  ///
  /// - Parameter head: the first bytes of the file; a few dozen suffice.
  public static func description(of head: some Collection<UInt8>) -> String {
    let known: [([UInt8], String)] = [
      ([0x0E, 0x03, 0x13, 0x01], "HDF4 (convert it with h4toh5 or ncl_convert2nc)"),
      ([0x89, 0x48, 0x44, 0x46], "HDF5 or NetCDF"), (Array("CDF".utf8), "NetCDF"),
      ([0x1F, 0x8B], "a gzip archive (unpack it with gunzip)"),
      (Array("PK".utf8), "a zip archive (unpack it with unzip; the CDS delivers several files in this form)"),
      (Array("BZh".utf8), "a bzip2 archive (unpack it with bunzip2)"),
      ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive (unpack it with \"zstd -d\", or pack it with gzip instead)"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive (unpack it with unxz)"),
      (Array("II*\0".utf8), "a TIFF image"), (Array("MM\0*".utf8), "a TIFF image"),
      ([0x89, 0x50, 0x4E, 0x47], "a PNG image"), ([0xFF, 0xD8, 0xFF], "a JPEG image"),
      (Array("GIF8".utf8), "a GIF image (convert it to PNG or TIFF)"),
      ([0xFF, 0xFF, 0xFE], "a FreeSurfer surface"),
      ([0xFF, 0xFF, 0xFD], "an old FreeSurfer surface (convert it with \"mris_convert FILE out.gii\")"),
      ([0xFF, 0xFF, 0xFF], "a FreeSurfer surface of quadrilaterals, or values (convert it with \"mris_convert FILE out.gii\")"),
      ([0x93] + Array("NUMPY".utf8), "a NumPy array (.npy)"),
      (Array("{".utf8), "JSON text"),
      (Array("<?xml version=\"1.0\"?>\n<VTKFile".utf8), "a VTK file"),
      (Array("<".utf8), "HTML or XML text (perhaps a server's error page)"),
    ]
    if head.isEmpty { return "an empty file (0 bytes)" }
    if head.starts(with: Array("<".utf8)), contains("GIFTI", head) {
      return "a GIFTI file (.gii)"
    }
    let start = Array(head.prefix(12))
    if start.count == 12, start.starts(with: Array("BM".utf8)), start[6..<10].allSatisfy({ $0 == 0 }) {
      return "a BMP image (convert it to PNG or TIFF)"
    }
    if start.count == 12, start.starts(with: Array("RIFF".utf8)), start[8...].elementsEqual(Array("WEBP".utf8)) {
      return "a WebP image (convert it to PNG or TIFF)"
    }
    if let match = known.first(where: { head.starts(with: $0.0) }) { return match.1 }
    let isText = head.prefix(64).allSatisfy { $0 >= 0x20 && $0 < 0x7F || [9, 10, 13].contains($0) }
    let shown = head.prefix(8).map { String(format: "%02x", $0) }.joined(separator: " ")
    return isText ? "text" : "bytes that start with \(shown)"
  }

  private static func contains(_ word: String, _ head: some Collection<UInt8>) -> Bool {
    String(decoding: Array(head), as: UTF8.self).contains(word)
  }
}
