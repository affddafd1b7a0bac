// The size of the local part at each step of a series. Weather has calm and rough hours: on hourly temperatures of the UK, the
// logarithm of the size that a step's own observations ask for has a standard deviation of 0.3, and where it is left out, the spread
// of the answers is too small on rough steps and too large on calm ones (docs/series.md).
//
// log s is itself an autoregression of order 1 over time, with mean 0, a standard deviation of 0.4 and a memory of twice the local
// part's. Each step's observations tell it by their likelihood with all other parameters fixed, of which a parabola is kept
// (Laplace's approximation), so that a scalar Kalman filter and smoother have all steps agree. A step without observations takes its
// size from its neighbours, and far from any it is 1.

import Foundation
import SextantArrays

/// What some observations say of log s: a normal likelihood. A precision of 0 is none.
package struct LogScaleEvidence: Sendable, Equatable {
  package var mean = 0.0
  package var precision = 0.0

  package init(mean: Double = 0, precision: Double = 0) { (self.mean, self.precision) = (mean, precision) }
}

extension CovarianceModel {
  /// The values of log s at which the likelihood is computed.
  private static let logScales = stride(from: -1.2, through: 1.21, by: 0.3)

  /// What the observations of one step say of the size s of its local part.
  ///
  /// - Parameters:
  ///   - piece: observations of one step.
  ///   - theta: the parameters of the covariance at one time.
  package func logScaleEvidence(of piece: SeriesPiece, parameters theta: [Double]) -> LogScaleEvidence {
    let n = piece.count
    guard n > 0 else { return LogScaleEvidence() }
    let products = gramMatrix(modes(at: piece.states, as: Double.self), transposeFirst: true)
    func part(_ isWanted: (Term) -> Bool) -> Tensor<Double> {
      var block = products
      let kernels = terms(theta).filter(isWanted).map { PairKernel<Double>($0, rows: piece.states, columns: piece.states, in: self) }
      PairKernel.assemble(kernels, in: &block, lowerOnly: true)
      return block
    }
    var ofModes = part { if case .modes = $0 { true } else { false } }
    let local = part { if case .modes = $0 { false } else { true } }
    ofModes.withUnsafeMutableScalars { out in
      for i in 0..<n { out[i * n + i] += piece.noiseVariance[i] }
    }
    let values = Self.logScales.map { logScale -> (place: Double, value: Double) in
      var covariance = ofModes
      covariance.add(local, scaledBy: exp(2 * logScale))
      guard let factor = try? CholeskyFactor(covariance) else { return (logScale, .infinity) }
      let white = factor.solveLower(Tensor(piece.anomalies, shape: [n, 1]))
      return (logScale, 0.5 * (white.dot(white) + factor.logDeterminant))
    }
    return Self.parabola(through: values)
  }

  /// The parabola through the smallest of the values and its neighbours, as a normal likelihood.
  private static func parabola(through values: [(place: Double, value: Double)]) -> LogScaleEvidence {
    guard let least = values.indices.min(by: { values[$0].value < values[$1].value }), values.count > 2 else {
      return LogScaleEvidence()
    }
    let middle = min(max(least, 1), values.count - 2)
    let (before, own, after) = (values[middle - 1].value, values[middle].value, values[middle + 1].value)
    let step = values[middle].place - values[middle - 1].place
    let bend = before - 2 * own + after
    // Where the likelihood does not bend, the observations say little of the size.
    guard bend.isFinite, bend > 0 else { return LogScaleEvidence() }
    let place = values[middle].place + 0.5 * (before - after) / bend * step
    // The parabola is not trusted beyond the values.
    let (first, last) = (values[0].place, values[values.count - 1].place)
    return LogScaleEvidence(mean: min(max(place, first), last), precision: bend / (step * step))
  }
}

/// The Kalman filter of log s over the steps of a series.
package struct LogScaleFilter: Sendable {
  /// The standard deviation of log s before anything is seen.
  private static let deviation = 0.4
  /// The decorrelation time of log s, in those of the local part.
  private static let memories = 2.0

  /// The time of the last step; nil before the first.
  package private(set) var time: Double?
  /// The mean and the variance of log s at the last step, given it and all earlier ones.
  package private(set) var mean = 0.0
  package private(set) var variance = deviation * deviation

  package init() {}

  /// Goes on from what an earlier run stored.
  package init(time: Double, mean: Double, variance: Double) {
    (self.time, self.mean, self.variance) = (time, mean, variance)
  }

  /// What is expected at a later time, and the correlation with the last step.
  private func predicted(at next: Double, localMemory: Double) -> (correlation: Double, mean: Double, variance: Double) {
    let correlation = time.map { exp(-(next - $0) / (Self.memories * localMemory)) } ?? 0
    let fresh = (1 - correlation * correlation) * Self.deviation * Self.deviation
    return (correlation, correlation * mean, correlation * correlation * variance + fresh)
  }

  /// Takes the next step, which must not be earlier than the last.
  ///
  /// - Parameter localMemory: the decorrelation time of the local part.
  package mutating func take(_ evidence: LogScaleEvidence, at next: Double, localMemory: Double) {
    let before = predicted(at: next, localMemory: localMemory)
    time = next
    variance = 1 / (1 / before.variance + evidence.precision)
    mean = variance * (before.mean / before.variance + evidence.precision * evidence.mean)
  }

  /// s at each step, given all of them.
  ///
  /// - Parameters:
  ///   - evidence: what each step says.
  ///   - times: the time of each step, ascending.
  ///   - localMemory: the decorrelation time of the local part.
  package static func smoothed(_ evidence: [LogScaleEvidence], times: [Double], localMemory: Double) -> [Double] {
    var filters: [LogScaleFilter] = []
    for (own, time) in zip(evidence, times) {
      var next = filters.last ?? LogScaleFilter()
      next.take(own, at: time, localMemory: localMemory)
      filters.append(next)
    }
    var means = filters.map(\.mean)
    for step in means.indices.dropLast().reversed() {
      let after = filters[step].predicted(at: times[step + 1], localMemory: localMemory)
      means[step] += filters[step].variance * after.correlation / after.variance * (means[step + 1] - after.mean)
    }
    return means.map { exp($0) }
  }
}
