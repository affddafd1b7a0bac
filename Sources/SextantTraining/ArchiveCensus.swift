// One pass over an archive before anything is learned from it: where it has values, how many it lacks there, and whether
// they obey the ranges that the settings give.

import Foundation
import SextantArrays
import SextantGeometry
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// What a pass over an archive counts.
struct ArchiveCensus: Sendable {
  /// Whether at least one field has a value at an entry (V·C).
  let isInside: [Bool]
  /// The share of values that are missing inside.
  let gapShare: Double
  /// The number of values inside.
  let valueCount: Int
  /// The number of fields with at least one value.
  let fieldCount: Int
  /// The value of each variable (C) all of whose values are equal; nil for the others.
  let constants: [Float?]
  /// The values outside the ranges of the settings.
  let bounds: BoundsCheck

  /// A share of gaps up to which the modes are hardly changed by taking gaps for the climatology.
  static let largestGapShare = 0.05

  /// Reads the fields of an archive once.
  ///
  /// - Parameters:
  ///   - source: the fields.
  ///   - indices: the fields that are learned from.
  ///   - ranges: the range of each variable (C), in its units.
  ///   - noise: that of the values where they are measurements, which may lie outside a range by five standard deviations; nil of
  ///     signals.
  ///   - progress: called with the number of fields of each piece; may throw to interrupt.
  /// - Throws: what reading and `progress` throw.
  init(
    of source: any SignalSource, indices: [Int], ranges: [ValueBounds?], noise: MeasuredNoise? = nil,
    progress: (Int) throws -> Void
  ) throws {
    let channels = source.variables.count
    let size = source.domain.vertexCount * channels
    let hasRange = ranges.map { $0 != nil }
    var isInside = [Bool](repeating: false, count: size)
    var bounds = BoundsCheck(source.variables, bounds: ranges)
    var firstValues = [Float?](repeating: nil, count: channels)
    var varies = [Bool](repeating: false, count: channels)
    var (validCount, fieldCount, position) = (0, 0, 0)
    try source.forEachChunk(of: indices) { chunk in
      try chunk.values.withUnsafeScalars { values in
        for row in 0..<chunk.count {
          let levels = hasRange.contains(true) ? try noise?(indices[position], of: chunk[row]) : nil
          position += 1
          let countBefore = validCount
          for entry in 0..<size where chunk.isValid[row * size + entry] {
            isInside[entry] = true
            validCount += 1
            let (channel, value) = (entry % channels, values[row * size + entry])
            if let first = firstValues[channel] {
              if value != first { varies[channel] = true }
            } else {
              firstValues[channel] = value
            }
            guard hasRange[channel] else { continue }
            // Noise that is to be found is none here.
            let tolerance = levels.map { $0[entry] > 0 ? 5 * $0[entry] : bounds.tolerance(ofChannel: channel) } ?? 0
            bounds.note(value, channel: channel, tolerance: tolerance)
          }
          if validCount > countBefore { fieldCount += 1 }
        }
      }
      try progress(chunk.count)
    }
    self.isInside = isInside
    self.bounds = bounds
    self.fieldCount = fieldCount
    constants = zip(firstValues, varies).map { $1 ? nil : $0 }
    valueCount = validCount
    let expected = indices.count * isInside.count { $0 }
    gapShare = expected > 0 ? 1 - Double(validCount) / Double(expected) : 0
  }

  /// Throws ``RunError/invalid(_:)`` for a variable of which no measured field has a value.
  func checkVariables(_ variables: [Variable], fieldCount: Int) throws {
    for (channel, variable) in variables.enumerated()
    where !stride(from: channel, to: isInside.count, by: variables.count).contains(where: { isInside[$0] }) {
      throw RunError.invalid(
        "archive.measured: expected measured values of \(variable.name), found none in \(fieldCount) field\(fieldCount == 1 ? "" : "s"). Check the files and the conditions of archive.missing (`sextant inspect` shows what is read), or leave the variable out of archive.variables.")
    }
  }

  /// What is said of an archive of measurements.
  var measuredRemark: Remark {
    let gaps =
      gapShare > 0
      ? "\(String(format: "%.2g", 100 * gapShare)) % of the archive's values are missing at places where other fields have them. " : ""
    return Remark(
      .note, "archive-measured", "\(gaps)The prior was learned from the measured values and their noise.")
  }

  /// Throws ``RunError/invalid(_:)`` where there are too few fields with a measured value, or all values of a variable are one.
  ///
  /// - Parameters:
  ///   - variables: the variables.
  ///   - total: the number of fields, with and without values.
  ///   - allowsConstants: whether a variable may be constant, as in an archive that is complete and exact.
  func checkMeasurements(of variables: [Variable], total: Int, allowsConstants: Bool) throws {
    let needed = MeasuredGaussianTraining.smallestFieldCount
    guard fieldCount >= needed else {
      let what = fieldCount == 1 ? "1 field has" : "\(fieldCount) fields have"
      throw RunError.invalid(
        "archive.measured: \(what) at least one measured value (of \(total) in the archive), and at least \(needed) are needed to learn from. Add fields, or fill gaps without a model, such as by --method kriging."
      )
    }
    for (variable, constant) in zip(variables, constants) {
      guard !allowsConstants, let constant else { continue }
      let value = [constant.formatted(), variable.units].filter { !$0.isEmpty }.joined(separator: " ")
      throw RunError.invalid(
        "archive.measured: every measured value of '\(variable.name)' is \(value), so that there is nothing to learn. Leave the variable out, or check the file."
      )
    }
  }

  /// What the gaps of the archive give reason to say.
  ///
  /// - Parameters:
  ///   - kind: what is learned; a field without modes learns nothing from values that are missing.
  ///   - accepts: whether the settings accept any share of gaps.
  /// - Throws: ``RunError/invalid(_:)`` where more values are missing than modes can be learned around.
  func checkGaps(for kind: GaussianPriorKind, accepts: Bool) throws -> [Remark] {
    let share = String(format: "%.2g", 100 * gapShare)
    let what =
      "\(share) % of the archive's values are missing at places where other fields have them, and the modes take each for the climatology"
    if gapShare > Self.largestGapShare, kind != .trend, !accepts {
      throw RunError.invalid(
        "archive: \(what), so the answers would vary too little and their spread would be too small. To learn from the measured values alone, state that the fields are measurements, such as archive.measured: {noise: 0.3K}, with noise 0 where they are exact. To take each gap for the climatology all the same, set archive.gaps: accept."
      )
    }
    guard gapShare > 0.001 else { return [] }
    return [Remark(gapShare > Self.largestGapShare ? .warning : .note, "archive-gaps", "\(what).")]
  }

  /// Whether each entry (V·C), or another at the same place, such as those of a row of a grid at a pole, has a value in some field.
  static func reaches(_ isInside: [Bool], on domain: any Domain, channels: Int) -> [Bool] {
    StateLayout(domain: domain, channelCount: channels, isInside: isInside).stateOfEntry.map { $0 >= 0 }
  }

  /// What is to be said of the places that no field of an archive of measurements has a value at.
  ///
  /// - Parameters:
  ///   - isInside: whether at least one field tells of each entry (V·C).
  ///   - domain: the domain of the fields.
  ///   - variables: the variables.
  ///   - isFilled: whether the prior is asked for there all the same.
  static func neverMeasuredRemarks(_ isInside: [Bool], on domain: any Domain, variables: [Variable], isFilled: Bool) -> [Remark] {
    let (vertices, isReached) = (domain.vertexCount, reaches(isInside, on: domain, channels: variables.count))
    return variables.enumerated().compactMap { channel, variable -> Remark? in
      let missing = (0..<vertices).count { !isReached[$0 * variables.count + channel] }
      guard missing > 0 else { return nil }
      let what = "\(variable.name): \(missing) of \(vertices) places were measured in no field."
      let known =
        isFilled
        ? "Nothing was learned there: the climatology, the modes and the variance are those of the places around, and what these leave is a Matérn field of its own (archive.measured.fill: all)."
        : "They are outside of the domain of the prior: there is no answer there, and what is measured there later is not used. If there is something to be known, archive.symmetries or an archive that has values there tells of it, and archive.measured.fill: all takes what the places around tell."
      return Remark(.note, "never-measured", "\(what) \(known)", variable: variable.name)
    }
  }
}
