// Errors in NetCDF files; the text names the file, the variable and the remedy.

import SextantGeometry

/// A file that cannot be read or written as gridded NetCDF.
public enum NetCDFError: Error, Equatable, CustomStringConvertible {
  /// The NetCDF library reported an error, for the given reason.
  case library(action: String, path: String, variable: String?, reason: String)
  /// The file is not NetCDF.
  case notNetCDF(path: String, found: String)
  /// The file is GRIB.
  case grib(path: String)
  /// The file is shorter than its header states.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// A requested variable does not exist.
  case absentVariable(path: String, name: String, available: [String], nearest: String?)
  /// No variable lies on a grid.
  case noGrid(path: String, reason: String)
  /// A variable exists but cannot be read as fields.
  case unusableVariable(path: String, variable: String, reason: String)
  /// The variables of a file do not share a grid and field dimensions.
  case unlikeVariables(path: String, first: String, second: String, reason: String)
  /// Coordinates, times or attributes violate the conventions.
  case invalidCoordinate(path: String, variable: String, reason: String)
  /// A value is infinite.
  case infiniteValue(path: String, variable: String, place: String)
  /// The fields are on a domain that cannot be written without a template.
  case unwritableDomain(path: String, domain: String)
  /// Values are compressed by filters that are not installed.
  case filterMissing(path: String, variable: String, filters: [String])
  /// A selection matches nothing in the file.
  case emptySelection(path: String, coordinate: String, wanted: [String], available: [String])

  public var description: String {
    switch self {
    case .library(let action, let path, let variable, let reason):
      "\(path): could not \(action)\(variable.map { " of variable \($0)" } ?? ""): \(reason)."
    case .notNetCDF(let path, let found):
      "\(path): expected a NetCDF file, found \(found)."
    case .grib(let path):
      "\(path): expected a NetCDF file, found GRIB. Open it by its format: [any SignalFormat].standard reads both."
    case .truncated(let path, let expected, let found):
      "\(path): the file is truncated: expected \(expected) bytes, found \(found). Download or copy it again."
    case .absentVariable(let path, let name, let available, let nearest):
      "\(path): no variable \"\(name)\"\(nearest.map { "; did you mean \"\($0)\"?" } ?? ".") "
        + "The file has: \(available.isEmpty ? "none on a grid" : available.joined(separator: ", "))."
    case .noGrid(let path, let reason):
      "\(path): no field on a latitude–longitude grid: \(reason)"
    case .unusableVariable(let path, let variable, let reason):
      "\(path), variable \(variable): \(reason)"
    case .unlikeVariables(let path, let first, let second, let reason):
      "\(path): variables \(first) and \(second) cannot be channels of one signal: \(reason) Read them one at a time."
    case .invalidCoordinate(let path, let variable, let reason):
      "\(path), variable \(variable): \(reason)"
    case .infiniteValue(let path, let variable, let place):
      "\(path), variable \(variable): infinite value at \(place). "
        + "If it marks missing data, declare it as _FillValue or missing_value."
    case .unwritableDomain(let path, let domain):
      "\(path): cannot write fields on \(domain.withArticle): expected a domain with latitudes and longitudes."
    case .filterMissing(let path, let variable, let filters):
      "\(path), variable \(variable): the values are compressed by \(filters.joined(separator: " and ")), which this machine's HDF5 library cannot undo. "
        + CompressionFilter.remedy
    case .emptySelection(let path, let coordinate, let wanted, let available):
      "\(path): no field has \(coordinate) = \(wanted.joined(separator: " or ")). "
        + "The file has: \(Self.abridged(available))."
    }
  }

  static func abridged(_ texts: [String], limit: Int = 12) -> String {
    if texts.isEmpty { return "no such coordinate" }
    guard texts.count > limit else { return texts.joined(separator: ", ") }
    return texts.prefix(limit).joined(separator: ", ") + ", … (\(texts.count) in all)"
  }
}
