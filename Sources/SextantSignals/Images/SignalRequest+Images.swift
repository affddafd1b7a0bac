// What all formats of images make of a request: the pixels as a domain, and the bands, which are read all together.

import SextantGeometry

extension SignalRequest {
  /// The domain of images: the expected one where it has the same pixels, and otherwise a grid of their own.
  ///
  /// Throws ``GeometryError/invalidGrid(_:)``.
  func imageDomain(rows: Int, columns: Int) throws -> any Domain {
    let grid = try ImageGrid(rows: rows, columns: columns)
    guard let expected = domain, expected.fingerprint == grid.fingerprint else { return grid }
    return expected
  }

  /// Throws ``SignalFormatError`` where other variables are wanted than all bands in their order.
  func checkBands(_ names: [String], for format: some SignalFormat) throws {
    guard let wanted = variables, wanted != names else { return }
    guard let absent = wanted.first(where: { !names.contains($0) }) else {
      throw SignalFormatError.refused(
        path: path, format: format.name, option: "--variables",
        reason: "the bands of an image are read all together, in the order \(names.joined(separator: ", ")).")
    }
    throw SignalFormatError.absentVariable(path: path, name: absent, available: names)
  }
}
