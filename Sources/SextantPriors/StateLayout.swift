// The map from the V×C array of a file to the state vector of a prior, which docs/mathematics.md ("Notation and terms")
// defines.
//
// The state has one entry for each node and channel inside the domain: coincident vertices (a pole) share one entry,
// and entries that are missing in the whole archive (sea-surface temperature on land) have none. States are ordered by
// channel, then by node. There is no padding.

import SextantArrays
import SextantGeometry

/// The map between the entries of a V×C array and the states.
public struct StateLayout: Sendable, Equatable {
  /// V, the number of vertices.
  public let vertexCount: Int
  /// C, the number of channels.
  public let channelCount: Int
  /// The state of each entry of the V×C array (V·C, channels varying fastest), or −1 outside the domain.
  public let stateOfEntry: [Int32]
  /// The node of each state.
  public let nodeOfState: [Int32]
  /// The channel of each state; ascending.
  public let channelOfState: [Int32]

  /// The number of states d.
  public var count: Int { nodeOfState.count }

  /// The layout of fields with `channelCount` channels on `domain`; an entry is inside if any vertex of its node is.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - channelCount: the number of channels C.
  ///   - isInside: whether each entry of the V×C array ever has a value (V·C, channels varying fastest).
  public init(domain: some Domain, channelCount: Int, isInside: [Bool]) {
    let vertices = domain.vertexCount
    precondition(
      isInside.count == vertices * channelCount,
      "\(isInside.count) flags for \(vertices) vertices and \(channelCount) channels")
    let nodeOfVertex = domain.nodeOfVertex
    var stateOfEntry = [Int32](repeating: -1, count: isInside.count)
    var nodeOfState: [Int32] = []
    var channelOfState: [Int32] = []
    for channel in 0..<channelCount {
      var isNodeInside = [Bool](repeating: false, count: domain.nodeCount)
      for vertex in 0..<vertices where isInside[vertex * channelCount + channel] {
        isNodeInside[Int(nodeOfVertex[vertex])] = true
      }
      // By node, and not by the first vertex that is inside: the flags of all entries give the same states as those of
      // some.
      var stateOfNode = [Int32](repeating: -1, count: domain.nodeCount)
      for node in isNodeInside.indices where isNodeInside[node] {
        stateOfNode[node] = Int32(nodeOfState.count)
        nodeOfState.append(Int32(node))
        channelOfState.append(Int32(channel))
      }
      for vertex in 0..<vertices {
        stateOfEntry[vertex * channelCount + channel] = stateOfNode[Int(nodeOfVertex[vertex])]
      }
    }
    vertexCount = vertices
    self.channelCount = channelCount
    self.stateOfEntry = stateOfEntry
    self.nodeOfState = nodeOfState
    self.channelOfState = channelOfState
  }

  /// The states of `channel`.
  public func states(ofChannel channel: Int) -> Range<Int> {
    let first = channelOfState.firstIndex(of: Int32(channel)) ?? 0
    let end = channelOfState.lastIndex(of: Int32(channel)).map { $0 + 1 } ?? first
    return first..<end
  }

  /// The fraction of land at each state (d), from that at each vertex (V).
  public func landOfStates(_ share: [Float], domain: some Domain) -> [Float] {
    let vertices = domain.representativeVertices
    return nodeOfState.map { share[vertices[Int($0)]] }
  }

  /// Rows of states (B×d) as rows of V×C arrays (B×V·C); entries outside the domain are set to `outside`.
  public func expanded(_ states: Tensor<Float>, outside: Float = .nan) -> Tensor<Float> {
    let (rows, size, d) = (states.rowCount, stateOfEntry.count, count)
    precondition(states.columnCount == d, "Rows of \(states.columnCount) values for \(d) states")
    return Tensor(shape: [rows, size]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      states.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        stateOfEntry.withUnsafeBufferPointer { map in
          let map = UncheckedPointer(UnsafeMutablePointer(mutating: map.baseAddress!))
          Parallel.forEach(rows) { row in
            for entry in 0..<size {
              let state = Int(map[entry])
              target[row * size + entry] = state < 0 ? outside : source[row * d + state]
            }
          }
        }
      }
    }
  }

  /// V×C arrays (B×V·C) as rows of states (B×d): the mean over the valid vertices of each node.
  ///
  /// - Parameters:
  ///   - arrays: the arrays (B×V·C).
  ///   - isValid: whether each of their entries is valid (B·V·C).
  ///   - missing: the value of a state without a valid vertex.
  public func reduced(
    _ arrays: Tensor<Float>, isValid: [Bool], missing: Float = .nan
  ) -> Tensor<Float> {
    let (size, d) = (stateOfEntry.count, count)
    let rows = arrays.count / max(1, size)
    precondition(arrays.count == rows * size && isValid.count == arrays.count, "Arrays of shape \(arrays.shape)")
    return Tensor(shape: [rows, d]) { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      arrays.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEach(rows) { row in
          var sums = [Double](repeating: 0, count: d)
          var counts = [Int32](repeating: 0, count: d)
          for entry in 0..<size {
            let state = Int(stateOfEntry[entry])
            guard state >= 0, isValid[row * size + entry] else { continue }
            sums[state] += Double(source[row * size + entry])
            counts[state] += 1
          }
          for state in 0..<d {
            target[row * d + state] = counts[state] > 0 ? Float(sums[state] / Double(counts[state])) : missing
          }
        }
      }
    }
  }
}
