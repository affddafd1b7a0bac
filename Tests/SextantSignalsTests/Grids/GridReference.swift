// What astropy-healpix, pyproj and SciPy computed (Tests/References/grids.py).

import Foundation

struct GridReference: Decodable {
  struct HEALPixRow: Decodable {
    var side: Int
    var order: String
    var cells: [Int]
    var latitudes: [Double]
    var longitudes: [Double]
  }

  struct Projection: Decodable {
    var name: String
    var texts: [String: String]
    var numbers: [String: [Double]]
    var x: [Double]
    var y: [Double]
    var latitudes: [Double]
    var longitudes: [Double]
  }

  struct Cells: Decodable {
    var latitudes: [Double]
    var longitudes: [Double]
    var corners: Int?
    var cornerLatitudes: [Double]?
    var cornerLongitudes: [Double]?
    var areas: [Double]?
    var values: [Double]
    var targetLatitudes: [Double]
    var targetLongitudes: [Double]
    var targetValues: [Double]
    var landLatitudes: [Double]?
    var landLongitudes: [Double]?
  }

  struct Plane: Decodable {
    var x: [Double]
    var y: [Double]
    var values: [Double]
    var targetLatitudes: [Double]
    var targetLongitudes: [Double]
    var targetValues: [Double]
  }

  struct Holes: Decodable {
    var rows: Int
    var columns: Int
    var latitudes: [Double]
    var longitudes: [Double]
    var isOutside: [Bool]
    var values: [Double]
    var targetLatitudes: [Double]
    var targetLongitudes: [Double]
    var targetValues: [Double]
  }

  var healpix: [HEALPixRow]
  var projections: [Projection]
  var cells: Cells
  var ocean: Cells
  var stereographic: Plane
  var holes: Holes

  static func load() throws -> GridReference {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/grids.json"))
    return try JSONDecoder().decode(GridReference.self, from: data)
  }
}
