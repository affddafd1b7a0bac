// The land of the synthetic climate and its elevation: a smooth random field above a threshold that gives about 30 %
// land, with mountains where a second field is large.

import Foundation
import SextantArrays

/// Land and orography as functions of position.
struct Continents: Sendable {
  /// The surface at a point.
  struct Surface: Sendable {
    /// 0 at sea, 1 on land, in between on the coast.
    var land: Double
    /// Elevation in km.
    var height: Double
  }

  private let shape: [(vector: SIMD3<Double>, amplitude: Double, phase: Double)]
  private let relief: [(vector: SIMD3<Double>, amplitude: Double, phase: Double)]

  init(_ seed: RandomStream) {
    shape = Self.waves(count: 24, wavenumbers: 1.5..<7, slope: 1.0, seed.split("shape"))
    relief = Self.waves(count: 40, wavenumbers: 4..<22, slope: 0.7, seed.split("relief"))
  }

  func evaluate(at positions: [SIMD3<Double>]) -> [Surface] {
    positions.map { position in
      let level = Self.sum(shape, at: position)
      // The steep logistic function makes the coast about one grid cell of 4° wide.
      let land = 1 / (1 + exp(-(level - 0.45) * 14))
      let ridge = max(0, Self.sum(relief, at: position) - 0.35)
      return Surface(land: land, height: land * (0.25 + 2.4 * ridge))
    }
  }

  private static func waves(
    count: Int, wavenumbers: Range<Double>, slope: Double, _ seed: RandomStream
  ) -> [(vector: SIMD3<Double>, amplitude: Double, phase: Double)] {
    var random = seed
    var result: [(vector: SIMD3<Double>, amplitude: Double, phase: Double)] = []
    for _ in 0..<count {
      let wavenumber = random.uniform(in: wavenumbers)
      let z = random.uniform(in: -1..<1)
      let angle = random.uniform(in: 0..<(2 * Double.pi))
      let horizontal = (1 - z * z).squareRoot()
      let direction = SIMD3(horizontal * cos(angle), horizontal * sin(angle), z)
      result.append((direction * wavenumber, pow(wavenumber, -slope), random.uniform(in: 0..<(2 * Double.pi))))
    }
    // Unit variance of the sum.
    let variance = result.reduce(0.0) { $0 + 0.5 * $1.amplitude * $1.amplitude }
    return result.map { ($0.vector, $0.amplitude / variance.squareRoot(), $0.phase) }
  }

  private static func sum(
    _ waves: [(vector: SIMD3<Double>, amplitude: Double, phase: Double)], at position: SIMD3<Double>
  ) -> Double {
    waves.reduce(0.0) { $0 + $1.amplitude * cos(($1.vector * position).sum() + $1.phase) }
  }
}
