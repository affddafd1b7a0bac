// The errors of measurements and of their descriptions.

import SextantArrays

/// A mask, a noise level or an operator that cannot be used; the text states what was expected and what was found.
public enum MeasurementError: Error, Equatable, CustomStringConvertible {
  /// A text that does not describe a mask or a noise level.
  case invalidSpecification(text: String, expected: String, found: String, example: String)
  /// An additional input that a specification needs, such as a land mask, is missing.
  case missingInput(specification: String, needs: String, hint: String)
  /// A mask or an operator that leaves no valid value to observe.
  case nothingObserved(specification: String, reason: String)
  /// Two sizes that should be equal.
  case sizeMismatch(what: String, expected: Int, found: Int)
  /// A measured value that is not finite.
  case invalidValue(what: String, found: Float)
  /// A measured value that the law of its noise does not give.
  case notOfLaw(law: String, expected: String, found: Double)
  /// Clean values that the law of their noise cannot be about, with their number and the place and the value of the first.
  case notCleanOfLaw(law: String, expected: String, count: Int, what: String, found: Double)
  /// A noise standard deviation that is not a finite number above 0.
  case invalidNoise(what: String, found: Float)
  /// Different units without a known conversion.
  case unitsDiffer(what: String, expected: String, found: String)
  /// An operator that a method cannot use, because of its form or its size.
  case operatorNotSupported(method: String, form: OperatorForm.Kind, reason: String, hint: String)
  /// A measurement by an operator, or with noise, for which the solver was not prepared.
  case notPrepared(what: String)

  public var description: String {
    switch self {
    case .invalidSpecification(let text, let expected, let found, let example):
      "'\(text)': expected \(expected), found \(found). Example: \(example)"
    case .missingInput(let specification, let needs, let hint):
      "'\(specification)' needs \(needs). \(hint)"
    case .nothingObserved(let specification, let reason):
      "'\(specification)' leaves nothing to observe: \(reason). Choose one that leaves at least one valid value."
    case .sizeMismatch(let what, let expected, let found):
      "\(what): expected \(expected) entries, found \(found). "
        + "It must belong to the same grid and variables as the field."
    case .invalidValue(let what, let found):
      "\(what): expected a finite number, found \(found). Omit values that were not measured; the operator selects those that were."
    case .notOfLaw(let law, let expected, let found):
      "A measured value with noise of the law \(law): expected \(expected), found \(found.short). State the law and its numbers as they are, or leave the value out."
    case .notCleanOfLaw(let law, let expected, let count, let what, let found):
      "Noise of the law \(law): expected clean values that are \(expected), found \(count) other\(count == 1 ? "" : "s"), \(count == 1 ? "" : "the first of them ")\(what): \(found.short). State a noise of another kind, or mark such values as missing."
    case .invalidNoise(let what, let found):
      "\(what): expected a noise standard deviation that is finite and above 0, found \(found)."
    case .unitsDiffer(let what, let expected, let found):
      "\(what): expected units '\(expected)', found '\(found)', and no conversion is known. "
        + "Give the value in '\(expected)'."
    case .operatorNotSupported(let method, let form, let reason, let hint):
      "\(method) cannot use this \(form.rawValue) operator: \(reason). \(hint)"
    case .notPrepared(let what):
      "The measurement has \(what) than the one for which the solver was prepared. Prepare the solver for it, or call the solver itself."
    }
  }
}
