// A Gaussian prior learned from an archive: its climatology, its modes, and the ingredients of the Matérn field that
// represents what the archive lacks. It is immutable; SextantSolvers conditions it on measurements.

import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// The kind of a Gaussian prior.
public enum GaussianPriorKind: String, Sendable, Codable, CaseIterable {
  /// The archive's modes, with independent noise for the residual: optimal interpolation.
  case modes = "eof"
  /// The archive's modes, inflated and localised, plus a Matérn field: reliable also for fields unlike the archive's.
  case twoScale = "two-scale"
  /// A two-scale prior for each group of the archive's fields, together with the pooled one.
  case mixture
  /// A trend of low degree and a Matérn field, which need no archive.
  case trend = "matern"

  /// Whether it is a two-scale prior, or several.
  package var isTwoScale: Bool { self == .twoScale || self == .mixture }
}

/// The decorrelation times of a series, in days.
public struct SeriesMemory: Sendable, Equatable, Codable {
  /// τ₁, of the modes.
  public var modes: Double
  /// τ₂, of the local part.
  public var local: Double

  public init(modes: Double, local: Double) { (self.modes, self.local) = (modes, local) }
}

/// The settings for learning a Gaussian prior.
public struct GaussianPriorConfiguration: Sendable, Equatable, Codable {
  /// The kind of prior.
  public var kind: GaussianPriorKind
  /// k, the largest number of modes; the archive may have fewer.
  public var modeCount: Int
  /// The dependence of the mean on the season.
  public var climatology: ClimatologyKind
  /// The grouping of the archive for a mixture; nil for any other kind.
  public var components: MixtureGrouping?
  /// How long series remember, if it is given; nil where it is fitted to each series.
  public var memory: SeriesMemory?

  public init(
    kind: GaussianPriorKind = .twoScale, modeCount: Int = 100, climatology: ClimatologyKind = .constant,
    components: MixtureGrouping? = nil, memory: SeriesMemory? = nil
  ) {
    self.memory = memory
    self.kind = kind
    self.modeCount = modeCount
    self.climatology = climatology
    self.components = components
  }
}

/// A Gaussian prior over the fields of a domain.
public struct GaussianPrior: Sendable {
  /// The settings with which it was learned.
  public let configuration: GaussianPriorConfiguration
  /// The states, the climatology and the scales.
  public let space: StateSpace
  /// The archive's modes, in standardised units.
  public let functions: EmpiricalOrthogonalFunctions
  /// The archive's fields as coefficients of the modes (N×k), in units of each mode's standard deviation.
  public let archiveCoefficients: Tensor<Float>
  /// The fraction of land at each state (d), if a mask was given.
  public let landShare: [Float]?
  /// The correlation between channels of the residual of the modes (C×C).
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

  /// The same prior with another mean.
  public func replacing(climatology: Climatology) -> GaussianPrior {
    GaussianPrior(
      configuration: configuration,
      space: StateSpace(layout: space.layout, climatology: climatology, scales: space.scales), functions: functions,
      archiveCoefficients: archiveCoefficients, landShare: landShare, channelCorrelation: channelCorrelation)
  }

  /// The mean climatology of each state (d), standardised over the states of its channel.
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

  /// The covariance as a function of parameters that are fitted to the observations of each field.
  ///
  /// - Parameters:
  ///   - domain: the domain of the fields. Ranges are in radians if it has a geography, and otherwise in units of the
  ///     root mean square distance of its nodes from their centre, so that nothing depends on the file's unit of
  ///     length.
  ///   - modes: modes that replace the archive's (k×d), standardised.
  package func covarianceModel(on domain: any Domain, modes: Tensor<Float>? = nil) -> CovarianceModel {
    covarianceModel(on: domain, modes: modes, smoothness: .half)
  }

  /// ``covarianceModel(on:modes:)`` with a Matérn field of another smoothness.
  package func covarianceModel(
    on domain: any Domain, modes: Tensor<Float>? = nil, smoothness: MaternCorrelation
  ) -> CovarianceModel {
    let layout = space.layout
    let nodes = domain.geography == nil ? Self.normalised(domain.nodePositions) : domain.nodePositions
    let positions = layout.nodeOfState.map { nodes[Int($0)] }
    return TwoScaleCovariance.model(
      modes: modes ?? functions.scaledModes, positions: positions, channels: layout.channelOfState,
      anomalyVariance: functions.totalVariance,
      landShare: landShare?.map(Double.init), climate: standardisedClimate,
      channelCorrelation: channelCorrelation.converted(to: Double.self),
      isTrend: configuration.kind == .trend, smoothness: smoothness, hasGeography: domain.geography != nil)
  }

  /// Positions relative to their centre, scaled to a mean squared distance of 1.
  private static func normalised(_ positions: [SIMD3<Double>]) -> [SIMD3<Double>] {
    guard !positions.isEmpty else { return positions }
    let centre = positions.reduce(SIMD3<Double>(), +) / Double(positions.count)
    let square = positions.reduce(0.0) { $0 + (($1 - centre) * ($1 - centre)).sum() } / Double(positions.count)
    return square > 0 ? positions.map { ($0 - centre) / square.squareRoot() } : positions
  }
}

extension CovarianceModel {
  /// The same covariance with additional modes, from archive fields similar to the observed one.
  package func adding(_ analogues: ArchiveAnalogues) -> CovarianceModel {
    replacing(modes: modes.stacked(on: analogues.modes.converted(to: Double.self)))
  }
}
