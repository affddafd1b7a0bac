// The versions of the libraries for files of signals, for units and for map projections.

import CEcCodes
import CNetCDF
import CPROJ
import CUDUnits
import Foundation
import SextantArrays

extension LinkedLibrary {
  /// NetCDF files.
  public static var netCDF: LinkedLibrary {
    // "4.9.0 of Jul 15 2022 …": the build date is omitted.
    let text = String(cString: nc_inq_libvers())
    return LinkedLibrary(name: "NetCDF", version: text.split(separator: " ").first.map(String.init) ?? text)
  }

  /// The format library of NetCDF-4 files; nil if the NetCDF library was built without it.
  public static var hdf5: LinkedLibrary? {
    typealias VersionQuery =
      @convention(c) (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32
    // The NetCDF library loads HDF5; this package does not bind it, so the symbol is looked up by name.
    guard let symbol = dlsym(dlopen(nil, RTLD_LAZY), "H5get_libversion") else { return nil }
    let query = unsafeBitCast(symbol, to: VersionQuery.self)
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    guard query(&major, &minor, &release) >= 0 else { return nil }
    return LinkedLibrary(name: "HDF5", version: "\(major).\(minor).\(release)")
  }

  /// Map projections.
  public static var proj: LinkedLibrary {
    LinkedLibrary(name: "PROJ", version: "\(PROJ_VERSION_MAJOR).\(PROJ_VERSION_MINOR).\(PROJ_VERSION_PATCH)")
  }

  /// GRIB files.
  public static var ecCodes: LinkedLibrary {
    let version = codes_get_api_version()
    return LinkedLibrary(name: "ecCodes", version: "\(version / 10000).\(version / 100 % 100).\(version % 100)")
  }

  /// Units of measurement. The library does not report its version, so the path of its database is given instead.
  public static var udunits: LinkedLibrary {
    var status = UT_SUCCESS
    let path = ut_get_path_xml(nil, &status).map { String(cString: $0) }
    return LinkedLibrary(name: "UDUNITS-2", version: path.map { "database \($0)" } ?? "no database of units")
  }
}
