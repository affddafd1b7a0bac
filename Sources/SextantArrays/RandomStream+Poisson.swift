// Poisson numbers: products of uniform numbers for small means (Knuth, The Art of Computer Programming, volume 2, 3.4.1), and
// transformed rejection for the rest (W. Hörmann, "The transformed rejection method for generating Poisson random variables",
// Insurance: Mathematics and Economics, 1993, algorithm PTRS). Both are exact.

import Foundation

extension RandomStream {
  /// A Poisson number of the given mean; 0 where the mean is not above 0.
  public mutating func poisson(mean: Double) -> Double {
    guard mean > 0 else { return 0 }
    guard mean >= 10 else {
      let limit = exp(-mean)
      var (count, product) = (0.0, uniform())
      while product > limit {
        count += 1
        product *= uniform()
      }
      return count
    }
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let accepted = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = uniform() - 0.5
      let v = 1 - uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07, v <= accepted { return k }
      if k < 0 || (us < 0.013 && v > us) { continue }
      if log(v) + log(inverseAlpha) - log(a / (us * us) + b) <= k * log(mean) - mean - lgamma(k + 1) { return k }
    }
  }
}
