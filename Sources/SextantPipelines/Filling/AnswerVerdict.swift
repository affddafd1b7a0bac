// What the sums over an imputation give reason to say: how well observations are predicted from the others, and what in the
// answer is doubtful, with what to try.

import Foundation
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

/// The sums of a whole imputation, and their meaning for people.
struct AnswerVerdict {
  let check: AnswerCheck
  /// The variables (C) as they are named in the file.
  let variables: [Variable]
  /// What their values are (C).
  let encodings: [ValueEncoding]
  /// How many of the file's units one unit of the model is, for differences (C).
  let scales: [Double]
  /// The mean of the observed values, in the model's units (C), and the name of the model that expects others; nil where the values are not
  /// those of the field, and where nothing was learned.
  let learned: (observedMeans: [Double], model: String)?

  /// Coverage of 90 % intervals outside this range is reported as a warning, if chance does not explain it.
  static let honestCoverage = 0.82...0.97
  /// The fewest observations whose coverage means anything.
  static let leastCount = 40

  /// The prediction of observations from others, by variable.
  var summaries: [String: ImputationSummary.CheckSummary] {
    var result: [String: ImputationSummary.CheckSummary] = [:]
    for (channel, variable) in variables.enumerated() where check.channels[channel].count > 0 {
      let (sums, scale) = (check.channels[channel], scales[channel])
      let (n, m) = (Double(sums.count), Double(sums.spreadCount))
      result[variable.name] = .init(
        count: sums.count, bias: scale * sums.error / n, rootMeanSquareError: scale * (sums.squaredError / n).squareRoot(),
        rankedProbability: m > 0 ? scale * sums.rankedProbability / m : nil,
        coverage90: m > 0 ? Double(sums.covered) / m : nil,
        wrongShare: encodings[channel] == .labels ? sums.squaredError / n : nil)
    }
    return result
  }

  /// Where the file has another scale than the archive, neither the noise nor the method is to blame.
  var remarks: [Remark] {
    variables.indices.flatMap { channel -> [Remark] in
      let foreign = scale(channel)
      return (foreign.isEmpty ? coverage(channel) + misfit(channel) : foreign) + range(channel)
    }
  }

  /// What to say where the mean of the observed values is outside of all that the archive lets expect.
  private func scale(_ channel: Int) -> [Remark] {
    let (sums, variable) = (check.channels[channel], variables[channel])
    guard let learned, let expected = sums.expected, let observed = sums.observed,
      !(Double(expected.lowerBound)...Double(expected.upperBound)).contains(learned.observedMeans[channel])
    else { return [] }
    return [
      Remark(
        .warning, "scale",
        "The observed values of \(variable.name) go from \(Self.text(observed)), and the model '\(learned.model)' expects values from \(Self.text(expected)) by its archive\(variable.units.isEmpty ? "" : ", in the units of the model"). The file probably has another scale than the model's archive, such as pixels of 16 bits beside those of 8 (257 times as large), or other units than it says, and then the answer is of no use. Bring its values to the scale of the archive, or use a model of such files."
      )
    ]
  }

  private static func text(_ range: ClosedRange<Float>) -> String {
    String(format: "%.4g to %.4g", Double(range.lowerBound), Double(range.upperBound))
  }

  private func coverage(_ channel: Int) -> [Remark] {
    let (sums, name) = (check.channels[channel], variables[channel].name)
    guard sums.spreadCount >= Self.leastCount else { return [] }
    let (coverage, variance) = (
      Double(sums.covered) / Double(sums.spreadCount), sums.squaredDeviation / Double(sums.spreadCount)
    )
    let chance = 2 * (0.09 / Double(sums.spreadCount)).squareRoot()
    guard !(Self.honestCoverage.lowerBound - chance...Self.honestCoverage.upperBound + chance).contains(coverage),
      variance < 0.5 || variance > 1.3
    else { return [] }
    let found = String(
      format: "Of %d observations of %@ that were predicted from the others, %.0f %% lie in the 90 %% interval. ",
      sums.spreadCount, name, 100 * coverage)
    let advice =
      variance > 1
      ? String(
        format: "The spread is too small by a factor of about %.2g: the noise may be larger than stated, or the method too sure. Try --noise auto, or another --method.",
        variance.squareRoot())
      : String(
        format: "The spread is too large by a factor of about %.2g: the noise may be smaller than stated. Try --noise auto.",
        1 / variance.squareRoot())
    return [Remark(.warning, "coverage", found + advice)]
  }

  private func misfit(_ channel: Int) -> [Remark] {
    let (sums, name) = (check.channels[channel], variables[channel].name)
    guard sums.fitCount >= Self.leastCount else { return [] }
    let ratio = (sums.squaredMisfit / Double(sums.fitCount)).squareRoot()
    guard ratio > 1.5 else { return [] }
    return [
      Remark(
        .warning, "misfit",
        String(
          format: "The answer differs from the observed values of %@ by %.2g times their stated noise. The noise may be larger than stated, or the method cannot follow the data. Try --noise auto, or another --method.",
          name, ratio))
    ]
  }

  private func range(_ channel: Int) -> [Remark] {
    let (sums, variable) = (check.channels[channel], variables[channel])
    guard let observed = sums.observed, let answered = sums.answered else { return [] }
    let low = min(observed.lowerBound, sums.expected?.lowerBound ?? observed.lowerBound)
    let high = max(observed.upperBound, sums.expected?.upperBound ?? observed.upperBound)
    let room = sums.expected == nil ? 0.5 * (high - low) : 0
    guard high > low, answered.lowerBound < low - room || answered.upperBound > high + room else { return [] }
    return [
      Remark(
        .warning, "range",
        "The answer for \(variable.name) goes from \(Self.text(answered)), but the observed values\(sums.expected == nil ? "" : " and the archive") from \(Self.text(low...high)), in the units of the \(sums.expected == nil ? "file" : "model"). Look at where it leaves that range before you use it."
      )
    ]
  }
}

extension FieldSpace {
  /// What is taken for granted of the variables: their transforms and ranges.
  var assumptions: [Remark] {
    variables.indices.flatMap { channel -> [Remark] in
      let name = variables[channel].name
      var remarks: [Remark] = []
      if !transforms[channel].isIdentity {
        remarks.append(
          Remark(.assumption, "transform", "\(name) is Gaussian after a transform of kind \(transforms[channel].kind.rawValue)."))
      }
      switch encodings[channel] {
      case .number: break
      case .angle(let period):
        remarks.append(
          Remark(
            .assumption, "angle",
            "\(name) is an angle, of which \(String(format: "%.6g", period)) is the same as 0; its cosine and its sine were filled."))
      case .labels:
        remarks.append(
          Remark(
            .assumption, "labels",
            "\(name) has labels: each place gets the most probable of the labels that were observed, taken as exact."))
      }
      if ownTransforms[channel] != .none {
        remarks.append(
          Remark(
            .assumption, "transform",
            "\(name) is Gaussian after a transform of kind \(ownTransforms[channel].rawValue), which is fitted to the observed values of each field."))
      }
      if let range = bounds[channel] {
        remarks.append(
          Remark(.assumption, "bounds", "\(name) lies in \(range.text)\(variables[channel].units.isEmpty ? "" : " (\(variables[channel].units))")."))
      }
      return remarks
    }
  }
}
