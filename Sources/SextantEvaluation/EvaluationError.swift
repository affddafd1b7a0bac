// Errors in the scoring of estimates.

/// An estimate that cannot be scored; the text states what was expected and what was found.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// The length of an array does not match the domain and its channels.
  case sizeMismatch(what: String, expected: Int, found: Int)
  /// A value to be scored is NaN or infinite.
  case notFinite(what: String, variable: String, vertex: Int)
  /// There is no valid value to score.
  case nothingToScore(variable: String, field: String)

  public var description: String {
    switch self {
    case .sizeMismatch(let what, let expected, let found):
      "\(what): expected \(expected) entries, found \(found). All must belong to one domain and its channels."
    case .notFinite(let what, let variable, let vertex):
      "\(what): expected finite values, found NaN or infinity in '\(variable)' at vertex \(vertex). "
        + "If the method gives no estimate there, mark the entry as invalid; otherwise correct the method."
    case .nothingToScore(let variable, let field):
      "'\(variable)' of field '\(field)' has no valid value to score. Omit the field or the variable."
    }
  }
}
