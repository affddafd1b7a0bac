// How good a flow is on measurements whose truth is known, those that it was trained on ("seen") apart from others
// ("unseen"): figures for the log between steps, and the table at the end.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantEvaluation
import SextantNetworks
import SextantPriors

/// Scores of a flow on measurements that it was made for.
struct FlowEvaluator: Sendable {
  /// Measurements with their truths.
  struct Set: Sendable {
    /// "seen" or "unseen".
    var name: String
    /// The flow's measurements (n).
    var measurements: [Int]
    /// Standardised states (n×d).
    var truths: Tensor<Float>
    /// The climatology beneath each (n×d), transformed.
    var climates: Tensor<Float>
  }

  let flow: any StateFlow
  let sets: [Set]
  let space: StateSpace
  let transforms: [MarginalTransform]
  /// The names of the variables (C).
  let variables: [String]
  /// The peak of each variable's scale (C), where known.
  let peaks: [Double?]
  let random: RandomStream

  func calibrated(_ parameters: ParameterSet<Float>) -> ParameterSet<Float> {
    flow.calibrated(parameters, using: random.split("calibration"))
  }

  /// The mean of each set's scores by names such as "unseen.tas.rmse", of 8 measurements by 32 draws.
  func figures(_ parameters: ParameterSet<Float>) -> [String: Double] {
    var result: [String: Double] = [:]
    for row in rows(parameters, name: "", measurements: 8, samples: 32) {
      let prefix = "\(row.set).\(row.variable)"
      result["\(prefix).rmse"] = row.error
      result["\(prefix).crps"] = row.rankedProbability
      result["\(prefix).coverage"] = row.coverage
    }
    return result
  }

  /// The scores of calibrated parameters, a row for each set and variable.
  func rows(_ parameters: ParameterSet<Float>, name: String, measurements: Int, samples: Int) -> [FlowScoreRow] {
    sets.flatMap { set -> [FlowScoreRow] in
      var totals = [Totals](repeating: Totals(), count: variables.count)
      let count = min(measurements, set.measurements.count)
      for place in 0..<count {
        let streams = (0..<samples).map { random.split("draws").split(place).split($0) }
        let pass = NetworkPass(parameters, isTraining: false, wantsGradients: false)
        let draws = flow.draw([set.measurements[place]], using: streams, in: pass).fields.value
        add(
          values(draws.reshaped(to: [samples, space.count]), climate: set.climates.row(place)),
          truth: values(set.truths.rows(place..<place + 1), climate: set.climates.row(place)), to: &totals)
      }
      return totals.enumerated().map { channel, total in
        total.row(
          name: name, set: set.name, variable: variables[channel], peak: peaks[channel], measurements: count)
      }
    }
  }

  /// States (n×d) in the variables' units.
  private func values(_ states: Tensor<Float>, climate: Tensor<Float>) -> Tensor<Float> {
    let (d, scales, channels) = (space.count, space.stateScales, space.layout.channelOfState)
    return Tensor(shape: states.shape) { out in
      states.withUnsafeScalars { states in
        climate.withUnsafeScalars { climate in
          for i in out.indices {
            let w = states[i] * scales[i % d] + climate[i % d]
            out[i] = Float(transforms[Int(channels[i % d])].value(at: Double(w)))
          }
        }
      }
    }
  }

  private func add(_ samples: Tensor<Float>, truth: Tensor<Float>, to totals: inout [Totals]) {
    let statistics = EnsembleStatistics(samples: samples, truth: truth.scalars)
    for channel in totals.indices {
      let states = space.layout.states(ofChannel: channel)
      func mean(_ term: (Int) -> Double) -> Double {
        states.reduce(0) { $0 + term($1) } / Double(max(1, states.count))
      }
      totals[channel].squaredErrors.append(mean { pow(Double(statistics.meanError[$0]), 2) })
      // The first draw stands for one sample.
      totals[channel].sampleSquaredErrors.append(mean { pow(Double(samples[0, $0] - truth[0, $0]), 2) })
      totals[channel].rankedProbabilities.append(mean { Double(statistics.crps[$0]) })
      totals[channel].coverages.append(mean { statistics.isCovered($0, at: .ninety) ? 1 : 0 })
    }
  }
}

/// The scores of a flow on one set and variable.
public struct FlowScoreRow: Sendable, Codable, Equatable {
  /// "untrained" or "trained".
  public var name: String
  /// "seen" for measurements that were trained on, or "unseen".
  public var set: String
  public var variable: String
  /// How many measurements.
  public var measurements: Int
  /// Root mean square error of the mean of the draws, in the variable's units.
  public var error: Double
  /// PSNR of the mean of the draws in dB, mean over measurements; nil without a scale.
  public var meanPSNR: Double?
  /// That of one draw.
  public var samplePSNR: Double?
  /// CRPS, in the variable's units.
  public var rankedProbability: Double
  /// The share of truths within the 90 % interval.
  public var coverage: Double
}

/// Sums over measurements of one channel.
private struct Totals {
  var squaredErrors: [Double] = []
  var sampleSquaredErrors: [Double] = []
  var rankedProbabilities: [Double] = []
  var coverages: [Double] = []

  func row(name: String, set: String, variable: String, peak: Double?, measurements: Int) -> FlowScoreRow {
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    func psnr(_ errors: [Double]) -> Double? { peak.map { peak in mean(errors.map { 10 * log10(peak * peak / $0) }) } }
    return FlowScoreRow(
      name: name, set: set, variable: variable, measurements: measurements, error: mean(squaredErrors).squareRoot(),
      meanPSNR: psnr(squaredErrors), samplePSNR: psnr(sampleSquaredErrors),
      rankedProbability: mean(rankedProbabilities), coverage: mean(coverages))
  }
}
