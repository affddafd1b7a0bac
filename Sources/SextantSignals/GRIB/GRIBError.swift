// Errors in GRIB files; the text names the file, the message and the remedy.

/// A GRIB file that cannot be read as fields.
public enum GRIBError: Error, Equatable, CustomStringConvertible {
  /// The file could not be opened or read.
  case unreadable(path: String, reason: String)
  /// A message ends before its own length; messages are counted from 1.
  case truncated(path: String, message: Int)
  /// The ecCodes library reported an error.
  case library(path: String, message: Int, key: String, reason: String)
  /// The messages are on several grids, each described with the variables on it.
  case mixedGrids(path: String, grids: [String])
  /// A message that this package does not read, with the reason.
  case unsupported(path: String, message: Int, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): could not read the file: \(reason)."
    case .truncated(let path, let message):
      "\(path): GRIB message number \(message) is cut off. Download or copy the file again."
    case .library(let path, let message, let key, let reason):
      "\(path): GRIB message number \(message): ecCodes cannot read \(key): \(reason)."
    case .mixedGrids(let path, let grids):
      "\(path): the messages are on \(grids.count) different grids: \(grids.joined(separator: "; ")). Split the file first, for example with \"grib_copy FILE '[shortName]_[gridType].grib'\"."
    case .unsupported(let path, let message, let reason): "\(path): GRIB message number \(message): \(reason)"
    }
  }
}
