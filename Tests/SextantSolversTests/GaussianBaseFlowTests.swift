// The Gaussian-base flow on fields: untrained it is the Gaussian posterior, bit by bit; its losses are proper and their
// gradients derivatives.

import Foundation
import SextantArrays
import SextantAutodiff
import SextantDiffusion
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantNetworks
import SextantPriors
import SextantSignals
import SextantTestSupport
import Testing

@testable import SextantSolvers

@Suite struct GaussianBaseFlowTests {
  @Test func theVerticesOfARoundSurfaceHavePlacesInSpace() throws {
    let mesh = try SphereMesh.icosphere(subdivisions: 1)
    func width(on domain: some Domain) -> Int { PosteriorFeatures.channelCount(fieldChannels: 1, domain: domain) }
    #expect(width(on: mesh) == 9)
    #expect(width(on: try SurfaceMesh(mesh.triangleMesh)) == 11)
  }

  /// An untrained flow of both variables, and its base.
  private static func flow(
    transforms: [MarginalTransform] = [.none, .logit(minimum: -0.2, maximum: 1.2)], trains: Bool = false, takesOperators: Bool = false
  ) throws -> (flow: GaussianBaseFlowSolver, base: TransformedSolver) {
    let model = try SmallClimate.model()
    let base = TransformedSolver(
      try TwoScaleSolver(model.prior, domain: model.space.domain, parameters: model.parameters),
      space: model.prior.space, transforms: transforms, maximumIterations: 2)
    var builder = ParameterBuilder<Float>(random: RandomStream(seed: 1))
    let configuration = StencilUNetConfiguration(
      inputChannels: PosteriorFeatures.channelCount(fieldChannels: 2, domain: model.space.domain), outputChannels: 4,
      widths: [8, 8])
    let network = StencilUNet(
      configuration,
      hierarchy: try #require(try StencilHierarchy.neighbourhoods(of: try SmallClimate.grid(), levelCount: 2)),
      in: &builder)
    let flow = GaussianBaseFlowSolver(
      base: base,
      features: PosteriorFeatures(
        model.prior, transforms: base.transforms, domain: model.space.domain, landShare: model.space.landShare),
      network: network,
      flow: LearnedFlow(
        network: .neighbourhoods(configuration), parameters: trains ? builder.parameters.perturbed : builder.parameters,
        takesOperators: takesOperators))
    return (flow, base)
  }

  /// An operator that is given by its action alone.
  private struct Action: LinearOperator {
    let inputCount: Int
    var outputCount: Int { inputCount }
    func apply(_ signals: Tensor<Float>) -> Tensor<Float> { signals }
    func applyAdjoint(_ measurements: Tensor<Float>) -> Tensor<Float> { measurements }
  }

  /// A flow that was trained on masks would answer from an input that its training never made. It is not asked; nor is one for the
  /// weights of an operator that has none.
  @Test(arguments: [false, true]) func whatAFlowWasNotTrainedOnIsRefused(takesOperators: Bool) throws {
    let (flow, _) = try Self.flow(takesOperators: takesOperators)
    let count = try SmallClimate.model().space.isInside.count
    let average = SparseOperator(SparseMatrix(rowCount: 1, columnCount: count, entries: [(0, 40, 0.5), (0, 42, 0.5)]))
    func expectRefusal(of operation: any LinearOperator) throws {
      let noise = [Float](repeating: 1, count: operation.outputCount)
      let error = try #require(throws: MeasurementError.self) { _ = try flow.prepare(for: operation, noise: noise) }
      guard case .operatorNotSupported(_, _, _, let hint) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(hint.contains("two-scale"))
    }
    try expectRefusal(of: Action(inputCount: count))
    if takesOperators {
      _ = try flow.prepare(for: average, noise: [1])
    } else {
      try expectRefusal(of: average)
    }
  }

  @Test func untrainedItIsTheGaussianPosterior() throws {
    let (flow, base) = try Self.flow()
    let grid = try SmallClimate.grid()
    let field = try SmallClimate.unseen(1)[0]
    var random = RandomStream(seed: 6)
    let mask = try AnyMeasurementDesign("random:0.5")
      .draw(in: MeasurementContext(domain: grid, isValid: field.isValid), using: &random)
    let noise = (0..<2 * grid.vertexCount).map { $0 % 2 == 0 ? Float(2) : 0.05 }
    let measurement = try Simulation.measure(field, by: mask, noise: noise, using: &random).measurement
    var (one, two) = (RandomStream(seed: 7), RandomStream(seed: 7))
    let expected = try base.posterior(given: measurement, samples: 5, using: &one)
    let found = try flow.posterior(given: measurement, samples: 5, using: &two)
    #expect(zip(expected.mean, found.mean).allSatisfy { abs($0 - $1) <= 1e-5 * abs($0) })
    let (a, b) = (try #require(expected.samples).scalars, try #require(found.samples).scalars)
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($0)) })
  }

  private struct Film: MeasuredSeries {
    let labels: [FieldLabel]
    let times: [Double]
    let measurements: [FieldMeasurement?]
    func measurement(at step: Int) -> FieldMeasurement? { measurements[step] }
  }

  /// Over a series the base is the space-time posterior: untrained the flow is that, and a network moves all members of a step alike,
  /// but none of a step without observations.
  @Test(arguments: [false, true]) func overASeriesTheBaseKnowsTime(isTrained: Bool) throws {
    let model = try SmallClimate.model()
    let (flow, _) = try Self.flow(transforms: [.none, .none], trains: isTrained)
    let fields = try SmallClimate.unseen(3)
    let entries = (0..<model.space.isInside.count).filter { $0 % 3 != 0 }
    let film = Film(
      labels: (0..<3).map { fields[$0].label }, times: [0, 1, 2],
      measurements: (0..<3).map { step in
        step == 1
          ? nil
          : FieldMeasurement(
            values: entries.map { fields[step].values.scalars[$0] }, noise: entries.map { $0 % 2 == 0 ? 2 : 0.05 },
            operation: SelectionOperator(inputCount: model.space.isInside.count, indices: entries), label: fields[step].label)
      })
    let base = try TwoScaleSeriesSolver(model.prior, domain: model.space.domain, parameters: model.parameters)
    let request = SeriesRequest(use: .joint, samples: 3, random: RandomStream(seed: 5))
    let plain = try base.prepare(film, request, from: nil)
    let moved = try FlowSeriesSolver(flow, base: base).prepare(film, request, from: nil)
    for step in 0..<3 {
      let (a, b) = (try plain.posterior(at: step), try moved.posterior(at: step))
      let (spread, scaled) = (try #require(a.spread), try #require(b.spread))
      let (own, other) = (try #require(a.samples), try #require(b.samples))
      var change = 0.0
      for entry in a.mean.indices where a.mean[entry].isFinite {
        change = max(change, Double(abs(b.mean[entry] - a.mean[entry]) / spread[entry]))
        let scale = scaled[entry] / spread[entry]
        for member in 0..<3 {
          let expected = b.mean[entry] + scale * (own[member, entry] - a.mean[entry])
          #expect(abs(other[member, entry] - expected) <= 1e-4 * max(1, abs(expected)))
        }
      }
      #expect((change > 1e-3) == (isTrained && step != 1), "\(change) at step \(step)")
    }
  }

  static let shapes = (batch: 2, vertices: 7, channels: 3)

  /// Of the truth, and of targets with noise of two sizes.
  @Test(arguments: MarginalLoss.allCases, [false, true]) func lossesHaveTheirGradients(loss: MarginalLoss, isNoisy: Bool) {
    var random = RandomStream(seed: 8)
    let (b, v, c) = Self.shapes
    let output: Tensor<Float> = random.normals([b, v, 2 * c])
    let target: Tensor<Float> = random.normals([b, v, c])
    let weights = Tensor((0..<b * v * c).map { Float($0 % 4 == 0 ? 0 : 1) }, shape: [b, v, c])
    let variances = isNoisy ? Tensor((0..<b * v * c).map { Float($0 % 3) * 0.7 }, shape: [b, v, c]) : nil
    func value(_ output: Tensor<Float>) -> Double {
      let tape = Tape<Float>()
      return Double(
        loss(tape.constant(output), target: target, weights: weights, variances: variances).value.scalars[0])
    }
    let tape = Tape<Float>()
    let leaf = tape.leaf(output)
    let gradient = tape.gradients(
      of: loss(leaf, target: target, weights: weights, variances: variances))[leaf]?.scalars ?? []
    for i in 0..<output.count {
      var (up, down) = (output, output)
      up.withUnsafeMutableScalars { $0[i] += 1e-2 }
      down.withUnsafeMutableScalars { $0[i] -= 1e-2 }
      let expected = (value(up) - value(down)) / 2e-2
      #expect(abs(Double(gradient[i]) - expected) < 2e-4, "output \(i): \(gradient[i]), should be \(expected)")
    }
  }

  /// Of targets with noise, the best forecast is that of the truth beneath them.
  @Test(arguments: MarginalLoss.allCases, [Float(0), 1.5]) func theTruthIsTheBestForecast(loss: MarginalLoss, variance: Float) {
    // For truths N(0.3, e^0.4) no other shift or scale has a lower mean loss.
    var random = RandomStream(seed: 9)
    let count = variance > 0 ? 100_000 : 20_000
    let truth = random.normals([1, count, 1], as: Float.self).map { 0.3 + Float(exp(0.4)) * $0 }
    let noise: Tensor<Float> = random.normals([1, count, 1])
    let target = truth + noise * variance.squareRoot()
    let variances = variance > 0 ? Tensor(repeating: variance, shape: [1, count, 1]) : nil
    let weights = Tensor<Float>(repeating: 1, shape: [1, count, 1])
    func value(shift: Float, logScale: Float) -> Float {
      // The network's raw output is bounded to 2·tanh(raw/2).
      let raw = 2 * atanh(logScale / 2)
      let output = Tensor<Float>((0..<count).flatMap { _ in [shift, raw] }, shape: [1, count, 2])
      return loss(Tape<Float>().constant(output), target: target, weights: weights, variances: variances).value.scalars[0]
    }
    let best = value(shift: 0.3, logScale: 0.4)
    for (shift, logScale) in [(0.1, 0.4), (0.5, 0.4), (0.3, 0.2), (0.3, 0.6)] as [(Float, Float)] {
      #expect(value(shift: shift, logScale: logScale) > best)
    }
  }
}

extension ParameterSet<Float> {
  /// The parameters with some noise, as if they had been trained.
  fileprivate var perturbed: ParameterSet {
    var result = self
    var random = RandomStream(seed: 12)
    for place in tensors.indices where isTrained[place] {
      let noise: Tensor<Float> = random.normals(tensors[place].shape)
      result.tensors[place].add(noise, scaledBy: 0.1)
    }
    return result
  }
}
