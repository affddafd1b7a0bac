// Measured values in terms of a field's nodes, and in terms of the nodes of a mesh for the field.

import SextantArrays
import SextantSparse

/// Measured values as noisy linear functions of the field at the domain's nodes: anomalies = matrix·field + noise.
package struct SparseFieldObservation: Sendable {
  /// H (m × nodes).
  package let matrix: SparseMatrix
  /// The anomaly of each measured value (m).
  package let anomalies: [Double]
  /// The variance of its noise (m).
  package let noiseVariance: [Double]
  /// Whether each value measures one node with weight 1, and no node is measured twice.
  package let isSelection: Bool

  /// The number of measured values m.
  package var count: Int { anomalies.count }

  /// - Parameter isSelection: whether each row of the matrix has a single entry of 1, with no two in the same column.
  package init(matrix: SparseMatrix, anomalies: [Double], noiseVariance: [Double], isSelection: Bool) {
    precondition(
      matrix.rowCount == anomalies.count && anomalies.count == noiseVariance.count,
      "\(matrix.rowCount) rows, \(anomalies.count) anomalies and \(noiseVariance.count) variances")
    self.matrix = matrix
    self.anomalies = anomalies
    self.noiseVariance = noiseVariance
    self.isSelection = isSelection
  }

  /// The part of an observation of states that belongs to one channel.
  ///
  /// Throws ``PriorError/mixesChannels(row:)`` if a value depends on this channel and another.
  package init(_ observation: StateObservation, channel: Int, layout: StateLayout, nodeCount: Int) throws {
    let states = layout.states(ofChannel: channel)
    let source = observation.matrix
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    var kept: [Int] = []
    for row in 0..<observation.count {
      let range = source.rowStarts[row]..<source.rowStarts[row + 1]
      let inside = range.count { states.contains(Int(source.columns[$0])) }
      guard inside > 0 else { continue }
      guard inside == range.count else { throw PriorError.mixesChannels(row: row) }
      // The states of a channel are in the order of their nodes, so columns remain sorted.
      for k in range {
        columns.append(layout.nodeOfState[Int(source.columns[k])])
        values.append(source.values[k])
      }
      starts.append(columns.count)
      kept.append(row)
    }
    self.init(
      matrix: SparseMatrix(
        rowCount: kept.count, columnCount: nodeCount, rowStarts: starts, columns: columns, values: values),
      anomalies: kept.map { observation.anomalies[$0] }, noiseVariance: kept.map { observation.noiseVariance[$0] },
      isSelection: observation.selectedStates != nil)
  }

  /// The level of the anomalies: the least-squares fit of a constant field.
  var level: Double {
    var (top, bottom) = (0.0, 0.0)
    for (row, sum) in rowSums.enumerated() {
      top += sum * anomalies[row]
      bottom += sum * sum
    }
    return bottom > 0 ? top / bottom : 0
  }

  /// The measurement of a field of ones (m).
  var rowSums: [Double] {
    (0..<count).map { row in matrix.values[matrix.rowStarts[row]..<matrix.rowStarts[row + 1]].reduce(0, +) }
  }

  /// The anomalies relative to a constant field.
  func residuals(from constant: Double) -> [Double] {
    zip(anomalies, rowSums).map { $0 - constant * $1 }
  }
}

/// An observation's operator and noise on one mesh.
struct MeshObservation: Sendable {
  /// H·B (m × mesh nodes).
  let matrix: SparseMatrix
  private let noiseVariance: [Double]
  private let source: SparseMatrix
  private let submeshFactors: [Float]?

  init(_ observation: SparseFieldObservation, on level: MeshLevel) {
    source = observation.matrix
    matrix = level.prolongation.map { observation.matrix.times($0) } ?? observation.matrix
    noiseVariance = observation.noiseVariance
    submeshFactors = level.submeshFactors
  }

  /// The variance of each value given the values on the mesh: noise, and the field between the mesh's nodes (m).
  ///
  /// - Parameter roughness: at the domain's nodes.
  func variances(roughness: [Double]) -> [Double] {
    guard let submeshFactors else { return noiseVariance }
    return noiseVariance.indices.map { row in
      var sum = noiseVariance[row]
      for k in source.rowStarts[row]..<source.rowStarts[row + 1] {
        let node = Int(source.columns[k])
        sum += source.values[k] * source.values[k] * Double(submeshFactors[node]) * roughness[node]
      }
      return sum
    }
  }

  /// The right-hand side (H·B)ᵀ·R⁻¹·anomalies (mesh nodes).
  ///
  /// - Parameter anomalies: those of the field minus the part that is not modelled on the mesh (m).
  func rightHandSide(of anomalies: [Double], variances: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: matrix.columnCount)
    for row in anomalies.indices {
      let weighted = anomalies[row] / variances[row]
      for k in matrix.rowStarts[row]..<matrix.rowStarts[row + 1] {
        result[Int(matrix.columns[k])] += matrix.values[k] * weighted
      }
    }
    return result
  }

  /// The posterior mean on the mesh for a factor of the posterior precision.
  func mean(of anomalies: [Double], variances: [Double], by factor: SparseCholesky) -> [Double] {
    // One right-hand side gives the library's threads nothing to do, and their number would change the last digits.
    OpenBLAS.withSingleThread { factor.solve(rightHandSide(of: anomalies, variances: variances)) }
  }
}
