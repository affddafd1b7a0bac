// A learned posterior as a model holds it: which network, and what it learned.

import SextantArrays
import SextantDiffusion
import SextantFlows
import SextantGeometry
import SextantNetworks
import SextantPriors

/// A learned posterior: a network on top of a model's Gaussian posterior, or a flow over the vector of its states.
public struct LearnedFlow: Sendable {
  /// Which network.
  public enum Network: Sendable, Equatable, Codable {
    /// A network over neighbourhoods that shifts and scales the Gaussian posterior.
    case neighbourhoods(StencilUNetConfiguration)
    /// A conditional RealNVP over the vector of states.
    case vector(CouplingFlowConfiguration)
  }

  /// Which network, with its sizes.
  public let network: Network
  /// What it learned.
  public let parameters: ParameterSet<Float>
  /// The settings of its training, as text.
  public let identity: String

  public init(network: Network, parameters: ParameterSet<Float>, identity: String = "") {
    (self.network, self.parameters, self.identity) = (network, parameters, identity)
  }

  /// A network over neighbourhoods with its parameters in their places; nil where the domain does not have its levels.
  package static func stencilNetwork(
    _ configuration: StencilUNetConfiguration, on domain: any Domain, in builder: inout ParameterBuilder<Float>
  ) throws -> StencilUNet<Float>? {
    guard
      let hierarchy = try StencilHierarchy.neighbourhoods(of: domain, levelCount: configuration.widths.count),
      hierarchy.levels.count == configuration.widths.count
    else { return nil }
    return StencilUNet(configuration, hierarchy: hierarchy, in: &builder)
  }

  /// A flow over the states of `space` with its parameters in their places. Throws ``FlowError``.
  package static func vectorFlow(
    _ configuration: CouplingFlowConfiguration, over space: StateSpace, in builder: inout ParameterBuilder<Float>
  ) throws -> ConditionalRealNVP<Float> {
    try ConditionalRealNVP(
      &builder, dimension: space.count, conditionWidth: configuration.conditionWidth(measurements: space.count),
      configuration: configuration)
  }
}
