// Gauss–Legendre quadrature on [−1, 1]: the latitudes of spectral climate models and their weights.
// Newton's method on the three-term recurrence (Abramowitz and Stegun 25.4.29–30), O(n²) in total.

import Foundation

/// The quadrature rule with n nodes.
struct GaussLegendre {
  /// The nodes, falling from 1 towards −1 (n).
  let nodes: [Double]
  /// The weights, which sum to 2 (n).
  let weights: [Double]

  init(count n: Int) {
    var nodes = [Double](repeating: 0, count: n)
    var weights = nodes
    for i in 0..<(n + 1) / 2 {
      let (node, weight) = Self.rule(n, i)
      (nodes[i], nodes[n - 1 - i]) = (node, -node)
      (weights[i], weights[n - 1 - i]) = (weight, weight)
    }
    if n % 2 == 1 { nodes[n / 2] = 0 }
    self.nodes = nodes
    self.weights = weights
  }

  /// The i-th largest node of n alone.
  static func node(_ i: Int, of n: Int) -> Double { rule(n, i).node }

  private static func rule(_ n: Int, _ i: Int) -> (node: Double, weight: Double) {
    var x = cos(.pi * (Double(i) + 0.75) / (Double(n) + 0.5))
    var derivative = 1.0
    for _ in 0..<100 {
      var (current, previous) = (1.0, 0.0)
      for k in 1...n {
        (current, previous) = (
          (Double(2 * k - 1) * x * current - Double(k - 1) * previous) / Double(k), current
        )
      }
      derivative = Double(n) * (x * current - previous) / (x * x - 1)
      let step = current / derivative
      x -= step
      if abs(step) < 1e-15 { break }
    }
    return (x, 2 / ((1 - x * x) * derivative * derivative))
  }
}
