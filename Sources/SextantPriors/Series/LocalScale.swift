// The size of the local part at one step of a series. Weather has calm and rough hours: on hourly temperatures of the UK, the logarithm
// of the scale that a step's own observations ask for has a standard deviation of 0.3, and where it is left out, the spread of the
// answers is too small on rough steps and too large on calm ones (docs/series.md).
//
// It is the maximum of the likelihood of one step with all other parameters fixed, on a few values of log s and a parabola
// through the best, with a normal hyper-prior of mean 0. A step that tells nothing has the scale 1.

import Foundation
import SextantArrays

extension CovarianceModel {
  /// The hyper-prior's standard deviation of log s, and the values at which the likelihood is computed.
  private static let logScaleDeviation = 0.4
  private static let logScales = stride(from: -0.9, through: 0.91, by: 0.3)

  /// s, by which the local part of the field at one step is multiplied.
  ///
  /// - Parameters:
  ///   - piece: observations of one step.
  ///   - theta: the parameters of the covariance at one time.
  package func localScale(of piece: SeriesPiece, parameters theta: [Double]) -> Double {
    let n = piece.count
    guard n > 0 else { return 1 }
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
      let pull = logScale / Self.logScaleDeviation
      return (logScale, 0.5 * (white.dot(white) + factor.logDeterminant + pull * pull))
    }
    return exp(Self.minimum(of: values))
  }

  /// The place of the minimum of the parabola through the smallest value and its neighbours.
  private static func minimum(of values: [(place: Double, value: Double)]) -> Double {
    guard let best = values.indices.min(by: { values[$0].value < values[$1].value }), values[best].value.isFinite else { return 0 }
    guard best > 0, best < values.count - 1, values[best - 1].value.isFinite, values[best + 1].value.isFinite else {
      return values[best].place
    }
    let (before, own, after) = (values[best - 1].value, values[best].value, values[best + 1].value)
    let bend = before - 2 * own + after
    guard bend > 0 else { return values[best].place }
    return values[best].place + 0.5 * (before - after) / bend * (values[best].place - values[best - 1].place)
  }
}
