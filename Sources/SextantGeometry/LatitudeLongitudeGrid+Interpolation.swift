// Bilinear interpolation on the latitude–longitude grid: periodic over the seam, and between the outermost
// ring and a pole without a row of its own by the ring's mean. Nothing is extrapolated: a place up to half a
// cell outside a regional grid takes the value of the edge.

import SextantArrays

extension LatitudeLongitudeGrid {
  public func interpolation(to places: [GeographicPoint]) throws -> SparseMatrix {
    var rowStarts = [0]
    var columnsOfEntries: [Int32] = []
    var values: [Double] = []
    rowStarts.reserveCapacity(places.count + 1)
    columnsOfEntries.reserveCapacity(4 * places.count)
    values.reserveCapacity(4 * places.count)
    let ring = longitudeAxis.widths.map { $0 / (2 * .pi) }
    for (index, place) in places.enumerated() {
      let (row, column) = try locate(place, number: index + 1)
      var entries: [(vertex: Int, weight: Double)] = []
      func addRow(_ i: Int, weight: Double) {
        guard weight > 1e-12 else { return }
        let fraction = column.fraction < 1e-12 ? 0 : column.fraction > 1 - 1e-12 ? 1 : column.fraction
        if fraction < 1 { entries.append((i * columns + column.before, weight * (1 - fraction))) }
        if fraction > 0 { entries.append((i * columns + column.after, weight * fraction)) }
      }
      switch row {
      case .between(let before, let after, let fraction):
        addRow(before, weight: 1 - fraction)
        addRow(after, weight: fraction)
      case .polewards(let i, let fraction):
        addRow(i, weight: 1 - fraction)
        for (j, share) in ring.enumerated() { entries.append((i * columns + j, fraction * share)) }
      }
      appendRow(entries, &columnsOfEntries, &values)
      rowStarts.append(values.count)
    }
    return SparseMatrix(
      rowCount: places.count, columnCount: vertexCount, rowStarts: rowStarts, columns: columnsOfEntries,
      values: values)
  }

  private func locate(
    _ place: GeographicPoint, number: Int
  ) throws -> (row: LatitudeAxis.Location, column: (before: Int, after: Int, fraction: Double)) {
    guard place.latitude.isFinite, place.longitude.isFinite, abs(place.latitude) <= 90 else {
      throw GeometryError.outsideDomain(
        "Place number \(number) has latitude \(place.latitude)° and longitude \(place.longitude)°: expected finite degrees with latitudes in −90…90."
      )
    }
    guard let row = latitudeAxis.locate(place.latitude), let column = longitudeAxis.locate(place.longitude) else {
      throw GeometryError.outsideDomain(
        "Place number \(number), \(place), lies outside the \(summary). Leave it out, or use a domain that covers it.")
    }
    return (row, column)
  }
}

/// Appends one row of a sparse matrix: entries sorted by vertex, those of one vertex added up.
func appendRow(
  _ entries: [(vertex: Int, weight: Double)], _ columns: inout [Int32], _ values: inout [Double]
) {
  let start = columns.count
  for entry in entries.sorted(by: { $0.vertex < $1.vertex }) {
    if columns.count > start, columns[columns.count - 1] == entry.vertex {
      values[values.count - 1] += entry.weight
    } else {
      columns.append(Int32(entry.vertex))
      values.append(entry.weight)
    }
  }
}
