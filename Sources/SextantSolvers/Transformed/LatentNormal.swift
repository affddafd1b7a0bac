// The normal distribution of a transformed variable w of which noisy values were measured.
//
// The mean and the variance of the transformed values themselves are not those of w: the logarithm of a value that lies
// below its noise is arbitrary, and the scatter of such logarithms would count as variability of the field. The likelihood
// of each value knows this. Its maximum is found by expectation–maximisation, in which every value gives the moments of
// the w that it allows; places are taken as independent.

import SextantPriors

/// The mean and the variance of a transformed variable.
struct LatentNormal {
  private(set) var mean: Double
  private(set) var variance: Double

  /// More values hardly change the two numbers, and the quadrature takes a few microseconds for each.
  private static let largestCount = 1000
  private static let maximumRounds = 100
  /// The change of the mean and of the deviation, as a share of the deviation, that ends the search.
  private static let tolerance = 1e-3

  /// - Parameters:
  ///   - values: the measured values and the standard deviations of their noise, in the variable's units.
  ///   - transform: the variable's transform; without one, the moments are those of the values.
  /// - Returns: nil without any value.
  init?(of values: [(value: Double, noise: Double)], transform: MarginalTransform) {
    guard !values.isEmpty else { return nil }
    let transformed = values.map { transform.transformed($0.value) }
    (mean, variance) = Self.moments(transformed)
    guard !transform.isIdentity, variance > 0 else { return }
    let stride = (values.count + Self.largestCount - 1) / Self.largestCount
    let chosen = Swift.stride(from: 0, to: values.count, by: stride).map { values[$0] }.filter { $0.noise > 0 }
    // Exact values say exactly what they transform to.
    guard 2 * chosen.count > values.count / stride else { return }
    for _ in 0..<Self.maximumRounds {
      let products = chosen.map {
        transform.moments(of: $0.value, noise: $0.noise, cavity: (mean: mean, variance: variance))
      }
      let usable = products.filter { $0.mean.isFinite && $0.variance.isFinite }
      guard !usable.isEmpty else { return }
      let (centre, scatter) = Self.moments(usable.map(\.mean))
      let within = usable.reduce(0) { $0 + $1.variance } / Double(usable.count)
      let (deviation, next) = (variance.squareRoot(), (scatter + within).squareRoot())
      let change = max(abs(centre - mean), abs(next - deviation)) / deviation
      (mean, variance) = (centre, scatter + within)
      if change < Self.tolerance { return }
    }
  }

  private static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
  }
}
