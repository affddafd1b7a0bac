// Overlapping patches put together to an image: means with weights of one over their variances, and deviations under a
// window that falls off towards the edges of a patch.

import Foundation
import SextantArrays
import SextantPriors

/// The sums over patches from which an image follows.
struct PatchSum {
  /// A patch of an image.
  struct Patch {
    /// Its number among all, which chooses its random numbers.
    let number: Int
    /// Its entries in the image (d).
    let entries: [Int]
    /// Whether samples take deviations from it.
    let isDrawn: Bool
  }

  /// N, the number of samples.
  let sampleCount: Int
  /// The mean and the spread of each entry, once ``finish()`` was called.
  private(set) var mean: [Float]
  private(set) var spread: [Float]
  private var counts: [Float]
  /// The weighted mean of the patches so far, and the weighted sum of squares about it (West 1979): a difference of two sums of squares
  /// would lose the disagreement of nearly exact pixels.
  private var centres: [Double]
  private var squares: [Double]
  private var deviations: Tensor<Float>?
  /// The sum of squared windows times variances.
  private var drawnVariances: [Float]

  init(count: Int, samples: Int) {
    sampleCount = samples
    mean = [Float](repeating: 0, count: count)
    spread = mean
    counts = mean
    squares = mean.map(Double.init)
    centres = squares
    drawnVariances = mean
    deviations = samples > 0 ? .zeros([samples, count]) : nil
  }

  /// Adds the posterior of a patch.
  mutating func add(_ patch: Patch, mean own: [Float], variance: [Float]) {
    for (j, entry) in patch.entries.enumerated() {
      let weight = 1 / variance[j]
      spread[entry] += weight
      let deviation = Double(own[j]) - centres[entry]
      centres[entry] += deviation * Double(weight) / Double(spread[entry])
      squares[entry] += Double(weight) * deviation * (Double(own[j]) - centres[entry])
      counts[entry] += 1
    }
  }

  /// Adds draws of a patch less its mean (N×d).
  mutating func add(_ patch: Patch, deviations own: Tensor<Float>, variance: [Float], side: Int, channelCount: Int) {
    // Half a sine wave, without zeros at the edges.
    let line = (0..<side).map { Float(sin(.pi * (Double($0) + 0.5) / Double(side))) }
    let window = (0..<patch.entries.count).map { line[$0 / channelCount / side] * line[$0 / channelCount % side] }
    for (j, entry) in patch.entries.enumerated() {
      drawnVariances[entry] += window[j] * window[j] * variance[j]
    }
    let (d, width, samples) = (patch.entries.count, mean.count, sampleCount)
    deviations?.withUnsafeMutableScalars { out in
      own.withUnsafeScalars { source in
        for n in 0..<samples {
          for (j, entry) in patch.entries.enumerated() { out[n * width + entry] += window[j] * source[n * d + j] }
        }
      }
    }
  }

  /// Turns sums into means and spreads.
  ///
  /// With weights w of the sum 1, Σ w(m − x)² = (Σ wm − x)² + Σ w(m − Σ wm)² (Krogh and Vedelsby 1995): the expected squared error of
  /// the mean over patches is the mean of their variances less the variance of their means.
  mutating func finish() {
    for entry in mean.indices {
      let weight = spread[entry]
      mean[entry] = Float(centres[entry])
      let variance = counts[entry] / weight
      let disagreement = Float(squares[entry] / Double(weight))
      spread[entry] = max(variance - disagreement, Self.leastShare * variance).squareRoot()
    }
  }

  /// The least variance of a mean, as a share of that of its patches: in single pixels patches may disagree by more than they expect.
  private static let leastShare: Float = 0.1

  /// The samples (N×count), once ``finish()`` was called; nil if there are none.
  func members() -> Tensor<Float>? {
    guard let deviations else { return nil }
    // The sum of independent deviations has the variance Σ w²v, and is to have that of the spread.
    let factors = mean.indices.map { entry in
      drawnVariances[entry] > 0 ? spread[entry] / drawnVariances[entry].squareRoot() : 0
    }
    return deviations.scalingColumns(by: factors).subtractingRow(mean.map { -$0 })
  }
}
