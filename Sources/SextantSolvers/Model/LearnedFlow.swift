// The learned posterior of a model: the kind of its network, and the trained parameters.

import SextantArrays
import SextantDiffusion
import SextantFlows
import SextantGeometry
import SextantNetworks
import SextantPriors

/// A learned posterior: a network that corrects a model's Gaussian posterior, or a flow over the vector of its states.
public struct LearnedFlow: Sendable {
  /// The kind of network.
  public enum Network: Sendable, Equatable, Codable {
    /// A network over neighbourhoods that shifts and scales the Gaussian posterior.
    case neighbourhoods(StencilUNetConfiguration)
    /// A conditional RealNVP over the vector of states.
    case vector(CouplingFlowConfiguration)
  }

  /// The kind of network, with its sizes.
  public let network: Network
  /// The trained parameters.
  public let parameters: ParameterSet<Float>
  /// The settings of its training, as text.
  public let identity: String

  public init(network: Network, parameters: ParameterSet<Float>, identity: String = "") {
    (self.network, self.parameters, self.identity) = (network, parameters, identity)
  }

  /// A network over neighbourhoods, whose parameters are added to the builder; nil if the domain does not have its
  /// levels.
  package static func stencilNetwork(
    _ configuration: StencilUNetConfiguration, on domain: any Domain, in builder: inout ParameterBuilder<Float>
  ) throws -> StencilUNet<Float>? {
    guard
      let hierarchy = try StencilHierarchy.neighbourhoods(of: domain, levelCount: configuration.widths.count),
      hierarchy.levels.count == configuration.widths.count
    else { return nil }
    return StencilUNet(configuration, hierarchy: hierarchy, in: &builder)
  }

  /// A flow over the states of `space`, whose parameters are added to the builder. Throws `FlowError`.
  package static func vectorFlow(
    _ configuration: CouplingFlowConfiguration, over space: StateSpace, in builder: inout ParameterBuilder<Float>
  ) throws -> ConditionalRealNVP<Float> {
    try ConditionalRealNVP(
      &builder, dimension: space.count, conditionWidth: configuration.conditionWidth(measurements: space.count),
      configuration: configuration)
  }
}
