// Stations, tables and observations at points in the table of kinds × commands.

import Foundation
import Sextant
import SextantTestSupport

extension FileKind {
  static let points: [FileKind] = [
    FileKind(
      name: "table of observations", make: { try $0.write(text(separator: ","), to: "stations.csv") }, outputEnding: "csv",
      inspected: "40 observations at 40 places"),
    FileKind(
      name: "table with tabs", make: { try $0.write(text(separator: "\t"), to: "stations.tsv") }, outputEnding: "nc",
      inspected: "40 observations at 40 places"),
    FileKind(name: "NetCDF of points", make: { try netCDF(in: $0, fieldCount: 1) }, outputEnding: "nc", inspected: "40 scattered places"),
    FileKind(
      name: "NetCDF of stations", make: { try netCDF(in: $0, fieldCount: 2) }, options: [.degrade: ["--select", "time=2001-01-01"], .draw: ["--field", "2"]], outputEnding: "csv",
      inspected: "2 × t on 40 scattered places"),
    FileKind(
      name: "table of places without values", make: { try $0.write("lat,lon\n1,2\n3,4\n", to: "places.csv") },
      outputEnding: "csv", inspected: "2 observations at 2 places",
      refusals: [.degrade: "no column holds values", .draw: "no column holds values"]),
  ]

  /// Forty places over the globe, and a smooth field there.
  private static let places: [GeographicPoint] = (0..<40).map { number in
    let height = -0.95 + 1.9 * Double(number) / 39
    return GeographicPoint(
      latitude: asin(height) * 180 / .pi, longitude: (137.5 * Double(number)).truncatingRemainder(dividingBy: 360))
  }

  private static func value(_ place: GeographicPoint, field: Int = 0) -> Float {
    Float(280 + 10 * Double(field) + 20 * cos(place.latitude * .pi / 90) + 3 * sin(place.longitude * .pi / 180))
  }

  private static func text(separator: String) -> String {
    let rows = places.map { ["\($0.latitude)", "\($0.longitude)", "\(value($0))"] }
    return ([["latitude", "longitude", "t [K]"]] + rows).map { $0.joined(separator: separator) + "\n" }.joined()
  }

  private static func netCDF(in folder: ScratchFolder, fieldCount: Int) throws -> String {
    let values = (0..<fieldCount).flatMap { field in places.map { value($0, field: field) } }
    let fields = SignalSet(
      domain: try ScatteredPoints(places), variables: [Variable(name: "t", units: "K")],
      values: Tensor(values, shape: [fieldCount, places.count, 1]), isValid: values.map { _ in true },
      labels: (0..<fieldCount).map { FieldLabel(month: $0 + 1, yearFraction: 0, time: "2001-0\($0 + 1)-01T00:00:00") })
    try FieldFile.write(fields, to: folder.path("stations.nc"), description: OutputDescription(history: "test"))
    return folder.path("stations.nc")
  }
}
