// The laws of noise as people state them, "poisson:2+3@100", "gamma:4" or "binomial:20", and the words for their values in messages. A law
// that is added to NoiseLaw needs a line in the list of kinds here; no other place knows their names.

import Foundation
import SextantArrays

/// How one of the laws is stated.
struct NoiseLawKind: Sendable {
  /// What stands before the colon.
  let name: String
  /// The text with words for its numbers, in the list of all texts.
  let form: String
  /// What a text has to be, after "expected".
  let expectation: String
  let example: String
  /// Reads what stands after the colon; nil for a text that is none.
  let read: @Sendable (String) -> NoiseLaw?

  /// The laws that a text can state. Normal noise is stated by its size alone.
  static let standard = [
    NoiseLawKind(
      name: "poisson", form: "poisson:GAIN+READ",
      expectation: "poisson:GAIN, poisson:GAIN+READ or poisson:GAIN+READ@OFFSET, with a gain above 0 and a read noise of 0 or more",
      example: "poisson:2.1+3.5@100", read: { NoiseLaw.counts($0) }),
    NoiseLawKind(
      name: "gamma", form: "gamma:LOOKS", expectation: "gamma:LOOKS, with a number of looks above 0", example: "gamma:4"
    ) { text in
      guard let looks = Double(text.trimmed), looks > 0, looks.isFinite else { return nil }
      return .gamma(looks: looks)
    },
    NoiseLawKind(
      name: "binomial", form: "binomial:TRIALS", expectation: "binomial:TRIALS, with a whole number of trials of 1 or more",
      example: "binomial:20"
    ) { text in
      // Single precision tells the shares of so many trials from each other.
      guard let trials = Int(text.trimmed), (1...1_000_000).contains(trials) else { return nil }
      return .binomial(trials: trials)
    },
  ]
}

extension NoiseLaw: CustomStringConvertible {
  /// Reads the text of a law, such as "gamma:4"; nil for a text that begins as that of none.
  ///
  /// Throws ``MeasurementError/invalidSpecification(text:expected:found:example:)`` for a text that only begins as that of one.
  init?(_ text: String) throws {
    guard let kind = NoiseLawKind.standard.first(where: { text.hasPrefix($0.name + ":") }) else { return nil }
    let numbers = String(text.dropFirst(kind.name.count + 1))
    guard let law = kind.read(numbers) else {
      throw MeasurementError.invalidSpecification(
        text: text, expected: kind.expectation, found: "'\(numbers)'", example: kind.example)
    }
    self = law
  }

  /// Reads "GAIN", "GAIN+READ", "GAIN@OFFSET" or "GAIN+READ@OFFSET"; nil for any other text, and for a gain that is not above 0.
  fileprivate static func counts(_ text: String) -> NoiseLaw? {
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
    return .poisson(gain: parts.gain, read: parts.read, offset: offset)
  }

  public var description: String {
    switch self {
    case .normal(let deviation): "normal noise of \(deviation.short)"
    case .poisson(let gain, let read, let offset):
      "poisson:\(gain.short)" + (read > 0 ? "+\(read.short)" : "") + (offset != 0 ? "@\(offset.short)" : "")
    case .gamma(let looks): "gamma:\(looks.short)"
    case .binomial(let trials): "binomial:\(trials)"
    }
  }

  /// The word that a text of the law begins with.
  package var name: String {
    switch self {
    case .normal: "normal"
    case .poisson: "poisson"
    case .gamma: "gamma"
    case .binomial: "binomial"
    }
  }

  /// What values of the law are called.
  package var words: (one: String, many: String) {
    switch self {
    case .normal: ("a value with normal noise", "values with normal noise")
    case .poisson: ("a value that was counted", "counts")
    case .gamma: ("a value with speckle", "values with speckle")
    case .binomial: ("a share of trials", "shares of trials")
    }
  }

  /// What to do about measured values that the law does not give.
  package var advice: String {
    switch self {
    case .normal: "Mark values that were not measured as missing."
    case .poisson(let gain, _, let offset):
      "State the gain and the offset as they are; values that were rounded or have other noise besides need it as read noise, such as poisson:\(gain.formatted())+0.3\(offset == 0 ? "" : "@\(offset.formatted())")."
    case .gamma: "Mark values that were not measured as missing; values that have other noise besides need a noise of another kind."
    case .binomial: "State the number of trials as it is; shares of different numbers of trials need their noise as a variable (variable:NAME)."
    }
  }
}
