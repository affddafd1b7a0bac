// Where answers are wanted for observations that are on no grid: on a grid that the user describes or that a file has, or at places
// of a file.

import Foundation
import SextantGeometry
import SextantModels
import SextantSignals

/// The grid and the places of an answer.
public struct AnswerTarget: Sendable, Equatable, Encodable {
  /// The grid on which the field is solved, where there is no model: "1deg", "2x3deg", "0.25deg:35..60,-10..30", or a file whose
  /// grid it is.
  public var grid: String?
  /// A file of the places at which the answer is given, such as a table with latitudes and longitudes.
  public var places: String?

  public init(grid: String? = nil, places: String? = nil) { (self.grid, self.places) = (grid, places) }

  /// The domains of a target.
  struct Domains {
    /// Where the field is solved; nil for the domain of the model or of the input.
    var field: (any Domain)?
    /// Where answers are given; nil for the domain of the field.
    var places: (any Domain)?
    /// Files that the answer depends on.
    var files: [String] = []
  }

  /// The domains for the fields of an input.
  ///
  /// - Parameters:
  ///   - input: the domain of the input.
  ///   - hasModel: whether a model says where fields live.
  /// - Throws: ``RunError`` for a grid that cannot be read or does not fit a model, and what reading files throws.
  func domains(for input: any Domain, hasModel: Bool, formats: [any SignalFormat]) throws -> Domains {
    var result = Domains()
    if let grid {
      if hasModel {
        throw RunError.invalid(
          "--grid \(grid): a model's fields are on its own grid. Give --regrid model for an answer on it, or --at FILE for one at places.")
      }
      guard input.geography != nil else {
        throw RunError.invalid(
          "--grid \(grid): it is a grid of latitudes and longitudes, and the file is on a \(input.summary), which has none. Leave --grid out.")
      }
      if FileManager.default.fileExists(atPath: grid) {
        let domain = try formats.open(SignalRequest(path: grid, acceptsValues: true)).domain
        _ = try domain.requiredGeography(for: "A grid for the answer (--grid)")
        (result.field, result.files) = (domain, [grid])
      } else {
        result.field = try Self.grid(grid)
      }
    }
    if let places {
      let points = try formats.places(of: places)
      let domain = try ScatteredPoints(points)
      result.places = domain
      result.files.append(places)
      // Without a grid, observations and answers are places of one set.
      if !hasModel, result.field == nil, input.isScattered {
        let own = try input.requiredGeography(for: "An answer at places (--at)").points
        result.field = try ScatteredPoints(own + points)
      }
    }
    return result
  }

  /// The grid that a text describes: cells of that size, over the globe or a region.
  static func grid(_ text: String) throws -> LatitudeLongitudeGrid {
    func failure(_ what: String) -> RunError {
      .invalid(
        "--grid \(text): \(what) Expected a size in degrees such as 1deg or 2x3deg (latitude by longitude), with a region such as 0.25deg:35..60,-10..30 (south..north,west..east), or a file whose grid is wanted.")
    }
    let number = #"(-?\d+(?:\.\d+)?)"#
    let pattern = try Regex(
      #"(\d+(?:\.\d+)?)(?:x(\d+(?:\.\d+)?))?(?:deg|degrees?|°)"# + "(?::\(number)\\.\\.\(number),\(number)\\.\\.\(number))?")
    guard let match = text.wholeMatch(of: pattern) else {
      throw failure(text.contains("/") || text.contains(".nc") ? "there is no such file." : "this is no grid.")
    }
    let numbers = match.output.dropFirst().map { $0.substring.flatMap { Double($0) } }
    guard let height = numbers[0], height > 0 else { throw failure("the size must be above 0.") }
    let width = numbers[1] ?? height
    guard width > 0 else { throw failure("the size must be above 0.") }
    if let south = numbers[2], let north = numbers[3], let west = numbers[4], let east = numbers[5] {
      guard south < north, abs(south) <= 90, abs(north) <= 90, west < east, east - west <= 360 else {
        throw failure("the region must go from south to north within −90…90 and from west to east within 360°.")
      }
      return try LatitudeLongitudeGrid(
        latitudes: axis(from: south, to: north, step: height),
        longitudes: axis(from: west, to: east, step: width).filter { $0 < west + 360 - 1e-9 })
    }
    let (rows, columns) = ((180 / height).rounded(), (360 / width).rounded())
    guard abs(rows * height - 180) < 1e-6, abs(columns * width - 360) < 1e-6, rows >= 2, columns >= 4 else {
      throw failure("cells of this size do not divide the globe.")
    }
    return try LatitudeLongitudeGrid(
      latitudes: (0..<Int(rows)).map { -90 + height * (Double($0) + 0.5) }, longitudes: (0..<Int(columns)).map { width * Double($0) })
  }

  private static func axis(from first: Double, to last: Double, step: Double) -> [Double] {
    (0...Int(((last - first) / step + 1e-9).rounded(.down))).map { first + step * Double($0) }
  }
}
