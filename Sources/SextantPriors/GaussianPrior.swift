// A Gaussian prior learned from an archive: its climatology, its modes, and what it takes to add to them a
// Matérn field for what the archive lacks. Immutable; solvers condition it, see SextantSolvers.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// What a Gaussian prior is made of.
public enum GaussianPriorKind: String, Sendable, Codable, CaseIterable {
  /// The archive's modes and, for what they leave, independent noise: optimal interpolation.
  case modes = "eof"
  /// The archive's modes, inflated and localised, and a Matérn field: trusted away from the archive too.
  case twoScale = "two-scale"
  /// A two-scale prior for each group of the archive's fields, and the pooled one beside them.
  case mixture
  /// A trend of low degree and a Matérn field: no archive is needed.
  case trend = "matern"
}

/// How a Gaussian prior is to be learned.
public struct GaussianPriorConfiguration: Sendable, Equatable, Codable {
  /// What it is made of.
  public var kind: GaussianPriorKind
  /// k, at most; fewer where the archive has fewer.
  public var modeCount: Int
  /// How the mean depends on the season.
  public var climatology: ClimatologyKind
  /// How the archive is split, for a mixture; nil for any other kind.
  public var components: MixtureGrouping?

  public init(
    kind: GaussianPriorKind = .twoScale, modeCount: Int = 100, climatology: ClimatologyKind = .constant,
    components: MixtureGrouping? = nil
  ) {
    self.kind = kind
    self.modeCount = modeCount
    self.climatology = climatology
    self.components = components
  }
}

/// A Gaussian prior over the fields of a domain.
public struct GaussianPrior: Sendable {
  /// How it was learned.
  public let configuration: GaussianPriorConfiguration
  /// States, climatology and scales.
  public let space: StateSpace
  /// The archive's modes, in standardised units.
  public let functions: EmpiricalOrthogonalFunctions
  /// The archive's fields as coefficients of the modes (N×k), in units of each mode's standard deviation.
  public let archiveCoefficients: Tensor<Float>
  /// The share of land at each state (d), if a mask was given.
  public let landShare: [Float]?
  /// The correlation between channels of what the modes leave (C×C).
  public let channelCorrelation: Tensor<Float>

  public init(
    configuration: GaussianPriorConfiguration, space: StateSpace, functions: EmpiricalOrthogonalFunctions,
    archiveCoefficients: Tensor<Float>, landShare: [Float]?, channelCorrelation: Tensor<Float>
  ) {
    precondition(
      archiveCoefficients.columnCount == functions.modeCount,
      "Coefficients of shape \(archiveCoefficients.shape) for \(functions.modeCount) modes")
    precondition(functions.stateCount == space.count, "\(functions.stateCount) states of modes for \(space.count)")
    self.configuration = configuration
    self.space = space
    self.functions = functions
    self.archiveCoefficients = archiveCoefficients
    self.landShare = landShare
    self.channelCorrelation = channelCorrelation
  }

  /// The same prior about another mean.
  public func replacing(climatology: Climatology) -> GaussianPrior {
    GaussianPrior(
      configuration: configuration,
      space: StateSpace(layout: space.layout, climatology: climatology, scales: space.scales), functions: functions,
      archiveCoefficients: archiveCoefficients, landShare: landShare, channelCorrelation: channelCorrelation)
  }

  /// The mean climatology of each state (d), standardised over the states of its channel: the "climate" of a place.
  private var standardisedClimate: [Double] {
    let mean = space.climatology.overallMean
    var result = [Double](repeating: 0, count: space.count)
    for channel in 0..<space.layout.channelCount {
      let states = space.layout.states(ofChannel: channel)
      let values = states.map { Double(mean[$0]) }
      let centre = values.reduce(0, +) / Double(max(1, values.count))
      let variance = values.reduce(0.0) { $0 + ($1 - centre) * ($1 - centre) } / Double(max(1, values.count))
      guard variance > 0 else { continue }
      for (state, value) in zip(states, values) { result[state] = (value - centre) / variance.squareRoot() }
    }
    return result
  }

  /// The covariance as a function of parameters that each field's own observations choose.
  ///
  /// - Parameters:
  ///   - domain: The domain of the fields. Ranges are in radians if it has a geography, and otherwise in units of the root
  ///     mean square distance of its nodes from their centre, so that nothing depends on the file's unit of length.
  ///   - modes: Modes instead of the archive's (k×d), standardised.
  public func covarianceModel(on domain: any Domain, modes: Tensor<Float>? = nil) -> CovarianceModel {
    let layout = space.layout
    let nodes = domain.geography == nil ? Self.normalised(domain.nodePositions) : domain.nodePositions
    let positions = layout.nodeOfState.map { nodes[Int($0)] }
    return TwoScaleCovariance.model(
      modes: modes ?? functions.scaledModes, positions: positions, channels: layout.channelOfState,
      anomalyVariance: functions.totalVariance,
      landShare: landShare?.map(Double.init), climate: standardisedClimate,
      channelCorrelation: channelCorrelation.converted(to: Double.self),
      isTrend: configuration.kind == .trend)
  }

  /// Positions relative to their centre, with a mean squared distance of 1 from it.
  private static func normalised(_ positions: [SIMD3<Double>]) -> [SIMD3<Double>] {
    guard !positions.isEmpty else { return positions }
    let centre = positions.reduce(SIMD3<Double>(), +) / Double(positions.count)
    let square = positions.reduce(0.0) { $0 + (($1 - centre) * ($1 - centre)).sum() } / Double(positions.count)
    return square > 0 ? positions.map { ($0 - centre) / square.squareRoot() } : positions
  }
}

extension CovarianceModel {
  /// The same covariance with modes beside the archive's, of fields like the one observed.
  public func adding(_ analogues: ArchiveAnalogues) -> CovarianceModel {
    replacing(modes: modes.stacked(on: analogues.modes.converted(to: Double.self)))
  }
}
