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
    // A vertex without an area, such as one that belongs to no triangle, keeps its value.
    let floor = 1e-9 * domain.areaWeights.reduce(0, +) / Double(max(1, domain.vertexCount))
    let areas = domain.areaWeights.map { max($0, floor) }
    nodeOfVertex = domain.nodeOfVertex
    vertexAreas = areas
    var sums = [Double](repeating: 0, count: domain.nodeCount)
    for (vertex, node) in nodeOfVertex.enumerated() { sums[Int(node)] += areas[vertex] }
    nodeAreas = sums
    self.channelCount = channelCount
    let stiffness = domain.stiffness
    let diagonal = SparseMatrix(
      rowCount: sums.count, columnCount: sums.count, rowStarts: Array(0...sums.count),
      columns: (0..<sums.count).map(Int32.init), values: sums)
    let scaled = SparseMatrix(
      rowCount: stiffness.rowCount, columnCount: stiffness.columnCount, rowStarts: stiffness.rowStarts,
      columns: stiffness.columns, values: stiffness.values.map { $0 * time })
    factor = try SparseCholesky(scaled.adding(diagonal))
  }

  func apply(_ signals: Tensor<Float>) -> Tensor<Float> {
    // The value of a node is the mean of its vertices by area, and a vertex takes that of its node.
    var nodes = sums(signals, weights: vertexAreas).scalingColumns(by: nodeAreas.map { 1 / $0 })
    for _ in 0..<Self.stepCount { nodes = factor.solve(rows: nodes.scalingColumns(by: nodeAreas)) }
    return values(nodes, weights: nil)
  }

  func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> {
    var nodes = sums(measurements, weights: nil)
    for _ in 0..<Self.stepCount { nodes = factor.solve(rows: nodes).scalingColumns(by: nodeAreas) }
    return values(nodes.scalingColumns(by: nodeAreas.map { 1 / $0 }), weights: vertexAreas)
  }

  /// The sums over the vertices of each node, a row for each channel of each field (B·C×nodes).
  private func sums(_ rows: Tensor<Float>, weights: [Double]?) -> Tensor<Double> {
    let (channels, count, size) = (channelCount, nodeAreas.count, inputCount)
    precondition(rows.columnCount == size, "Rows of \(rows.columnCount) entries for a blur of \(size)")
    return Tensor(shape: [rows.rowCount * channels, count]) { out in
      out.initialize(repeating: 0)
      rows.withUnsafeScalars { source in
        for row in 0..<rows.rowCount * channels {
          let (b, channel) = row.quotientAndRemainder(dividingBy: channels)
          for (vertex, node) in nodeOfVertex.enumerated() {
            out[row * count + Int(node)] += Double(source[b * size + vertex * channels + channel]) * (weights?[vertex] ?? 1)
          }
        }
      }
    }
  }

  /// The values of nodes at their vertices (B×V·C).
  private func values(_ nodes: Tensor<Double>, weights: [Double]?) -> Tensor<Float> {
    let (channels, count, size) = (channelCount, nodeAreas.count, inputCount)
    return Tensor(shape: [nodes.rowCount / channels, size]) { out in
      nodes.withUnsafeScalars { source in
        for row in 0..<nodes.rowCount {
          let (b, channel) = row.quotientAndRemainder(dividingBy: channels)
          for (vertex, node) in nodeOfVertex.enumerated() {
            out[b * size + vertex * channels + channel] = Float(source[row * count + Int(node)] * (weights?[vertex] ?? 1))
          }
        }
      }
    }
  }
}
