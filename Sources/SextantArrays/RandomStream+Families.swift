// Gamma, beta, binomial and hypergeometric numbers. Gamma numbers by rejection (G. Marsaglia and W. W. Tsang, "A simple method for
// generating gamma variables", ACM Transactions on Mathematical Software, 2000); binomial numbers of many trials by the median of as many
// uniform numbers, which is a beta number and halves the trials (Knuth, The Art of Computer Programming, volume 2, 3.4.1). All are exact.

import Foundation

extension RandomStream {
  /// A gamma number of the given shape, above 0, and scale 1.
  public mutating func gamma(shape: Double) -> Double {
    precondition(shape > 0, "A gamma number of shape \(shape)")
    // One of a shape below 1 from one of a shape above it.
    guard shape >= 1 else { return gamma(shape: shape + 1) * pow(1 - uniform(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// A beta number with two shapes above 0.
  public mutating func beta(_ a: Double, _ b: Double) -> Double {
    let (x, y) = (gamma(shape: a), gamma(shape: b))
    // Of two shapes that are nearly 0, both numbers may be too small for a double: one of the ends is then drawn.
    return x + y > 0 ? x / (x + y) : uniform() * (a + b) < a ? 1 : 0
  }

  /// How many of `trials` independent trials succeed.
  public mutating func binomial(trials: Int, probability: Double) -> Int {
    precondition(trials >= 0 && (0...1).contains(probability), "\(trials) trials with the probability \(probability)")
    var (left, p, successes) = (trials, probability, 0)
    while left >= 32 {
      let (a, b) = (1 + left / 2, left - left / 2)
      // The a-th smallest of as many uniform numbers as there are trials.
      let median = beta(Double(a), Double(b))
      if median >= p {
        (left, p) = (a - 1, min(1, p / median))
      } else {
        (left, p, successes) = (b - 1, (p - median) / (1 - median), successes + a)
      }
    }
    for _ in 0..<left where uniform() < p { successes += 1 }
    return successes
  }

  /// How many marked ones are among `draws` that are drawn, without being put back, from `count` of which `marked` are marked.
  public mutating func hypergeometric(draws: Int, marked: Int, of count: Int) -> Int {
    precondition(
      (0...count).contains(draws) && (0...count).contains(marked),
      "\(draws) draws from \(count), of which \(marked) are marked")
    // Those that stay are drawn in the same way.
    if 2 * draws > count { return marked - hypergeometric(draws: count - draws, marked: marked, of: count) }
    var (left, found) = (marked, 0)
    for draw in 0..<draws where uniform() * Double(count - draw) < Double(left) {
      (left, found) = (left - 1, found + 1)
    }
    return found
  }
}
