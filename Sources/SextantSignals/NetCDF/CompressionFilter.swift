// The compression of NetCDF-4 variables: which filters a variable needs, which are installed, and what to do where one
// is not.

import CHDF5

/// A filter of HDF5 that is not part of the library itself.
public struct CompressionFilter: Sendable, Equatable {
  /// The number under which it is registered.
  public let id: Int32
  /// The name, such as "zstd".
  public let name: String

  init(id: Int32) {
    self.id = id
    name = Self.names[id] ?? "the filter \(id)"
  }

  private static let names: [Int32: String] = [
    4: "szip", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
    32015: "zstd", 32017: "sz", 32022: "bitgroom", 32023: "granular bit round", 32024: "sz3", 32026: "blosc2",
  ]

  /// The filters that public files are compressed by most often, besides deflate.
  public static let common = [307, 32001, 32015, 4].map { CompressionFilter(id: $0) }

  /// Whether the HDF5 library can undo it, by itself or with a plugin.
  public var isAvailable: Bool { NetCDFLibrary.withLock { H5Zfilter_avail(id) > 0 } }

  /// What to do where one is missing.
  public static let remedy =
    "Where it is installed, \"nccopy -F none IN.nc OUT.nc\" writes the file without it. Or install NetCDF's filter plugins and set HDF5_PLUGIN_PATH to their folder; \"sextant doctor\" says which are found."

  /// The filters of a variable that are not available here; none if it cannot be looked at.
  static func missing(of variable: String, path: String) -> [CompressionFilter] {
    NetCDFLibrary.withLock { HDF5Dataset.filters(path: path, variable: variable) }.map { CompressionFilter(id: $0) }
      .filter { !$0.isAvailable }
  }
}
