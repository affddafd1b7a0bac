// The noise of a camera that counts photons (A. Foi, M. Trimeche, V. Katkovnik and K. Egiazarian, "Practical Poissonian-Gaussian
// noise modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing, 2008): a value is
// offset + gain·Poisson((x − offset)/gain) + read·normal, so that its variance grows with the clean value x.

import SextantArrays

/// Poisson–Gaussian noise.
public struct CountingNoise: Sendable, Hashable, Codable {
  /// How much one count adds to a value.
  public let gain: Double
  /// The standard deviation of the noise that is there without a signal.
  public let read: Double
  /// The value without a signal.
  public let offset: Double

  /// - Parameters:
  ///   - gain: above 0.
  ///   - read: 0 or more.
  ///   - offset: the value of a pixel without light.
  public init(gain: Double, read: Double = 0, offset: Double = 0) {
    precondition(gain > 0 && read >= 0, "gain \(gain), read \(read)")
    (self.gain, self.read, self.offset) = (gain, read, offset)
  }

  /// The standard deviation of the noise of a clean value. Less than half a count is taken for half a count: no Gaussian
  /// describes less.
  public func deviation(at value: Double) -> Double {
    (gain * max(value - offset, 0.5 * gain) + read * read).squareRoot()
  }

  /// The standard deviation where there is no signal.
  public var darkDeviation: Double { deviation(at: offset) }

  /// A measured value of a clean one.
  public func measured(_ value: Double, using random: inout RandomStream) -> Double {
    offset + gain * random.poisson(mean: (value - offset) / gain) + (read > 0 ? read * random.normal() : 0)
  }
}

extension CountingNoise: CustomStringConvertible {
  /// Reads the text after "poisson:": "GAIN", "GAIN+READ", "GAIN@OFFSET" or "GAIN+READ@OFFSET"; nil for any other, and for a gain
  /// that is not above 0.
  public init?(_ text: String) {
    var (levels, offset) = (Substring(text), 0.0)
    if let at = text.lastIndex(of: "@") {
      guard let number = Double(text[text.index(after: at)...].trimmed) else { return nil }
      (levels, offset) = (text[..<at], number)
    }
    // "1e+3" is one number: the plus sign between two is the one that leaves numbers on both of its sides.
    var parts: (gain: Double, read: Double)? = Double(levels.trimmed).map { ($0, 0) }
    for plus in levels.indices where parts == nil && levels[plus] == "+" {
      if let gain = Double(levels[..<plus].trimmed), let read = Double(levels[levels.index(after: plus)...].trimmed) {
        parts = (gain, read)
      }
    }
    guard let parts, parts.gain > 0, parts.read >= 0, parts.gain.isFinite, parts.read.isFinite, offset.isFinite else { return nil }
    self.init(gain: parts.gain, read: parts.read, offset: offset)
  }

  public var description: String {
    gain.short + (read > 0 ? "+\(read.short)" : "") + (offset != 0 ? "@\(offset.short)" : "")
  }
}
