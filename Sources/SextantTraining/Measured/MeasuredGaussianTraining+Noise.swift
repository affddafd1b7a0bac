// The noise of an archive of measurements where it is not known: by the marginal likelihood of fields that the factors were learned from
// and of others that they were not. In the first a part of the noise is in the modes, and the rest looks too small; in the others the
// errors of the modes look like noise, and so does what the modes have not learned of the signal. Both are corrected by the size of the
// errors in theory, and the truth is between them. (NoiseEstimate has the likelihood.)

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

extension MeasuredGaussianTraining {
  /// The variables whose noise is to be estimated.
  var automatic: [Variable] { measured.noise.automatic(among: source.variables) }

  /// The smallest and the largest number of fields that are looked at, and the number of values of all of them that is enough.
  private static let (fewestFields, mostFields, enoughValues) = (6, 24, 2400)

  /// The positions of fields that the search for factors leaves out, so that the noise can be estimated from them; all copies of a
  /// field are left out together. None where no noise is to be estimated. The factors themselves are learned from all fields in the end.
  ///
  /// - Parameters:
  ///   - fields: the measured fields.
  ///   - leftOut: fields that the factors are not learned from in any case, where there are such.
  ///   - layout: the states.
  func unseenFields(of fields: GappyStates, leftOut: [Int]?, layout: StateLayout) throws -> [Int] {
    let channels = Set(automatic.compactMap { source.variables.firstIndex(of: $0) })
    guard !channels.isEmpty else { return [] }
    // The first copies of fields with values of these variables, and the number of the values.
    var measured: [(position: Int, valueCount: Int, isWhole: Bool)] = []
    for position in leftOut ?? Array(0..<fields.count) where position % copyCount == 0 {
      let own = try fields.field(position).states.map { Int(layout.channelOfState[$0]) }.filter(channels.contains)
      if !own.isEmpty { measured.append((position, own.count, Set(own) == channels)) }
    }
    // Those of all of them, if there are such.
    if measured.contains(where: { $0.isWhole }) { measured = measured.filter { $0.isWhole } }
    let candidates = measured.map { $0.position }
    let mean = max(1, measured.reduce(0) { $0 + $1.valueCount } / max(1, measured.count * channels.count))
    var number = min(Self.mostFields, max(Self.fewestFields, Self.enoughValues / mean))
    // Most of the fields have to be left to learn from.
    if leftOut == nil { number = min(number, max(candidates.count > 2 ? 2 : 1, candidates.count / 5)) }
    return candidates.middles(ofParts: number).flatMap { first in
      first..<min(fields.count, first + copyCount)
    }
  }

  /// The noise of each channel that is to be estimated; not a number for the others.
  ///
  /// - Parameters:
  ///   - model: factors that were learned without the unseen fields, as if there were no noise.
  ///   - space: the states.
  ///   - seen: the positions of the fields that the factors were learned from, with their copies.
  ///   - unseen: those of the others.
  ///   - seenCounts: how often each state was learned from (d).
  /// - Throws: ``RunError/invalid(_:)`` where there are too few values, and what reading throws.
  func estimatedNoise(
    _ model: FactorModel, space: StateSpace, seen: [Int], unseen: [Int], seenCounts: [Int]
  ) throws -> [Double] {
    let prior = GaussianPrior(
      CompletedPrior(model), configuration: configuration, space: space, landShare: landShare, domain: domain)
    var result = [Double](repeating: .nan, count: source.variables.count)
    let asked = unseen.filter { $0 % copyCount == 0 }
    let known = seen.filter { $0 % copyCount == 0 }.middles(ofParts: asked.count)
    for variable in automatic {
      guard let channel = source.variables.firstIndex(of: variable) else { continue }
      let random = random.split("noise").split(channel)
      do {
        let share = model.learnedNoiseShare(at: space.layout.states(ofChannel: channel), seenCounts: seenCounts)
        let outside = try level(ofChannel: channel, at: asked, prior: prior, space: space, random: random)
        // Where the factors were learned from all that there is, nothing is outside.
        let inside = try level(ofChannel: channel, at: known.isEmpty ? asked : known, prior: prior, space: space, random: random)
        // The signal that the modes have not learned is in the first of them, so that the other has twice its weight.
        result[channel] = cbrt(
          outside / (1 + share).squareRoot() * pow(inside / max(0.25, 1 - share).squareRoot(), 2))
      } catch PriorError.nothingObserved {
        throw RunError.invalid(
          "archive.measured.noise: auto: '\(variable.name)' has fewer than ten different values in the fields that were looked at, too few to tell noise from signal. Give the noise as a number: \(variable.name)=LEVEL."
        )
      }
    }
    return result
  }

  /// The noise of a channel that makes its values in some fields most likely.
  private func level(
    ofChannel channel: Int, at positions: [Int], prior: GaussianPrior, space: StateSpace, random: RandomStream
  ) throws -> Double {
    let measurements = try positions.compactMap { position -> FieldMeasurement? in
      let field = try source.read([indices[position]])[0]
      let kept = field.isValid.indices.filter {
        $0 % source.variables.count == channel && field.isValid[$0] && space.layout.stateOfEntry[$0] >= 0
      }
      guard !kept.isEmpty else { return nil }
      return FieldMeasurement(
        values: kept.map { field.values.scalars[$0] }, noise: kept.map { _ in 1 },
        operation: SelectionOperator(inputCount: field.isValid.count, indices: kept), label: field.label)
    }
    return try NoiseEstimate(of: measurements, prior: prior, domain: domain, seed: random).standardDeviation
  }
}
