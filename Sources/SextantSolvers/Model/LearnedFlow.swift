// The learned posterior of a model: the kind of its network, and the trained parameters.

import SextantArrays
import SextantDiffusion
import SextantFlows
import SextantGeometry
import SextantMeasurement
import SextantNetworks
import SextantPriors
import SextantSignals

/// A learned posterior: a network that corrects a model's Gaussian posterior, or a flow over the vector of its states.
public struct LearnedFlow: Sendable {
  /// The kind of network.
  public enum Network: Sendable, Equatable, Codable {
    /// A network over neighbourhoods that shifts and scales the Gaussian posterior.
    case neighbourhoods(StencilUNetConfiguration)
    /// A conditional RealNVP over the vector of states.
    case vector(CouplingFlowConfiguration)
    /// A flow of convolutional couplings over the states of images.
    case convolutional(ConvolutionalFlowConfiguration)
  }

  /// The kind of network, with its sizes.
  public let network: Network
  /// The trained parameters.
  public let parameters: ParameterSet<Float>
  /// The settings of its training, as text.
  public let identity: String
  /// Whether it was trained on values that mix entries, such as blurred ones; otherwise it takes masks alone.
  public let takesOperators: Bool
  /// What is to be said of its training.
  public let remarks: [Remark]

  public init(
    network: Network, parameters: ParameterSet<Float>, identity: String = "", takesOperators: Bool = false, remarks: [Remark] = []
  ) {
    (self.network, self.parameters, self.identity) = (network, parameters, identity)
    (self.takesOperators, self.remarks) = (takesOperators, remarks)
  }

  /// Throws `MeasurementError.operatorNotSupported` for an operator of a kind that the flow was not trained on, and for one that is
  /// given by its action.
  func check(_ operation: any LinearOperator) throws(MeasurementError) {
    let kind = operation.form.kind
    guard takesOperators || kind == .selection else {
      throw .operatorNotSupported(
        method: "The model's flow", form: kind,
        reason: "it was trained on values of single entries, and these values mix entries",
        hint: "Use two-scale or eof, which accept any linear measurement, or train a flow with this operator (flow.operator).")
    }
    // The matrix is made where the network is shown the residuals, and not here, too.
    try operation.checkForFlow()
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

  /// A flow over all states of a field, and whether it is shown which of them were measured.
  package struct WholeFlow: Sendable {
    package let flow: any ConditionalFlow<Float>
    package let conditionsOnMask: Bool
  }

  /// A flow over the states of `space`, whose parameters are added to the builder; nil for a network on a Gaussian posterior.
  ///
  /// Throws `FlowError`, and ``MethodError/noRaster(method:domain:)`` for a convolutional flow on a domain that is no whole image.
  package static func wholeFlow(
    _ network: Network, over space: StateSpace, on domain: any Domain, in builder: inout ParameterBuilder<Float>
  ) throws -> WholeFlow? {
    switch network {
    case .neighbourhoods: return nil
    case .vector(let configuration):
      return WholeFlow(
        flow: try ConditionalRealNVP(
          &builder, dimension: space.count, conditionWidth: configuration.conditionWidth(measurements: space.count),
          configuration: configuration), conditionsOnMask: configuration.conditionsOnMask)
    case .convolutional(let configuration):
      // Every pixel is a state, in the order of the pixels.
      guard let raster = domain.raster, !raster.wraps,
        space.layout.stateOfEntry.indices.allSatisfy({ space.layout.stateOfEntry[$0] == Int32($0) })
      else { throw MethodError.noRaster(method: "flow", domain: domain.summary) }
      return WholeFlow(
        flow: try ConvolutionalFlow(
          &builder, rows: raster.rows, columns: raster.columns, channels: space.layout.channelCount, configuration: configuration),
        conditionsOnMask: configuration.conditionsOnMask)
    }
  }
}
