// The method `flow`: the learned posterior of a model, with either kind of network.

import SextantDiffusion
import SextantFlows
import SextantMeasurement
import SextantNetworks
import SextantPriors

extension Method {
  /// A learned posterior: a correction of the Gaussian posterior, or a flow over the vector of states.
  public static let flow = Method(
    name: "flow", title: "amortised flow", traits: Traits(transformsItself: true, joinsTimesOnlyIfAsked: true),
    needs: [.gaussian, .flow], handles: [.selection, .sparse],
    series: { context in
      let gaussian = try context.gaussian()
      guard let flow = try context.model.gaussianBaseFlow(), case .twoScale = gaussian.kind else {
        throw SeriesError.baseKnowsNoTime(model: context.model.provenance.name)
      }
      return FlowSeriesSolver(
        flow,
        base: try TwoScaleSeriesSolver(gaussian.prior, domain: context.space.domain, parameters: gaussian.parameters))
    }
  ) { context in
    try context.model.flowSolver()
  }
}

extension Model {
  /// The solver for the Gaussian posterior on which a flow is based: that of the model's own prior, in transformed
  /// units.
  ///
  /// Throws ``MethodError``, `PriorError.tooLarge`.
  package func flowBase() throws -> TransformedSolver {
    let gaussian = try requireGaussian()
    let inner: any Solver =
      switch gaussian.kind {
      case .modes: EOFInterpolationSolver(gaussian.prior)
      case .mixture: try mixtureSolver()
      case .twoScale, .trend: try twoScaleSolver()
      }
    // Two iterations are within the sampling error of six, and the network is trained on the result of two.
    return TransformedSolver(inner, space: gaussian.prior.space, transforms: space.transforms, maximumIterations: 2)
  }

  private var missingFlow: MethodError { .missingPart(.flow, model: provenance.name) }

  /// The solver of the model's flow. Throws ``MethodError``, `PriorError.tooLarge`.
  package func flowSolver() throws -> any Solver {
    if let solver = try gaussianBaseFlow() { return solver }
    let prior = try requireGaussian().prior
    var builder = ParameterBuilder<Float>.layout
    guard let flow, let whole = try LearnedFlow.wholeFlow(flow.network, over: prior.space, on: space.domain, in: &builder) else {
      throw missingFlow
    }
    return VectorFlowSolver(whole, trained: flow, space: prior.space, transforms: space.transforms)
  }

  /// The flow that corrects a Gaussian posterior; nil where the model's flow is one over the vector of states.
  fileprivate func gaussianBaseFlow() throws -> GaussianBaseFlowSolver? {
    guard let flow else { throw missingFlow }
    guard case .neighbourhoods(let configuration) = flow.network else { return nil }
    // The builder gives the layout of the parameters; their values come from the flow.
    var builder = ParameterBuilder<Float>.layout
    guard let network = try LearnedFlow.stencilNetwork(configuration, on: space.domain, in: &builder) else {
      throw missingFlow
    }
    let base = try flowBase()
    return GaussianBaseFlowSolver(
      base: base,
      features: PosteriorFeatures(
        try requireGaussian().prior, transforms: base.transforms, domain: space.domain, landShare: space.landShare),
      network: network, flow: flow)
  }
}
