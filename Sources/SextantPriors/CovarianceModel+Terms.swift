// A covariance model with its parameters put in, laid out for the loops over pairs of states.
//
// Every correlation is a function of one squared distance in a scaled embedding: the position divided by
// the range, followed by the coordinates times their weights. So all terms share one inner loop.

import Foundation
import SextantArrays

func exponent(of value: Double) -> Double { log(value) }

extension CovarianceModel {
  /// The scaled embedding that a correlation is a function of.
  struct Metric: Sendable {
    /// 1/range.
    var inverseRange: Double
    /// Which coordinates follow the position, and the factor of each.
    var weights: [(coordinate: Int, factor: Double)]
    var smoothness: MaternCorrelation
  }

  /// A component with its parameters put in. Amplitudes are squared.
  enum Term: Sendable {
    case modes(amplitude: Double)
    case localisedModes(amplitude: Double, Metric)
    case field(Metric, logDeviation: [(feature: Int, coefficient: Double)])
  }

  /// The states of a block: their modes (k×n) and their indices.
  struct Sites: Sendable {
    let states: [Int]
    let modes: Tensor<Double>
  }

  func sites(_ states: [Int]) -> Sites { Sites(states: states, modes: modes.gatheringColumns(states)) }

  func terms(_ theta: [Double]) -> [Term] {
    precondition(theta.count == parameters.count, "\(theta.count) values for \(parameters.count) parameters")
    var next = 0
    func take() -> Double {
      next += 1
      return theta[next - 1]
    }
    func metric(_ coordinates: [CovarianceComponent.CoordinateWeight], _ smoothness: MaternCorrelation) -> Metric {
      let inverseRange = exp(-take())
      return Metric(
        inverseRange: inverseRange, weights: coordinates.map { ($0.coordinate, exp(take())) }, smoothness: smoothness)
    }
    return components.map { component in
      switch component {
      case .modes: return .modes(amplitude: exp(2 * take()))
      case .localisedModes(_, _, let coordinates, let smoothness):
        let amplitude = exp(2 * take())
        return .localisedModes(amplitude: amplitude, metric(coordinates, smoothness))
      case .field(_, let coordinates, let smoothness, let deviation):
        let metric = metric(coordinates, smoothness)
        return .field(metric, logDeviation: deviation.map { ($0.feature, take()) })
      }
    }
  }

  /// exp Σ βq·zq at each of `states`.
  func deviations(_ logDeviation: [(feature: Int, coefficient: Double)], at states: [Int]) -> [Double] {
    states.map { state in
      exp(logDeviation.reduce(0.0) { $0 + $1.coefficient * features[$1.feature][state] })
    }
  }

  /// The embedding of `states` under `metric`, one row of n numbers after another.
  func embedding(_ metric: Metric, of states: [Int]) -> [Double] {
    var rows: [Double] = []
    rows.reserveCapacity(states.count * (3 + metric.weights.count))
    for axis in 0..<3 { rows += states.map { positions[$0][axis] * metric.inverseRange } }
    for weight in metric.weights { rows += states.map { coordinates[weight.coordinate][$0] * weight.factor } }
    return rows
  }
}

/// One term between two lists of states, ready for loops over their pairs.
struct PairKernel: Sendable {
  private let term: CovarianceModel.Term
  private let rowCount: Int
  private let columnCount: Int
  private let axes: Int
  private let smoothness: MaternCorrelation
  private let rowEmbedding: [Double]
  private let columnEmbedding: [Double]
  /// Factors of rows and columns: standard deviations of a field, 1 elsewhere; the amplitude is in the rows'.
  private let rowFactors: [Double]
  private let columnFactors: [Double]
  private let rowChannels: [Int32]
  private let columnChannels: [Int32]
  private let channelCorrelation: [Double]
  private let channelCount: Int

  init(
    _ term: CovarianceModel.Term, rows: CovarianceModel.Sites, columns: CovarianceModel.Sites,
    in model: CovarianceModel
  ) {
    self.term = term
    rowCount = rows.states.count
    columnCount = columns.states.count
    rowChannels = rows.states.map { model.channels[$0] }
    columnChannels = columns.states.map { model.channels[$0] }
    channelCorrelation = model.channelCorrelation.scalars
    channelCount = model.channelCorrelation.columnCount
    let ones = { (count: Int) in [Double](repeating: 1, count: count) }
    switch term {
    case .modes(let amplitude):
      (axes, smoothness, rowEmbedding, columnEmbedding) = (0, .half, [], [])
      rowFactors = [Double](repeating: amplitude, count: rowCount)
      columnFactors = ones(columnCount)
    case .localisedModes(let amplitude, let metric):
      (axes, smoothness) = (3 + metric.weights.count, metric.smoothness)
      rowEmbedding = model.embedding(metric, of: rows.states)
      columnEmbedding = model.embedding(metric, of: columns.states)
      rowFactors = [Double](repeating: amplitude, count: rowCount)
      columnFactors = ones(columnCount)
    case .field(let metric, let logDeviation):
      (axes, smoothness) = (3 + metric.weights.count, metric.smoothness)
      rowEmbedding = model.embedding(metric, of: rows.states)
      columnEmbedding = model.embedding(metric, of: columns.states)
      rowFactors = model.deviations(logDeviation, at: rows.states)
      columnFactors = model.deviations(logDeviation, at: columns.states)
    }
  }

  /// Adds the term to a block (rows × columns), given the products of the states' modes (rows × columns).
  func accumulate(into block: UnsafeMutableBufferPointer<Double>, modeProducts: UnsafeBufferPointer<Double>) {
    guard let base = block.baseAddress, let products = modeProducts.baseAddress else { return }
    let out = UncheckedPointer(base)
    let modes = UncheckedPointer(UnsafeMutablePointer(mutating: products))
    Parallel.forEachRange(of: rowCount, grain: 8) { range in
      var values = [Double](repeating: 0, count: columnCount)
      for i in range {
        let start = i * columnCount
        fill(&values, row: i, upTo: columnCount)
        if usesModes {
          for j in 0..<columnCount { out[start + j] += values[j] * modes[start + j] }
        } else {
          for j in 0..<columnCount { out[start + j] += values[j] }
        }
      }
    }
  }

  /// The number of rows of a square block.
  var size: Int { rowCount }

  /// The number of axes of the embedding: three and one for each coordinate, or none.
  var axisCount: Int { axes }

  /// Whether the term multiplies the products of the states' modes.
  var usesModes: Bool {
    if case .field = term { false } else { true }
  }

  /// Factor times correlation of row `i` with the first `count` columns.
  func fill(_ values: inout [Double], row i: Int, upTo count: Int) {
    var noSlopes: [Double] = []
    var noDistances: [Double] = []
    fill(&values, slopes: &noSlopes, squaredDistances: &noDistances, row: i, upTo: count, wantsSlopes: false)
  }

  /// As ``fill(_:row:upTo:)``, with what the gradient needs: slopes, and the squared distances of each axis group.
  func fill(
    _ values: inout [Double], slopes: inout [Double], squaredDistances: inout [Double], row i: Int, upTo count: Int,
    wantsSlopes: Bool
  ) {
    let factor = rowFactors[i]
    guard axes > 0 else {
      for j in 0..<count { values[j] = factor * columnFactors[j] }
      return
    }
    let kernels = VectorKernels<Double>.chosen
    values.withUnsafeMutableBufferPointer { all in
      let values = UnsafeMutableBufferPointer(rebasing: all[..<count])
      values.update(repeating: 0)
      columnEmbedding.withUnsafeBufferPointer { embedding in
        for axis in 0..<axes {
          let row = UnsafeBufferPointer(rebasing: embedding[axis * columnCount..<axis * columnCount + count])
          kernels.addSquaredDifferences(from: rowEmbedding[axis * rowCount + i], to: row, into: values)
          // After the three of the position, and after each coordinate: the running sum marks the axis groups.
          if wantsSlopes, axis >= 2 {
            let group = (axis - 2) * count
            for j in 0..<count { squaredDistances[group + j] = values[j] }
          }
        }
      }
      let distances = UnsafeBufferPointer(values)
      if wantsSlopes {
        slopes.withUnsafeMutableBufferPointer { slopes in
          kernels.matern(
            smoothness, squaredDistances: distances, values: values,
            slopes: UnsafeMutableBufferPointer(rebasing: slopes[..<count]))
        }
      } else {
        kernels.matern(smoothness, squaredDistances: distances, values: values)
      }
      columnFactors.withUnsafeBufferPointer { columnFactors in
        for j in 0..<count { values[j] *= factor * columnFactors[j] * crossChannel(i, j) }
        if wantsSlopes { for j in 0..<count { slopes[j] *= factor * columnFactors[j] * crossChannel(i, j) } }
      }
    }
  }

  @inline(__always)
  private func crossChannel(_ i: Int, _ j: Int) -> Double {
    if channelCount == 1 || usesModes || rowChannels[i] == columnChannels[j] { return 1 }
    return channelCorrelation[Int(rowChannels[i]) * channelCount + Int(columnChannels[j])]
  }
}
