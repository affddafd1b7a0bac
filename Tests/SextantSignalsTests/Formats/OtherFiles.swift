// Files of other kinds are named as what they are, with the way out.

import Foundation
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct OtherFiles {
  static let gifti = """
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE GIFTI SYSTEM "http://www.nitrc.org/frs/download.php/115/gifti.dtd">
    <GIFTI Version="1.0" NumberOfDataArrays="2">
    """

  static let files: [String: Data] = [
    "lh.surf.gii": Data(gifti.utf8), "lh.pial": Data([0xFF, 0xFF, 0xFE, 0x63, 0x72, 0x65, 0x61, 0x74]),
    "lh.thickness": Data([0xFF, 0xFF, 0xFF, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0x3F, 0x80]),
    "old.pial": Data([0xFF, 0xFF, 0xFD, 0, 0, 1, 0]), "scan.ply.zst": Data([0x28, 0xB5, 0x2F, 0xFD, 4, 0]), "page.nc": Data("<!DOCTYPE html><html>".utf8),
  ]

  /// Cut off after their first bytes.
  @Test(arguments: [
    ("lh.surf.gii", "GIFTI"), ("lh.pial", "FreeSurfer surface"), ("lh.thickness", "FreeSurfer"), ("page.nc", "HTML"),
    ("old.pial", "old FreeSurfer surface"), ("scan.ply.zst", "zstd -d"),
  ]) func areNamed(name: String, expected: String) throws {
    let folder = try ScratchFolder()
    try #require(Self.files[name]).write(to: URL(fileURLWithPath: folder.path(name)))
    let text = complaint { _ = try FormatCase.formats.open(SignalRequest(path: folder.path(name))) }
    #expect(text.contains(expected) && text.contains(name), "\(text)")
    #expect(expected == "HTML" || !text.contains("HTML"), "\(text)")
  }

  @Test func filtersHaveNamesAndAreLookedFor() {
    #expect(CompressionFilter.common.map(\.name) == ["bzip2", "blosc", "zstd", "szip"])
    let error = NetCDFError.filterMissing(path: "a.nc", variable: "t", filters: ["zstd"]).description
    for part in ["a.nc", "t", "zstd", "nccopy", "HDF5_PLUGIN_PATH", "doctor"] { #expect(error.contains(part)) }
  }
}
