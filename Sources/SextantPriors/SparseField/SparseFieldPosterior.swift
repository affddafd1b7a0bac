// The posterior of a sparse field: its exact mean, its exact standard deviation by selected inversion of the precision, and samples
// in blocks, so that only as many as needed are in memory.
//
// If the mesh is coarser than the domain, x = B·u + e, where e is independent between the mesh's nodes and its variance
// v follows from the roughness. Given u, a value y = x + noise implies e ~ N(v/(v+r)·(y − B·u), v·r/(v+r)), which is
// exact under this model.

import Foundation
import SextantArrays
import SextantSparse

/// A sparse field with known roughness conditioned on an operator and its noise, for any anomalies.
///
/// Memory: 2.8 GB for a million nodes.
package struct SparseFieldFactor: Sendable {
  /// The factor of the posterior precision on the mesh.
  let factor: SparseCholesky
  let observation: MeshObservation
  /// The variance of each value given the values on the mesh (m).
  let variances: [Double]
  let level: MeshLevel
  /// The roughness at each of the domain's nodes.
  package let roughness: [Double]
  /// The smoothness of the field.
  let smoothness: SparseFieldSmoothness
  /// The range √(8ν)/κ as a share of the root of the domain's area; nil where it was not fitted.
  let range: Double?

  /// The number of entries of the factor.
  package var entryCount: Int { factor.factorEntryCount }
}

/// A Gaussian posterior over the values at a domain's nodes.
///
/// Memory: that of the factor and, while sampling, 48 doubles per mesh node and thread.
package struct SparseFieldPosterior: Sendable {
  /// The posterior mean at each of the domain's nodes.
  package let mean: [Float]
  /// The roughness at each of the domain's nodes.
  package let roughness: [Double]
  /// The smoothness of the field.
  package let smoothness: SparseFieldSmoothness
  /// The range √(8ν)/κ as a share of the root of the domain's area; nil where it was not fitted.
  package let range: Double?
  /// The number of entries in the factor of the posterior precision.
  package var factorEntryCount: Int { factor.factorEntryCount }

  private let factor: SparseCholesky
  private let prolongation: SparseMatrix?
  /// The fraction of a sample's deviation from the mean that remains at each node after conditioning on the node's own
  /// measurement: r/(v+r).
  private let keptShares: [Float]?
  /// The standard deviation of e given everything else (nodes).
  private let submeshStandardDeviations: [Float]?

  /// - Parameter observation: with the operator and the noise that `prepared` was made for.
  package init(_ prepared: SparseFieldFactor, given observation: SparseFieldObservation) {
    factor = prepared.factor
    roughness = prepared.roughness
    (range, smoothness) = (prepared.range, prepared.smoothness)
    let level = prepared.level
    prolongation = level.prolongation
    let constant = observation.level
    let meshMean = prepared.observation.mean(
      of: observation.residuals(from: constant), variances: prepared.variances, by: prepared.factor)
    var mean = level.prolonged(meshMean)
    guard let factors = level.submeshFactors else {
      self.mean = mean.map { Float($0 + constant) }
      (keptShares, submeshStandardDeviations) = (nil, nil)
      return
    }
    var variances = zip(factors, roughness).map { Double($0) * $1 }
    var kept = [Float](repeating: 1, count: mean.count)
    if observation.isSelection {
      for (row, node) in observation.matrix.columns.enumerated() {
        let node = Int(node)
        let (v, r) = (variances[node], observation.noiseVariance[row])
        guard v > 0 else { continue }
        mean[node] += v / (v + r) * (observation.anomalies[row] - constant - mean[node])
        variances[node] = v * r / (v + r)
        kept[node] = Float(r / (v + r))
      }
    }
    self.mean = mean.map { Float($0 + constant) }
    keptShares = kept
    submeshStandardDeviations = variances.map { Float($0.squareRoot()) }
  }

  /// The exact standard deviation at each of the domain's nodes.
  ///
  /// Takes the memory of the factor once more, and about twice the time of the factorisation. It is the same for all anomalies that
  /// are measured by one operator with one noise.
  ///
  /// - Parameter byteLimit: the most memory, in bytes, that the entries of the inverse may take.
  /// - Returns: the standard deviations (nodes), or nil where the memory does not suffice.
  package func spread(byteLimit: Int) throws -> [Float]? {
    guard factor.byteCount <= byteLimit else { return nil }
    let inverse: SelectedInverse
    do {
      inverse = try factor.selectedInverse()
    } catch SparseCholeskyError.outOfMemory {
      return nil
    }
    // x = kept·B·u + e: the deviations of u on the mesh and those between its nodes are independent.
    let variances = prolongation.map(inverse.variances(of:)) ?? inverse.diagonal
    return variances.indices.map { i in
      let kept = keptShares.map { Double($0[i]) } ?? 1
      let between = submeshStandardDeviations.map { Double($0[i]) } ?? 0
      return Float((kept * kept * variances[i] + between * between).squareRoot())
    }
  }

  /// Calls `body` with blocks of samples minus the mean (B × nodes), in order; its first argument is the index of the
  /// block's first sample.
  ///
  /// Sample i depends on part i of `random`, whatever the number of samples and of threads.
  package func forEachDeviationBlock(
    count: Int, random: RandomStream, _ body: (Int, Tensor<Float>) throws -> Void
  ) rethrows {
    try factor.forEachDrawBlock(count: count, random: random.split("mesh")) { first, block in
      try body(first, deviations(block, first: first, random: random.split("between")))
    }
  }

  /// Samples on the mesh (B×n) as deviations from the mean at the domain's nodes (B × nodes).
  private func deviations(_ block: Tensor<Double>, first: Int, random: RandomStream) -> Tensor<Float> {
    guard let prolongation else { return block.converted(to: Float.self) }
    let (n, nodes) = (block.columnCount, mean.count)
    return Tensor(shape: [block.rowCount, nodes]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      block.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        prolongation.withUnsafeRows { rowStarts, columns, values in
          Parallel.forEach(block.rowCount) { row in
            var stream = random.split(first + row)
            let between: Tensor<Float> = stream.normals([nodes])
            between.withUnsafeScalars { between in
              for i in 0..<nodes {
                var sum = 0.0
                for k in rowStarts[i]..<rowStarts[i + 1] { sum += values[k] * source[row * n + Int(columns[k])] }
                let kept = keptShares.map { $0[i] } ?? 1
                let sigma = submeshStandardDeviations.map { $0[i] } ?? 0
                target[row * nodes + i] = Float(sum) * kept + sigma * between[i]
              }
            }
          }
        }
      }
    }
  }
}
