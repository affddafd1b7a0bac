// The versions of the libraries that read and write signals.

import CNetCDF
import CUDUnits
import Foundation
import SextantArrays

extension LinkedLibrary {
  /// Files of signals.
  public static var netCDF: LinkedLibrary {
    // "4.9.0 of Jul 15 2022 …": the build date is no news.
    let text = String(cString: nc_inq_libvers())
    return LinkedLibrary(name: "NetCDF", version: text.split(separator: " ").first.map(String.init) ?? text)
  }

  /// What NetCDF-4 files are made of; nil when the NetCDF library does without.
  public static var hdf5: LinkedLibrary? {
    typealias VersionQuery =
      @convention(c) (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32
    // The NetCDF library brings HDF5 along; this package does not bind it, so it is asked by name.
    guard let symbol = dlsym(dlopen(nil, RTLD_LAZY), "H5get_libversion") else { return nil }
    let query = unsafeBitCast(symbol, to: VersionQuery.self)
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    guard query(&major, &minor, &release) >= 0 else { return nil }
    return LinkedLibrary(name: "HDF5", version: "\(major).\(minor).\(release)")
  }

  /// Units of measurement. The library has no version query; its database of units is named instead.
  public static var udunits: LinkedLibrary {
    var status = UT_SUCCESS
    let path = ut_get_path_xml(nil, &status).map { String(cString: $0) }
    return LinkedLibrary(name: "UDUNITS-2", version: path.map { "database \($0)" } ?? "no database of units")
  }
}
