// The blur by the heat kernel of a domain: diffusion for a time t, which on a plane is the Gaussian of variance 2t in each
// direction, and on a sphere or a mesh its counterpart. It is computed in implicit steps,
// (I + (t/k)·M⁻¹S)⁻ᵏ with the areas M and the stiffness S, which has the same variance for any k, keeps the mean over the area,
// and never makes a value outside of the range of its inputs.

import SextantArrays
import SextantGeometry
import SextantSparse

/// Diffuses each channel of a field for a time.
struct HeatKernelOperator: LinearOperator {
  private let factor: SparseCholesky
  private let nodeOfVertex: [Int32]
  private let nodeAreas: [Double]
  private let vertexAreas: [Double]
  private let channelCount: Int
  /// The number of implicit steps k.
  private static let stepCount = 8

  var inputCount: Int { nodeOfVertex.count * channelCount }
  var outputCount: Int { inputCount }

  /// The blur of a standard deviation in each direction, in the units of the domain's positions (radians on the sphere).
  ///
  /// Throws `LinearAlgebraError`, `SparseCholeskyError`.
  init(deviation: Double, on domain: any Domain, channelCount: Int) throws {
    let time = deviation * deviation / 2 / Double(Self.stepCount)
    (nodeOfVertex, nodeAreas, vertexAreas) = (domain.nodeOfVertex, domain.nodeAreas, domain.areaWeights)
    self.channelCount = channelCount
    let stiffness = domain.stiffness
    let scaled = SparseMatrix(
      rowCount: stiffness.rowCount, columnCount: stiffness.columnCount, rowStarts: stiffness.rowStarts,
      columns: stiffness.columns, values: stiffness.values.map { $0 * time })
    factor = try SparseCholesky(scaled.addingToDiagonal(nodeAreas))
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> {
    mapNodes(signals) { values in
      // The value of a node is the mean of its vertices by area, and a vertex takes that of its node.
      var nodes = sums(values, weights: vertexAreas)
      for node in nodes.indices { nodes[node] /= nodeAreas[node] }
      for _ in 0..<Self.stepCount {
        for node in nodes.indices { nodes[node] *= nodeAreas[node] }
        nodes = factor.solve(nodes)
      }
      return nodeOfVertex.map { nodes[Int($0)] }
    }
  }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    mapNodes(measurements) { values in
      var nodes = sums(values, weights: nil)
      for _ in 0..<Self.stepCount {
        nodes = factor.solve(nodes)
        for node in nodes.indices { nodes[node] *= nodeAreas[node] }
      }
      return nodeOfVertex.indices.map { vertex in
        let node = Int(nodeOfVertex[vertex])
        return nodes[node] * vertexAreas[vertex] / nodeAreas[node]
      }
    }
  }

  private func sums(_ values: [Double], weights: [Double]?) -> [Double] {
    var nodes = [Double](repeating: 0, count: nodeAreas.count)
    for vertex in values.indices { nodes[Int(nodeOfVertex[vertex])] += values[vertex] * (weights?[vertex] ?? 1) }
    return nodes
  }

  /// Maps the V values of each channel of each row.
  private func mapNodes(_ rows: Tensor<Float>, _ map: @Sendable ([Double]) -> [Double]) -> Tensor<Float> {
    let (count, channels, size) = (nodeOfVertex.count, channelCount, inputCount)
    precondition(rows.columnCount == size, "Rows of \(rows.columnCount) entries for a blur of \(size)")
    return Tensor(shape: rows.shape) { out in
      rows.withUnsafeScalars { source in
        for b in 0..<rows.rowCount {
          for channel in 0..<channels {
            let result = map((0..<count).map { Double(source[b * size + $0 * channels + channel]) })
            for vertex in 0..<count { out[b * size + vertex * channels + channel] = Float(result[vertex]) }
          }
        }
      }
    }
  }
}
