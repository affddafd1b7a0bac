// The pseudo-measurement for values that mix entries: A·x(w) is linearised at the posterior mean w₀, which gives
// y − A·x(w₀) + A·X'·w₀ = A·X'·w + noise with X' = diag(dx/dw). The iterations are those of Gauss–Newton.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The linearisation of a general linear operator on transformed variables.
struct LinearizedMeasurement: PseudoMeasurement {
  private let source: FieldMeasurement
  private let matrix: SparseMatrix
  private let transforms: [MarginalTransform]
  private let scales: [Float]
  /// The point of linearisation (V·C), in transformed units.
  private var place: [Double]
  private var iterations = 0

  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), in transformed units; NaN outside the domain.
  ///   - scales: the standard deviation of each channel (C), in transformed units.
  init(
    _ measurement: FieldMeasurement, matrix: SparseMatrix, transforms: [MarginalTransform], centre: [Float],
    scales: [Float]
  ) {
    source = measurement
    self.matrix = matrix
    self.transforms = transforms
    self.scales = scales
    place = centre.map(Double.init)
  }

  private func transform(_ entry: Int32) -> MarginalTransform { transforms[Int(entry) % transforms.count] }

  var measurement: FieldMeasurement {
    var entries: [(row: Int, column: Int, value: Double)] = []
    var values = source.values
    for row in 0..<matrix.rowCount {
      var expected = 0.0
      for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
        let (column, at) = (matrix.columns[k], place[Int(matrix.columns[k])])
        let transform = transform(column)
        // Entries outside the domain cannot be linearised; the prior ignores their rows.
        let isThere = at.isFinite && !transform.isIdentity
        let slope = isThere ? max(transform.slope(at: at), 1e-9 * transform.greatestSlope) : 1
        entries.append((row, Int(column), matrix.values[k] * slope))
        if isThere { expected += matrix.values[k] * (transform.value(at: at) - slope * at) }
      }
      values[row] -= Float(expected)
    }
    return FieldMeasurement(
      values: values, noise: source.noise,
      operation: SparseOperator(
        SparseMatrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount, entries: entries)),
      label: source.label)
  }

  var bestGuess: FieldMeasurement { measurement }

  mutating func improve(mean: [Float], spread: [Float]) -> Double {
    var change = 0.0
    for entry in Set(matrix.columns) where !transform(entry).isIdentity && place[Int(entry)].isFinite {
      let scale = Double(scales[Int(entry) % transforms.count])
      let step = Double(mean[Int(entry)]) - place[Int(entry)]
      change = max(change, abs(step) / scale)
      let cut = min(max(step, -scale), scale)
      place[Int(entry)] += iterations < 3 ? cut : 0.7 * cut
    }
    iterations += 1
    return change
  }
}
