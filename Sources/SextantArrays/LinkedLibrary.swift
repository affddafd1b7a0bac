// The system libraries that the program was linked with, for reports of what it runs on. Each layer adds those that it binds.

/// A system library and the version that was found at run time.
public struct LinkedLibrary: Sendable, Equatable, Codable {
  /// The library's own name, such as "NetCDF".
  public let name: String
  /// Its version, or what it says of itself where it has no version number.
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
