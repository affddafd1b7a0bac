// How large a stored grid claims to be, found without building it: a tampered model must not take memory that its file
// does not back.

import SextantGeometry

extension GridDescription {
  /// The number of vertices; nil where it cannot be counted.
  var claimedVertexCount: Int? {
    func product(_ a: Int, _ b: Int) -> Int? {
      let (product, overflows) = a.multipliedReportingOverflow(by: b)
      return overflows || a < 0 || b < 0 ? nil : product
    }
    switch self {
    case .latitudeLongitude(let latitudes, let longitudes): return product(latitudes.count, longitudes.count)
    case .curvilinear(let rows, let columns, _, _): return product(rows, columns)
    case .scattered(let places): return places.count
    case .icosphere(let subdivisions): return (0...9).contains(subdivisions) ? (10 << (2 * subdivisions)) + 2 : nil
    case .fibonacci(let count): return count
    case .sphereMesh(let positions, _): return positions.count
    case .surfaceMesh(let positions, _, _): return positions.count
    }
  }
}
