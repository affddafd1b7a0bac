// The stand-in for a measurement whose values mix entries: A·x(w) is replaced by the plane that touches it at the
// posterior mean, y − A·x(w₀) + A·X'·w₀ = A·X'·w + noise with X' = diag(dx/dw). Turn by turn this is Gauss–Newton.

import SextantArrays
import SextantMeasurement
import SextantPriors

/// The tangent plane of a general linear operator behind transforms.
struct LinearizedMeasurement: PseudoMeasurement {
  private let source: FieldMeasurement
  private let matrix: SparseMatrix
  private let transforms: [MarginalTransform]
  private let scales: [Float]
  /// Where the plane touches (V·C), transformed.
  private var place: [Double]
  private var turns = 0

  /// - Parameters:
  ///   - centre: the prior mean of each entry (V·C), transformed; not a number outside the domain.
  ///   - scales: the standard deviation of each channel (C), transformed.
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
        // An entry outside the domain has no place: its row is left for the prior to ignore.
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
      place[Int(entry)] += turns < 3 ? cut : 0.7 * cut
    }
    turns += 1
    return change
  }
}
