// Whether the noise of an archive of measurements is independent between neighbours, as every loss without clean data takes for
// granted: looked at after the factors are learned, at values that they did not see, and said in the remarks of the model. The check
// needs neighbours alone, and so holds for any domain.

import Foundation
import SextantEvaluation
import SextantGeometry
import SextantPriors
import SextantSignals

/// The check of an archive.
enum NoiseIndependence {
  /// The standardised variance of noise up to which it counts as none: that which the states give to exact values. Of it nothing can
  /// be seen beside the errors of a prediction.
  private static let smallestVariance = 1.01 * Double(GappyStates.smallestNoise * GappyStates.smallestNoise)
  /// The largest number of fields, and of pairs of values in all of them, that are looked at.
  private static let (fieldLimit, pairLimit) = (500, 200_000)

  /// What the errors of neighbours say of the noise of each channel (C).
  ///
  /// - Parameters:
  ///   - model: factors that were learned without the hidden values of the fields.
  ///   - fields: the fields that they were learned from.
  ///   - positions: those of the fields that are no moved copies of others, which would show the same noise again.
  ///   - space: the states.
  ///   - domain: the domain, whose neighbours are looked at.
  ///   - progress: called after each field; may throw to interrupt.
  static func neighbours(
    of model: FactorModel, over fields: GappyStates, at positions: [Int], space: StateSpace, domain: any Domain,
    progress: () throws -> Void
  ) throws -> [NeighbourNoise] {
    let layout = space.layout
    var result = [NeighbourNoise](repeating: NeighbourNoise(), count: layout.channelCount)
    let pairs = layout.neighbours(on: domain)
    let counts = try fields.seenCounts()
    let number = min(fieldLimit, positions.count)
    for place in 0..<number {
      let found = try model.unseenErrors(
        at: pairs, in: fields.field(positions[place * positions.count / number]), seenCounts: counts,
        isMoved: positions.count < fields.count, limit: pairLimit / number)
      let ofChannels = Dictionary(grouping: found) { Int(layout.channelOfState[$0.states.0]) }
      for (channel, pairs) in ofChannels {
        result[channel].add(
          pairs.filter { min($0.variances.0, $0.variances.1) > smallestVariance }.map {
            NeighbourNoise.Pair(
              places: $0.states,
              values: (
                NeighbourNoise.Value(error: $0.errors.0, variance: $0.variances.0),
                NeighbourNoise.Value(error: $0.errors.1, variance: $0.variances.1)
              ))
          })
      }
      try progress()
    }
    return result
  }
}

extension StateLayout {
  /// The pairs of states of one channel at neighbouring places.
  fileprivate func neighbours(on domain: any Domain) -> [(Int, Int)] {
    let vertices = domain.representativeVertices
    let pairs = domain.neighbourPairs
    return (0..<channelCount).flatMap { channel in
      pairs.compactMap { pair in
        let states = (
          Int(stateOfEntry[vertices[pair.first] * channelCount + channel]),
          Int(stateOfEntry[vertices[pair.second] * channelCount + channel])
        )
        return states.0 >= 0 && states.1 >= 0 ? states : nil
      }
    }
  }
}

extension NeighbourNoise {
  /// What is to be said of the noise of a variable; nil where independent noise explains the errors, or too little is known.
  package func remark(on variable: Variable) -> Remark? {
    guard let correlation, correlation.isSignificant else { return nil }
    return Remark(
      .warning, "correlated-noise",
      String(
        format:
          "The noise of %@ is probably correlated between neighbouring places: values that a prediction had not seen differ from it so much alike as if their noise had a correlation of %.2f ± %.2f, or else there is less noise than was stated. Whatever is learned from noisy values alone takes their noise for independent, and no loss of this kind can see that it is not: a part of the noise is kept as signal, and the spread is too small.",
        variable.name, correlation.value, correlation.samplingError), variable: variable.name)
  }
}
