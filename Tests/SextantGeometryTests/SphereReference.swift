// What SciPy computed (Tests/References/sphere.py).

import Foundation

struct SphereReference: Decodable {
  struct Harmonic: Decodable {
    var degree: Int
    var order: Int
    var values: [Double]
  }

  var positions: [SIMD3<Double>]
  var harmonicsToDegree6: [[Double]]
  var harmonicsOfHighDegree: [Harmonic]
  var fibonacci100Triangles: [[Int]]
  var fibonacci100Areas: [Double]
  var randomPoints: [SIMD3<Double>]
  var randomTriangles: [[Int]]
  var gauss33Nodes: [Double]
  var gauss33Weights: [Double]

  static func load() throws -> SphereReference {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/sphere.json"))
    return try JSONDecoder().decode(SphereReference.self, from: data)
  }
}
