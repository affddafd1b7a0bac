// The space of a single file, for methods that learn from no archive: its grid and its variables.

import SextantSignals
import SextantSolvers

extension FieldSpace {
  /// The space of the fields in the NetCDF file at `path`; every cell of the grid is inside.
  ///
  /// - Parameter variables: the variables; nil for all that share a grid, without the noise levels that `sextant degrade` writes
  ///   beside a variable.
  public init(
    forFile path: String, variables: [String]?, selecting: [String: [String]], landMask: LandMask?
  ) throws {
    var file = try GriddedFile(path: path, variables: variables, selecting: selecting)
    let names = file.variables.map(\.name)
    let fields = names.filter { !($0.hasSuffix("_noise") && names.contains(String($0.dropLast("_noise".count)))) }
    if variables == nil, fields.count < names.count {
      file = try GriddedFile(path: path, variables: fields, selecting: selecting)
    }
    try self.init(file, landShare: landMask?.share(on: file.domain))
  }
}

extension LandMask {
  /// Reads "FILE" or "FILE:VARIABLE".
  public init(text: String) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    self.init(file: parts.first ?? text, variable: parts.count == 2 ? parts[1] : nil)
  }
}
