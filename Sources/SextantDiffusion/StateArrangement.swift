// The map between the values of a prior, which are unique, and the V×C arrays that networks process: coincident
// vertices share a value, entries outside the domain have none, and the order of the vertices may differ. Noise is
// added to the values, so coincident vertices have the same noise and entries outside the domain have none.

import SextantArrays
import SextantAutodiff

/// The index of the value at each entry of a network's V×C array.
public struct StateArrangement: Sendable, Equatable {
  /// C.
  public let channelCount: Int
  /// d.
  public let stateCount: Int
  /// The index of the value at each entry (V·C, channels varying fastest, vertices in the network's order), or −1
  /// outside the domain.
  public let stateOfEntry: [Int32]
  /// The inverse of the number of entries of each value.
  private let shares: [Double]

  /// - Parameters:
  ///   - stateOfEntry: the index of the value at each entry (V·C) in the domain's own order of vertices, or −1.
  ///   - channelCount: C.
  ///   - stateCount: the number of values.
  ///   - order: the vertices (V) in the network's order.
  public init(stateOfEntry: [Int32], channelCount: Int, stateCount: Int, order: [Int32]) {
    precondition(order.count * channelCount == stateOfEntry.count, "\(order.count) vertices, \(stateOfEntry.count)")
    self.channelCount = channelCount
    self.stateCount = stateCount
    self.stateOfEntry = order.flatMap { vertex in
      (0..<channelCount).map { stateOfEntry[Int(vertex) * channelCount + $0] }
    }
    var counts = [Int](repeating: 0, count: stateCount)
    for state in stateOfEntry where state >= 0 { counts[Int(state)] += 1 }
    shares = counts.map { 1 / Double(max(1, $0)) }
  }

  /// Values (B×d×1) as arrays (B×V×C) with 0 outside the domain.
  public func arrays<Scalar: TensorScalar>(from states: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
    let batch = states.shape[0]
    return gatherRows(states.reshaped(to: [batch, stateCount, 1]), stateOfEntry)
      .reshaped(to: [batch, stateOfEntry.count / channelCount, channelCount])
  }

  /// Arrays (B×V×C) as values (B×d×1), each the mean over its entries.
  public func states<Scalar: TensorScalar>(from arrays: DifferentiableTensor<Scalar>) -> DifferentiableTensor<Scalar> {
    let (batch, size, count) = (arrays.shape[0], stateOfEntry.count, stateCount)
    let shares = self.shares.map { Scalar($0) }
    let value = Tensor<Scalar>(shape: [batch, count, 1]) { out in
      for place in out.indices { out[place] = 0 }
      arrays.value.withUnsafeScalars { source in
        for sample in 0..<batch {
          for (entry, state) in stateOfEntry.enumerated() where state >= 0 {
            out[sample * count + Int(state)] += source[sample * size + entry] * shares[Int(state)]
          }
        }
      }
    }
    return arrays.tape.record(value, operation: "mean over coincident vertices", from: [arrays]) {
      gradient, cotangents in
      let ofArrays = Tensor<Scalar>(shape: arrays.shape) { out in
        gradient.withUnsafeScalars { source in
          for sample in 0..<batch {
            for (entry, state) in stateOfEntry.enumerated() {
              out[sample * size + entry] =
                state < 0 ? 0 : source[sample * count + Int(state)] * shares[Int(state)]
            }
          }
        }
      }
      cotangents.add(ofArrays, to: arrays)
    }
  }
}
