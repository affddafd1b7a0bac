// The versions of the linked system libraries, for reports. Each layer adds the libraries that it binds.

/// A system library and its version at run time.
public struct LinkedLibrary: Sendable, Equatable, Codable {
  /// The name of the library, such as "NetCDF".
  public let name: String
  /// Its version, or another description if it has no version number.
  public let version: String

  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}

extension LinkedLibrary {
  /// Dense linear algebra.
  public static var openBLAS: LinkedLibrary { LinkedLibrary(name: "OpenBLAS", version: OpenBLAS.version) }
}
