// The linear measurement operator A with its adjoint. An operator says how it can be used by its form: a selection of entries,
// a sparse matrix, a diagonalisation by fast transforms, or nothing but its action. Nobody asks for its type.
// Noise belongs to the measurement, not to the operator.

import SextantArrays

/// A linear map from signals to measurements.
///
/// Signals and measurements are the rows of matrices: B×inputCount is mapped to B×outputCount. A signal of V vertices and C
/// channels has V·C entries, channel fastest. Two functions make an operator; ``form`` and ``outputEntries`` have defaults.
public protocol LinearOperator: Sendable {
  /// The length of a signal, V·C.
  var inputCount: Int { get }
  /// The length of a measurement, m.
  var outputCount: Int { get }
  /// A·x for each row x: B×V·C to B×m.
  func apply(_ signals: Tensor<Float>) -> Tensor<Float>
  /// Aᵀ·y for each row y: B×m to B×V·C.
  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float>
  /// What is known of the operator beside its action; ``OperatorForm/matrixFree`` by default.
  var form: OperatorForm { get }
  /// Which values of a larger set the outputs are; by default the outputs themselves.
  var outputEntries: OutputEntries { get }
}

/// What is known of a linear operator beside its action.
public enum OperatorForm: Sendable {
  /// Each output is one entry of the signal: the entries (m).
  case selection([Int])
  /// The matrix A (m×n).
  case sparse(SparseMatrix)
  /// Fast transforms diagonalise A.
  case spectral(any SpectralForm)
  /// Only the action of A and of Aᵀ.
  case matrixFree

  /// The largest min(m, n) of an operator that is given by its action alone and for which a matrix is made: as many
  /// applications to unit vectors.
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
  /// Every form: for methods that reduce an operator to the prior's states.
  public static let all = Set(OperatorForm.Kind.allCases)
}

/// A singular value decomposition A = U·diag(s)·Vᵀ whose orthogonal factors are fast transforms.
///
/// All functions act on rows. r is the number of singular values, at most min(m, n).
public protocol SpectralForm: Sendable {
  /// s (r), none below 0.
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

/// Which values of a larger set an operator measures.
///
/// A mask measures some of the signal's V·C entries, and a mask after a blur some of the blurred signal's. Simulations draw
/// the noise of the whole set, so that two masks see the same noise where they overlap.
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

  /// The entry that each output measures (m), where each measures exactly one; otherwise nil.
  public var selectedEntries: [Int]? {
    if case .selection(let entries) = form { entries } else { nil }
  }

  /// Whether every output is the input's entry of the same number.
  public var isIdentity: Bool {
    guard let entries = selectedEntries, entries.count == inputCount else { return false }
    return entries.indices.allSatisfy { entries[$0] == $0 }
  }
}
