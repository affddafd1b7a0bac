// Selection of fields by their coordinates: level 500, number 3, time 2012-12. A selection along one dimension keeps
// the other dimensions of the file, so the output has the same axes.

import Foundation
import SextantConfiguration

extension FieldCoordinates {
  /// Keeps the indices along `dimensions` whose coordinates have one of the requested values.
  ///
  /// Keys are names of coordinates or dimensions; "time", "month", "level" and "number" also match the coordinate with
  /// that role under another name. A time matches by its beginning ("2012-12"), and a number by its value, with units
  /// ("500 hPa" matches "50000 Pa") or without.
  func select(
    _ wanted: [String: [String]], from dimensions: inout [FieldDimension], path: String
  ) throws {
    for (key, values) in wanted.sorted(by: { $0.key < $1.key }) {
      if let coordinate = coordinate(for: key) {
        try select(values, of: coordinate, key: key, from: &dimensions, path: path)
      } else if let i = dimensions.firstIndex(where: { $0.dimension.name == key }) {
        try keep(values, key: key, of: &dimensions[i], path: path) { values.contains(String($0)) }
      } else {
        let names = all.map(\.name) + bareDimensions.map(\.name)
        throw NetCDFError.absentVariable(
          path: path, name: key, available: names, nearest: NameSuggestion.nearest(to: key, among: names))
      }
    }
  }

  private func coordinate(for key: String) -> FieldCoordinate? {
    if let exact = all.first(where: { $0.name == key }) { return exact }
    return switch key.lowercased() {
    case "time": time
    case "month": month ?? time
    case "level": all.first { $0.role == .vertical }
    case "number", "member", "realization": all.first { $0.role == .realization }
    default: all.first { $0.standardName == key }
    }
  }

  private func select(
    _ values: [String], of coordinate: FieldCoordinate, key: String, from dimensions: inout [FieldDimension],
    path: String
  ) throws {
    func matches(_ index: Int) -> Bool {
      if key.lowercased() == "month", let moment = coordinate.times?[index] {
        return values.contains { Int($0) == moment.month }
      }
      return values.contains { coordinate.matches($0, at: index) }
    }
    switch coordinate.dimensions.count {
    case 0:
      guard matches(0) else {
        throw NetCDFError.emptySelection(
          path: path, coordinate: key, wanted: values, available: coordinate.texts)
      }
    case 1:
      guard let i = dimensions.firstIndex(where: { $0.dimension == coordinate.dimensions[0] }) else { return }
      let available = dimensions[i].selected.map { coordinate.texts[$0] }
      dimensions[i].selected.removeAll { !matches($0) }
      guard dimensions[i].selected.isEmpty else { return }
      throw NetCDFError.emptySelection(path: path, coordinate: key, wanted: values, available: available)
    default:
      let names = coordinate.dimensions.map(\.name).joined(separator: " and ")
      throw NetCDFError.unusableVariable(
        path: path, variable: coordinate.name,
        reason: "it varies along \(names), so it cannot select fields; select along one of these dimensions.")
    }
  }

  private func keep(
    _ values: [String], key: String, of dimension: inout FieldDimension, path: String, _ matches: (Int) -> Bool
  ) throws {
    let available = dimension.selected.map(String.init)
    dimension.selected.removeAll { !matches($0) }
    guard dimension.selected.isEmpty else { return }
    throw NetCDFError.emptySelection(path: path, coordinate: key, wanted: values, available: available)
  }
}

extension FieldCoordinate {
  /// Whether `text` refers to the value at `index`: by ``CoordinateText/matches(_:_:)``, and for a flag also by its
  /// number.
  func matches(_ text: String, at index: Int) -> Bool {
    if CoordinateText.matches(text, texts[index]) { return true }
    guard times == nil, let value = numbers?[index] else { return false }
    return CoordinateText.matches(text, number: value, units: units)
  }
}
