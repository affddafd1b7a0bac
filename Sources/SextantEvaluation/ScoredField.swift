// What goes into scoring: the truth with its flags, and what a method made of the measurement.

import SextantArrays

/// A variable to score: one channel, or several that share a scale, such as the colours of an image.
public struct ScoredVariable: Sendable, Equatable, Codable {
  /// The name for tables.
  public var name: String
  /// The units of its values; empty if it has none.
  public var units: String
  /// The channels that it is made of.
  public var channels: [Int]
  /// The size of its scale, in its units: PSNR's peak and SSIM's data range.
  public var peak: Double
  /// Where its scale starts, in its units; SSIM needs it.
  public var origin: Double

  public init(name: String, units: String = "", channels: [Int], peak: Double, origin: Double = 0) {
    self.name = name
    self.units = units
    self.channels = channels
    self.peak = peak
    self.origin = origin
  }
}

/// A clean field, and which of its entries were observed (V·C each, channel fastest).
public struct ScoredTruth: Sendable {
  /// The clean values, in the variables' units.
  public var values: [Float]
  /// Whether each value is there; the others are never scored.
  public var isValid: [Bool]
  /// Whether each entry was observed.
  public var isObserved: [Bool]

  public init(values: [Float], isValid: [Bool], isObserved: [Bool]) {
    self.values = values
    self.isValid = isValid
    self.isObserved = isObserved
  }
}

/// What a method says of a field.
public struct ScoredEstimate: Sendable {
  /// The mean (V·C), in the variables' units.
  public var mean: [Float]
  /// The standard deviation in closed form (V·C), if the method has one.
  public var spread: [Float]?
  /// Samples (N×V·C), if the method gives any.
  public var samples: Tensor<Float>?

  public init(mean: [Float], spread: [Float]? = nil, samples: Tensor<Float>? = nil) {
    self.mean = mean
    self.spread = spread
    self.samples = samples
  }
}
