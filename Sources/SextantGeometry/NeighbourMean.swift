// The mean of a value and of those around it, on any domain: what a single noisy value says of the field beneath it is little, and what
// its neighbours say is independent of its own noise.

import SextantArrays

/// Means over the places around each place, as far as they have values.
package struct NeighbourMean: Sendable {
  private let nodeOfVertex: [Int32]
  private let nodeCount: Int
  private let pairs: [(first: Int, second: Int)]

  package init(on domain: any Domain) {
    (nodeOfVertex, nodeCount, pairs) = (domain.nodeOfVertex, domain.nodeCount, domain.neighbourPairs)
  }

  /// The mean over each place, its neighbours and theirs (V); not a number where none of them has a value.
  ///
  /// - Parameters:
  ///   - values: one channel of a field (V).
  ///   - isValid: which of them are there (V).
  package func callAsFunction(_ values: [Double], isValid: [Bool]) -> [Double] {
    var (sums, counts) = ([Double](repeating: 0, count: nodeCount), [Double](repeating: 0, count: nodeCount))
    for vertex in values.indices where isValid[vertex] {
      sums[Int(nodeOfVertex[vertex])] += values[vertex]
      counts[Int(nodeOfVertex[vertex])] += 1
    }
    for _ in 0..<2 {
      let (old, oldCounts) = (sums, counts)
      for (a, b) in pairs {
        sums[a] += old[b]
        counts[a] += oldCounts[b]
        sums[b] += old[a]
        counts[b] += oldCounts[a]
      }
    }
    return nodeOfVertex.map { counts[Int($0)] > 0 ? sums[Int($0)] / counts[Int($0)] : .nan }
  }
}
