// The Gaussian-base flow on fields: a network corrects the exact Gaussian posterior (docs/flows.md).
//
//   x = T(m + d·(δ + eˢ·e/d)),  where m + e is a sample of the Gaussian posterior, d its spread and (δ, s) = network(features of y).
//
// One evaluation of the network serves all samples of a measurement. Before training δ = s = 0, and the flow is the
// Gaussian posterior. Given y, the map from e to T⁻¹(x) is affine, so its log density is that of the Gaussian minus the
// sum of s.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantGeometry
import SextantMeasurement
import SextantNetworks
import SextantPriors

/// A Gaussian posterior that a trained network shifts and scales at each vertex.
struct GaussianBaseFlowSolver: Solver {
  let name: String
  fileprivate let base: TransformedSolver
  private let features: PosteriorFeatures
  private let network: StencilUNet<Float>
  private let flow: LearnedFlow
  private let layout: StateLayout

  init(
    name: String = "Gaussian-base flow", base: TransformedSolver, features: PosteriorFeatures,
    network: StencilUNet<Float>, flow: LearnedFlow
  ) {
    self.name = name
    self.base = base
    self.features = features
    self.network = network
    self.flow = flow
    layout = base.space.layout
  }

  func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    try flow.check(operation)
    return FlowPreparation(solver: self, base: try base.prepareLatent(for: operation, noise: noise))
  }

  /// Corrects a posterior of the base, in transformed units, with the network. Throws what ``LearnedFlow/check(_:)`` throws.
  func move(_ posterior: inout Posterior, by measurement: FieldMeasurement) throws {
    try flow.check(measurement.operation)
    guard let spread = posterior.spread else { return }
    let (shift, logScale) = try correction(of: measurement, posterior: posterior)
    let scales = logScale.map { exp($0) }
    let (oldMean, channels) = (posterior.mean, layout.channelCount)
    precondition(shift.count == oldMean.count && channels > 0)
    for entry in oldMean.indices where oldMean[entry].isFinite {
      posterior.mean[entry] = oldMean[entry] + spread[entry] * shift[entry]
      posterior.spread?[entry] = spread[entry] * scales[entry]
    }
    let newMean = posterior.mean
    posterior.samples?.withUnsafeMutableScalars { values in
      guard let start = values.baseAddress else { return }
      let out = UncheckedPointer(start)
      Parallel.forEach(values.count / oldMean.count) { sample in
        let row = out.base + sample * oldMean.count
        for entry in oldMean.indices { row[entry] = newMean[entry] + scales[entry] * (row[entry] - oldMean[entry]) }
      }
    }
    posterior.cost = NetworkCost(evaluations: 1, evaluationsPerSample: 1)
  }

  /// The shift and the log-scale of each entry (V·C each), in units of the base's spread; coincident vertices share a
  /// value.
  private func correction(
    of measurement: FieldMeasurement, posterior: Posterior
  ) throws -> (shift: [Float], logScale: [Float]) {
    let input = try features.features(of: measurement, posterior: posterior)
    let pass = NetworkPass(flow.parameters, isTraining: false, wantsGradients: false)
    let output = network(pass.tape.constant(input.reshaped(to: [1] + input.shape)), in: pass).value
    let channels = layout.channelCount
    let rows = output.rowCount
    let everywhere = [Bool](repeating: true, count: rows * channels)
    func merged(from first: Int) -> [Float] {
      let part = Tensor<Float>(shape: [1, rows * channels]) { out in
        output.withUnsafeScalars { values in
          for row in 0..<rows {
            for channel in 0..<channels {
              let value = values[row * 2 * channels + first + channel]
              out[row * channels + channel] = first == 0 ? value : LogScaleBound.bounded(value)
            }
          }
        }
      }
      return layout.expanded(layout.reduced(part, isValid: everywhere), outside: 0).scalars
    }
    return (merged(from: 0), merged(from: channels))
  }
}

/// The flow for one operator, with its base prepared.
private struct FlowPreparation: PreparedSolver {
  let solver: GaussianBaseFlowSolver
  let base: any PreparedSolver

  var model: MeasurementModel { base.model }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    var posterior = try base.solve(measurement, samples: samples, using: &random)
    try solver.move(&posterior, by: measurement)
    solver.base.transforms.map(&posterior)
    return posterior
  }
}

/// The bound of log-scales: a network cannot change a spread by more than a factor of e².
package enum LogScaleBound {
  /// 2·tanh(s/2).
  static func bounded<Scalar: TensorScalar>(_ value: Scalar) -> Scalar { Scalar(2 * tanh(Double(value) / 2)) }

  /// The same on a tape.
  package static func bounded(_ values: DifferentiableTensor<Float>) -> DifferentiableTensor<Float> {
    (values * 0.5).tanh() * 2
  }

  /// Its derivative.
  static func slope<Scalar: TensorScalar>(at value: Scalar) -> Scalar {
    let half = tanh(Double(value) / 2)
    return Scalar(1 - half * half)
  }
}
