// The linear measurement operator A with its adjoint. Its form determines how solvers can use it: a selection of
// entries, a sparse matrix, a diagonalisation by fast transforms, or only its action. No code tests for the type of an
// operator. The noise belongs to the measurement.

import SextantArrays

/// A linear map from signals to measurements.
///
/// Signals and measurements are the rows of matrices: B×inputCount is mapped to B×outputCount. A signal of V vertices
/// and C channels has V·C entries, channel fastest. ``form`` and ``outputEntries`` have default implementations.
public protocol LinearOperator: Sendable {
  /// The length of a signal, V·C.
  var inputCount: Int { get }
  /// The length of a measurement, m.
  var outputCount: Int { get }
  /// A·x for each row x: B×V·C to B×m.
  func apply(_ signals: Tensor<Float>) -> Tensor<Float>
  /// Aᵀ·y for each row y: B×m to B×V·C.
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float>
  /// The structure of the operator; by default ``OperatorForm/matrixFree``.
  var form: OperatorForm { get }
  /// The positions of the outputs in a larger set of values; by default that set consists of the outputs.
  var outputEntries: OutputEntries { get }
}

/// The structure of a linear operator.
public enum OperatorForm: Sendable {
  /// Each output is one entry of the signal; the entries (m).
  case selection([Int])
  /// The matrix A (m×n).
  case sparse(SparseMatrix)
  /// A singular value decomposition by fast transforms.
  case spectral(any SpectralForm)
  /// Only the action of A and of Aᵀ.
  case matrixFree

  /// The largest min(m, n) of a matrix that is computed from an operator's action, by as many applications to unit
  /// vectors.
  public static let materialisationLimit = 8192

  /// The forms without their contents.
  public enum Kind: String, Sendable, CaseIterable, Codable {
    case selection, sparse, spectral
    case matrixFree = "matrix-free"
  }

  /// The form without its content.
  public var kind: Kind {
    switch self {
    case .selection: .selection
    case .sparse: .sparse
    case .spectral: .spectral
    case .matrixFree: .matrixFree
    }
  }
}

extension Set<OperatorForm.Kind> {
  /// Every form, for methods that express an operator in the prior's states.
  public static let all = Set(OperatorForm.Kind.allCases)
}

/// A singular value decomposition A = U·diag(s)·Vᵀ whose orthogonal factors are fast transforms.
///
/// All functions act on the rows of matrices. r is the number of singular values, at most min(m, n).
public protocol SpectralForm: Sendable {
  /// The singular values s (r), all at least 0.
  var singularValues: [Float] { get }
  /// Vᵀ·x: B×n to B×r.
  func spectrum(ofSignals signals: Tensor<Float>) -> Tensor<Float>
  /// V·c: B×r to B×n.
  func signals(ofSpectrum spectrum: Tensor<Float>) -> Tensor<Float>
  /// Uᵀ·y: B×m to B×r.
  func spectrum(ofMeasurements measurements: Tensor<Float>) -> Tensor<Float>
  /// U·c: B×r to B×m.
  func measurements(ofSpectrum spectrum: Tensor<Float>) -> Tensor<Float>
}

/// The positions of an operator's outputs in a larger set of values.
///
/// A mask measures some of the V·C entries of the signal, and a mask after a blur some entries of the blurred signal.
/// Simulations draw noise for the whole set, so that the values that two masks have in common have the same noise.
public struct OutputEntries: Sendable, Equatable {
  /// The position of each output in the set (m).
  public var indices: [Int]
  /// The size of the set.
  public var count: Int

  public init(indices: [Int], count: Int) {
    self.indices = indices
    self.count = count
  }
}

extension LinearOperator {
  public var form: OperatorForm { .matrixFree }

  public var outputEntries: OutputEntries { OutputEntries(indices: Array(0..<outputCount), count: outputCount) }

  /// The entry that each output measures (m) if each measures exactly one; otherwise nil.
  public var selectedEntries: [Int]? {
    if case .selection(let entries) = form { entries } else { nil }
  }

  /// Whether each output equals the input's entry with the same index, and there are no others.
  public var isIdentity: Bool {
    guard let entries = selectedEntries, entries.count == inputCount else { return false }
    return entries.indices.allSatisfy { entries[$0] == $0 }
  }
}
