// The inputs of scoring: the truth with its flags, and a method's estimate.

import SextantArrays

/// A variable to score: one channel, or several channels with a common scale, such as the colours of an image.
public struct ScoredVariable: Sendable, Equatable, Codable {
  /// The name in tables.
  public var name: String
  /// The units of its values; empty if there are none.
  public var units: String
  /// Its channels.
  public var channels: [Int]
  /// The size of its scale in its units: the peak of PSNR and the data range of SSIM. Without one, neither is computed.
  public var peak: Double?
  /// The origin of its scale in its units, which SSIM needs.
  public var origin: Double

  public init(name: String, units: String = "", channels: [Int], peak: Double?, origin: Double = 0) {
    self.name = name
    self.units = units
    self.channels = channels
    self.peak = peak
    self.origin = origin
  }
}

/// A clean field, with flags for its observed entries (V·C each, channels varying fastest).
public struct ScoredTruth: Sendable {
  /// The clean values, in the variables' units.
  public var values: [Float]
  /// Whether each value is valid; invalid values are never scored.
  public var isValid: [Bool]
  /// Whether each entry was observed.
  public var isObserved: [Bool]

  public init(values: [Float], isValid: [Bool], isObserved: [Bool]) {
    self.values = values
    self.isValid = isValid
    self.isObserved = isObserved
  }
}

/// A method's estimate of a field.
public struct ScoredEstimate: Sendable {
  /// The mean (V·C), in the variables' units.
  public var mean: [Float]
  /// The closed-form standard deviation (V·C), if the method gives one.
  public var spread: [Float]?
  /// Samples (N×V·C), if the method draws any.
  public var samples: Tensor<Float>?

  public init(mean: [Float], spread: [Float]? = nil, samples: Tensor<Float>? = nil) {
    self.mean = mean
    self.spread = spread
    self.samples = samples
  }
}
