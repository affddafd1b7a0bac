// The posterior of a sparse field: its exact mean, and samples in blocks, so that only as many as needed are in memory.
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
public struct SparseFieldFactor: Sendable {
  /// The factor of the posterior precision on the mesh.
  let factor: SparseCholesky
  let observation: MeshObservation
  /// The variance of each value given the values on the mesh (m).
  let variances: [Double]
  let level: MeshLevel
  /// The roughness at each of the domain's nodes.
  public let roughness: [Double]

  /// The number of entries of the factor.
  public var entryCount: Int { factor.factorEntryCount }
}

/// A Gaussian posterior over the values at a domain's nodes.
///
/// Memory: that of the factor and, while sampling, 48 doubles per mesh node and thread.
public struct SparseFieldPosterior: Sendable {
  /// The posterior mean at each of the domain's nodes.
  public let mean: [Float]
  /// The roughness at each of the domain's nodes.
  public let roughness: [Double]
  /// The number of entries in the factor of the posterior precision.
  public var factorEntryCount: Int { factor.factorEntryCount }

  private let factor: SparseCholesky
  private let prolongation: SparseMatrix?
  /// The fraction of a sample's deviation from the mean that remains at each node after conditioning on the node's own
  /// measurement: r/(v+r).
  private let keptShares: [Float]?
  /// The standard deviation of e given everything else (nodes).
  private let submeshDeviations: [Float]?

  /// - Parameter observation: with the operator and the noise that `prepared` was made for.
  public init(_ prepared: SparseFieldFactor, given observation: SparseFieldObservation) {
    factor = prepared.factor
    roughness = prepared.roughness
    let level = prepared.level
    prolongation = level.prolongation
    let constant = observation.level
    let meshMean = prepared.observation.mean(
      of: observation.residuals(from: constant), variances: prepared.variances, by: prepared.factor)
    var mean = level.prolonged(meshMean)
    guard let factors = level.submeshFactors else {
      self.mean = mean.map { Float($0 + constant) }
      (keptShares, submeshDeviations) = (nil, nil)
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
    submeshDeviations = variances.map { Float($0.squareRoot()) }
  }

  /// Calls `body` with blocks of samples (B × nodes), in order; the first argument is the index of the block's first
  /// sample.
  ///
  /// Sample i depends on part i of `random`, whatever the number of samples and of threads.
  public func forEachSampleBlock(
    count: Int, random: RandomStream, _ body: (Int, Tensor<Float>) throws -> Void
  ) rethrows {
    try forEachDeviationBlock(count: count, random: random) { first, deviations in
      var samples = deviations
      let nodes = mean.count
      samples.withUnsafeMutableScalars { values in
        guard let base = values.baseAddress else { return }
        let target = UncheckedPointer(base)
        let rows = values.count / nodes
        Parallel.forEach(rows) { row in
          for i in 0..<nodes { target[row * nodes + i] += mean[i] }
        }
      }
      try body(first, samples)
    }
  }

  /// ``forEachSampleBlock(count:random:_:)`` for samples minus the mean.
  public func forEachDeviationBlock(
    count: Int, random: RandomStream, _ body: (Int, Tensor<Float>) throws -> Void
  ) rethrows {
    try factor.forEachDrawBlock(count: count, random: random.split("mesh")) { first, block in
      try body(first, deviations(block, first: first, random: random.split("between")))
    }
  }

  /// The standard deviation at each of the domain's nodes, from samples about the exact mean.
  public func spread(draws: Int, random: RandomStream) -> [Float] {
    var sum = DeviationSquares(count: mean.count)
    forEachDeviationBlock(count: draws, random: random) { _, block in sum.add(block) }
    return sum.rootMean
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
                let deviation = submeshDeviations.map { $0[i] } ?? 0
                target[row * nodes + i] = Float(sum) * kept + deviation * between[i]
              }
            }
          }
        }
      }
    }
  }
}
