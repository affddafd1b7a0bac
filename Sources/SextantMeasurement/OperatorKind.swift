// The forms of a linear operator that a method can declare: what the table of methods says and what the check before solving
// compares.

/// The form of a linear operator, as far as a method has to know it.
public enum OperatorKind: String, CaseIterable, Sendable, Codable {
  /// Each measured value is one entry of the signal: a mask.
  case selection
  /// A sparse matrix: interpolation, averages, small blurs.
  case sparse
  /// A decomposition A = U·diag(s)·Vᵀ with fast transforms.
  case spectral
  /// Products with A and Aᵀ alone.
  case matrixFree
}

extension Set<OperatorKind> {
  /// Every form: for methods that reduce an operator to the prior's states.
  public static let all = Set(OperatorKind.allCases)
}
