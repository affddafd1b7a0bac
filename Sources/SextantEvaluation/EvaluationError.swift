// What can go wrong when an estimate is scored.

/// An estimate that cannot be scored; the text says what was expected and what was found.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// An array whose length does not fit the domain and its channels.
  case sizeMismatch(what: String, expected: Int, found: Int)
  /// A value that is NaN or infinite where it is to be scored.
  case notFinite(what: String, variable: String, vertex: Int)
  /// No valid value to score.
  case nothingToScore(variable: String, field: String)

  public var description: String {
    switch self {
    case .sizeMismatch(let what, let expected, let found):
      "\(what): expected \(expected) entries, found \(found). All must belong to one domain and its channels."
    case .notFinite(let what, let variable, let vertex):
      "\(what): expected finite values, found NaN or infinity in '\(variable)' at vertex \(vertex). "
        + "A method that has no answer there must not be scored there: mark the entry invalid, or repair the method."
    case .nothingToScore(let variable, let field):
      "'\(variable)' of field '\(field)' has no valid value to score. Leave the field or the variable out."
    }
  }
}
