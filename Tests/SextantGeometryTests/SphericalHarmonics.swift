// Real spherical harmonics, orthonormal on the unit sphere, without the Condon–Shortley sign:
//   Y_{l,0} = P̄_{l,0}(z),  Y_{l,m} = √2 P̄_{l,m}(z) cos mλ,  Y_{l,−m} = √2 P̄_{l,m}(z) sin mλ   (m > 0).
// The fully normalised functions P̄ follow the standard recursion upwards in the degree (Holmes and
// Featherstone, 2002, equation 11), which is stable; near the poles it is exact up to degrees of about 1000.

import Foundation
import SextantArrays

/// The harmonics of all degrees up to a limit.
struct SphericalHarmonics: Sendable, Equatable {
  /// The highest degree L.
  let degree: Int
  /// The number of harmonics, (L + 1)².
  var count: Int { (degree + 1) * (degree + 1) }

  /// The harmonics of degrees 0…`degree`.
  init(degree: Int) {
    precondition((0...1000).contains(degree), "Degree \(degree) outside 0…1000")
    self.degree = degree
  }

  /// Where the harmonic of degree l and order m (−l…l) stands in a row: l² + l + m.
  static func index(degree: Int, order: Int) -> Int { degree * degree + degree + order }

  /// The degree of each harmonic; its eigenvalue under −Laplace–Beltrami is l(l + 1).
  var degrees: [Int] { (0...degree).flatMap { repeatElement($0, count: 2 * $0 + 1) } }

  /// The values at positions of length 1: positions × harmonics, in parallel.
  func values<Scalar: TensorScalar>(
    at positions: [SIMD3<Double>], as type: Scalar.Type = Double.self
  ) -> Tensor<Scalar> {
    let (width, degree) = (count, degree)
    let (a, b) = coefficients
    return Tensor(shape: [positions.count, width]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      Parallel.forEachRange(of: positions.count, grain: 64) { range in
        var row = [Double](repeating: 0, count: width)
        for i in range {
          Self.evaluate(positions[i], degree, a, b, &row)
          for k in 0..<width { target[i * width + k] = Scalar(row[k]) }
        }
      }
    }
  }

  /// The factors of P̄_{l,m} = a (z P̄_{l−1,m} − b P̄_{l−2,m}), at l² + m.
  private var coefficients: (a: [Double], b: [Double]) {
    var a = [Double](repeating: 0, count: count)
    var b = a
    for m in 0...degree {
      for l in (m + 1)..<max(m + 1, degree + 1) {
        let (l2, m2) = (Double(l * l), Double(m * m))
        a[l * l + m] = ((4 * l2 - 1) / (l2 - m2)).squareRoot()
        let before = Double((l - 1) * (l - 1))
        b[l * l + m] = ((before - m2) / (4 * before - 1)).squareRoot()
      }
    }
    return (a, b)
  }

  private static func evaluate(
    _ p: SIMD3<Double>, _ degree: Int, _ a: [Double], _ b: [Double], _ row: inout [Double]
  ) {
    // sinᵐθ cos mλ and sinᵐθ sin mλ are the parts of (x + iy)ᵐ: no angle is ever computed.
    var (sectorCosine, sectorSine) = (1.0, 0.0)
    var sectorFactor = (1 / (4 * Double.pi)).squareRoot()
    for m in 0...degree {
      if m > 0 {
        (sectorCosine, sectorSine) = (
          sectorCosine * p.x - sectorSine * p.y, sectorCosine * p.y + sectorSine * p.x
        )
        sectorFactor *= (Double(2 * m + 1) / Double(2 * m)).squareRoot() * (m == 1 ? 2.0.squareRoot() : 1)
      }
      var (current, previous) = (sectorFactor, 0.0)
      for l in m...degree {
        if l > m { (current, previous) = (a[l * l + m] * (p.z * current - b[l * l + m] * previous), current) }
        row[l * l + l + m] = current * sectorCosine
        if m > 0 { row[l * l + l - m] = current * sectorSine }
      }
    }
  }
}
