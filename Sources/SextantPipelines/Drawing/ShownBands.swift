// Which bands of an image a picture shows: its colours, or else one band in greys, or those that somebody chose.

import SextantModels
import SextantSignals

/// The bands of an image that are drawn.
struct ShownBands {
  private let channels: Int
  /// The places of the bands that are drawn: one, or three as red, green and blue.
  private let places: [Int]
  /// The names of the bands that are drawn where there are others; none where all are.
  let names: [String]

  private static let colours = ["red", "green", "blue"]

  /// The colours of an image, with or without further bands; of any other image its first band.
  init(_ variables: [Variable]) {
    self.init(variables, places: Array(0..<(variables.prefix(3).map(\.name) == Self.colours ? 3 : 1)))
  }

  /// The bands of the given names: one in greys, or three as red, green and blue.
  ///
  /// - Throws: `SignalFormatError.absentVariable` for a name that the image at `path` does not have, and `RunError` for another
  ///   number of names.
  init(_ variables: [Variable], named chosen: [String], path: String) throws {
    let known = variables.map(\.name)
    let places = try chosen.map { name in
      guard let place = known.firstIndex(of: name) else {
        throw SignalFormatError.absentVariable(path: path, name: name, available: known)
      }
      return place
    }
    guard [1, 3].contains(places.count) else {
      throw RunError.invalid(
        "--variables \(chosen.joined(separator: ",")): one band of an image is drawn in greys, and three are drawn as red, green and blue; \(places.count) were named. Name one or three of \(known.joined(separator: ", ")).")
    }
    self.init(variables, places: places)
  }

  private init(_ variables: [Variable], places: [Int]) {
    channels = variables.count
    self.places = places
    names = places == Array(variables.indices) ? [] : places.map { variables[$0].name }
  }

  /// The entries (V·C) of the bands that are drawn.
  func callAsFunction<T>(_ entries: [T]) -> [T] {
    stride(from: 0, to: entries.count, by: channels).flatMap { first in places.map { entries[first + $0] } }
  }
}
