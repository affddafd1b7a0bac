// All access to libnetcdf. The library and HDF5 keep global state without locks, so every call in this process takes
// one lock, and every error status becomes a typed error.

import CNetCDF
import Foundation

/// Serialises and checks calls to libnetcdf.
public enum NetCDFLibrary {
  private static let lock = NSLock()

  /// Calls `body` while no other thread is inside the library.
  ///
  /// Not re-entrant: `body` must contain only plain `nc_` calls.
  public static func withLock<R>(_ body: () throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    silenceHDF5()
    return try body()
  }

  /// Calls `body`, which returns an `nc_` status, and throws ``NetCDFError/library(action:path:variable:reason:)`` if
  /// the status is not zero.
  static func check(
    _ action: String, path: String, variable: String? = nil, _ body: () -> Int32
  ) throws {
    let status = withLock(body)
    guard status != NC_NOERR else { return }
    throw NetCDFError.library(action: action, path: path, variable: variable, reason: reason(of: status))
  }

  /// HDF5 prints an error stack for every attribute that libnetcdf does not find. libnetcdf switches this off only for
  /// the first thread that calls it, so it is switched off for each calling thread here. HDF5 is not linked by name:
  /// the function is looked up in the libraries that libnetcdf has loaded.
  private static func silenceHDF5() { _ = setHDF5Printing?(0, nil, nil) }

  private typealias SetPrinting =
    @convention(c) (_ stack: Int64, _ print: UnsafeRawPointer?, _ data: UnsafeMutableRawPointer?) -> Int32

  private static let setHDF5Printing = dlsym(nil, "H5Eset_auto2").map { unsafeBitCast($0, to: SetPrinting.self) }

  static func reason(of status: Int32) -> String {
    let text = nc_strerror(status).map { String(cString: $0) } ?? "status \(status)"
    return text.hasPrefix("NetCDF: ") ? String(text.dropFirst(8)) : text
  }
}
