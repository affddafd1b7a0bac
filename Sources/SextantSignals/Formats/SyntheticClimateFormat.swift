// The synthetic climate as a source of fields like any file: the path "synthetic:8" means eight years of it.

import Foundation
import SextantGeometry

/// The synthetic climate on a grid of 4°: 46 rows from pole to pole, 90 columns.
public struct SyntheticClimateFormat: SignalFormat {
  public init() {}

  public var name: String { "the synthetic climate" }
  public var help: String { "synthetic:YEARS, fields of the synthetic climate on a 4° grid; there is no file" }

  private static let prefix = "synthetic:"

  /// The path that means `years` of the synthetic climate.
  public static func path(years: Int) -> String { "\(prefix)\(years)" }

  public func recognises(_ path: String) -> Bool {
    path.hasPrefix(Self.prefix) && !FileManager.default.fileExists(atPath: path)
  }

  public func open(_ request: SignalRequest) throws -> any SignalDocument {
    let text = request.path.dropFirst(Self.prefix.count)
    guard let years = Int(text), (1...1000).contains(years) else {
      throw SignalFormatError.invalidSetting(
        path: request.path, name: "the number of years", expected: "1 to 1000", found: "'\(text)'")
    }
    try request.refuseGeometry(for: self, because: "the fields are on a latitude–longitude grid. Leave it out.")
    try request.refuseMonthVariable(for: self)
    try request.refuseSettings(for: self)
    try request.checkNames()
    let fields = try Self.fields(years: years)
    return try StoredSignals(
      path: request.path, inputPaths: [], format: self,
      fields: request.variables.map { try fields.selecting($0, path: request.path) } ?? fields
    ).selecting(request.select)
  }

  /// All fields of `years` years.
  public static func fields(years: Int) throws -> SignalSet {
    let grid = try LatitudeLongitudeGrid(
      latitudes: (0..<46).map { 90 - 4 * Double($0) }, longitudes: (0..<90).map { 4 * Double($0) })
    return SyntheticClimate().fields(count: years * SyntheticClimate.fieldsPerYear, on: grid)
  }
}
