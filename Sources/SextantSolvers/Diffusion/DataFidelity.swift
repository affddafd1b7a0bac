// The distance of states from a measurement, in units of the noise, and its gradient with respect to the states.
// Methods that follow gradients need nothing else; methods that solve for the states use WhitenedSVD.

import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantMeasurement
import SextantPriors

/// The residuals r = (y − A(x))/σ of states x. ½‖r‖² is −log p(y | x) up to a constant.
protocol DataFidelity: Sendable {
  /// The number of residuals m.
  var count: Int { get }
  /// The noise variance in units of the states: m/‖∂r/∂x‖² with the Frobenius norm, which is σ² if each value measures
  /// one state with the same σ.
  var noiseVariance: Double { get }
  /// The residuals r (B×m) of states (B×d).
  func residuals(of states: Tensor<Float>) -> Tensor<Float>
  /// −(∂r/∂x)ᵀ·v (B×d) at states (B×d) for v (B×m). For v = r this is the negative gradient of ½‖r‖².
  func pullback(_ v: Tensor<Float>, at states: Tensor<Float>) -> Tensor<Float>
}

extension DataFidelity {
  /// ½‖r‖² of fields (B×d×1), summed over the batch, of shape [].
  func energy(of fields: DifferentiableTensor<Float>) -> DifferentiableTensor<Float> {
    let states = fields.value.sampleRows
    let r = residuals(of: states)
    let total = Tensor([Float(0.5 * r.dot(r))], shape: [])
    return fields.tape.record(total, operation: "data fidelity", from: [fields]) { gradient, cotangents in
      cotangents.add(pullback(r, at: states) * -gradient.scalars[0], to: fields)
    }
  }
}

/// Measurements that are linear in the states.
struct LinearFidelity: DataFidelity {
  let count: Int
  let noiseVariance: Double
  /// H (m×d).
  private let operation: any LinearOperator
  /// 1/σ (m).
  private let weights: [Float]
  /// y/σ (m).
  private let target: [Float]

  init(_ observation: StateObservation) {
    count = observation.count
    let roots = observation.noiseVariance.map { 1 / $0.squareRoot() }
    weights = roots.map { Float($0) }
    target = zip(observation.anomalies, roots).map { Float($0 * $1) }
    let matrix = observation.matrix
    if let states = observation.selectedStates {
      operation = SelectionOperator(inputCount: matrix.columnCount, indices: states)
    } else {
      operation = SparseOperator(matrix)
    }
    var squares = 0.0
    for row in 0..<matrix.rowCount {
      for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
        squares += matrix.values[k] * matrix.values[k] / observation.noiseVariance[row]
      }
    }
    noiseVariance = Double(count) / max(squares, .leastNormalMagnitude)
  }

  func residuals(of states: Tensor<Float>) -> Tensor<Float> { measured(states).subtracted(from: target) }

  /// H·x/σ (B×m) of states (B×d).
  func measured(_ states: Tensor<Float>) -> Tensor<Float> { operation.apply(states).scalingColumns(by: weights) }

  func pullback(_ v: Tensor<Float>, at states: Tensor<Float>) -> Tensor<Float> {
    operation.applyAdjoint(v.scalingColumns(by: weights))
  }
}

/// Measurements of variables that the prior holds in transformed form: y = B·u(x) + noise, with u = T(mean + scale·x)
/// for each state.
struct TransformedFidelity: DataFidelity {
  let noiseVariance: Double
  /// B/σ (m×d). Rows that touch entries outside the domain are left out.
  private let operation: SparseOperator
  /// y/σ (m).
  private let target: [Float]
  private let states: TransformedStates

  var count: Int { target.count }

  /// Expresses a measurement in the states of a prior.
  ///
  /// - Parameters:
  ///   - measurement: the measurement, in the variables' units.
  ///   - matrix: the matrix of the measurement's operator.
  ///   - prior: the prior whose states are measured.
  init(_ measurement: FieldMeasurement, matrix: SparseMatrix, prior: DiffusionPrior) {
    let layout = prior.space.layout
    var entries: [(row: Int, column: Int, value: Double)] = []
    var target: [Float] = []
    for row in 0..<matrix.rowCount {
      let range = matrix.rowStarts[row]..<matrix.rowStarts[row + 1]
      let states = range.map { Int(layout.stateOfEntry[Int(matrix.columns[$0])]) }
      guard !states.isEmpty, zip(range, states).allSatisfy({ $1 >= 0 || abs(matrix.values[$0]) < 1e-9 }) else {
        continue
      }
      let weight = 1 / Double(measurement.noise[row])
      for (k, state) in zip(range, states) where state >= 0 {
        entries.append((target.count, state, matrix.values[k] * weight))
      }
      target.append(Float(Double(measurement.values[row]) * weight))
    }
    let operation = SparseOperator(SparseMatrix(rowCount: target.count, columnCount: layout.count, entries: entries))
    self.operation = operation
    self.target = target
    states = TransformedStates(
      mean: prior.space.climatology.mean(for: measurement.label), scales: prior.space.stateScales,
      channels: layout.channelOfState, transforms: prior.transforms)
    // The slopes at the climatology stand for those of the whole field.
    let slopes = states.slopes(at: .zeros([1, layout.count])).scalars
    let squares = operation.matrix.values.indices.reduce(0.0) { sum, k in
      let value = operation.matrix.values[k] * Double(slopes[Int(operation.matrix.columns[k])])
      return sum + value * value
    }
    noiseVariance = Double(target.count) / max(squares, .leastNormalMagnitude)
  }

  func residuals(of states: Tensor<Float>) -> Tensor<Float> {
    operation.apply(self.states.values(at: states)).subtracted(from: target)
  }

  func pullback(_ v: Tensor<Float>, at states: Tensor<Float>) -> Tensor<Float> {
    operation.applyAdjoint(v) * self.states.slopes(at: states)
  }
}

/// The variables' values u = T(mean + scale·x) as functions of the states x.
private struct TransformedStates: Sendable {
  /// The mean of each state (d), in transformed units.
  let mean: [Float]
  /// The scale of each state (d), in transformed units.
  let scales: [Float]
  /// The channel of each state (d).
  let channels: [Int32]
  /// The transform T of each channel (C).
  let transforms: [MarginalTransform]

  /// u at states (B×d): B×d.
  func values(at states: Tensor<Float>) -> Tensor<Float> {
    mapping(states) { transform, w, _ in Float(transform.value(at: w)) }
  }

  /// du/dx at states (B×d): B×d.
  func slopes(at states: Tensor<Float>) -> Tensor<Float> {
    mapping(states) { transform, w, scale in Float(transform.slope(at: w)) * scale }
  }

  /// Applies a function of a state's transform, of w = mean + scale·x and of its scale to each entry of states (B×d).
  private func mapping(
    _ states: Tensor<Float>, _ body: @Sendable (_ transform: MarginalTransform, _ w: Double, _ scale: Float) -> Float
  ) -> Tensor<Float> {
    let d = mean.count
    var result = states
    result.withUnsafeMutableScalars { values in
      guard let base = values.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: values.count, grain: 4096) { range in
        for i in range {
          let j = i % d
          let w = Double(mean[j]) + Double(scales[j]) * Double(out[i])
          out[i] = body(transforms[Int(channels[j])], w, scales[j])
        }
      }
    }
    return result
  }
}

extension Tensor where Scalar == Float {
  /// `row` − each row of the matrix.
  fileprivate consuming func subtracted(from row: [Float]) -> Tensor {
    let columns = columnCount
    precondition(row.count == columns, "\(row.count) values for rows of \(columns)")
    var result = self
    result.withUnsafeMutableScalars { values in
      guard let base = values.baseAddress else { return }
      let out = UncheckedPointer(base)
      Parallel.forEachRange(of: values.count / Swift.max(1, columns), grain: Swift.max(1, 8192 / Swift.max(1, columns)))
      {
        for i in $0 { for j in 0..<columns { out[i * columns + j] = row[j] - out[i * columns + j] } }
      }
    }
    return result
  }
}
