// The one door to libnetcdf. The library and HDF5 under it keep global state without locks, so every call
// in this process goes through one lock, and every status becomes a typed error.

import CNetCDF
import Foundation

/// Serialises and checks the calls into libnetcdf.
public enum NetCDFLibrary {
  private static let lock = NSLock()

  /// Calls `body` while nobody else is inside the library.
  ///
  /// Not re-entrant: `body` makes plain `nc_` calls only.
  public static func withLock<R>(_ body: () throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// Calls `body`, which returns an `nc_` status, and throws ``NetCDFError/library(action:path:variable:reason:)``
  /// unless it is zero.
  static func check(
    _ action: String, path: String, variable: String? = nil, _ body: () -> Int32
  ) throws {
    let status = withLock(body)
    guard status != NC_NOERR else { return }
    throw NetCDFError.library(action: action, path: path, variable: variable, reason: reason(of: status))
  }

  static func reason(of status: Int32) -> String {
    let text = nc_strerror(status).map { String(cString: $0) } ?? "status \(status)"
    return text.hasPrefix("NetCDF: ") ? String(text.dropFirst(8)) : text
  }
}
