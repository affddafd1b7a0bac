// The sparse field solver: a Gaussian prior with sparse precision, for fields of any size and without an archive. Its
// roughness is estimated from each field's own observations, or fitted to one field and kept for a series, which then
// needs a single factorisation. Variables are treated separately, each with its own roughness.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Recovers fields under the sparse prior: the exact mean and spread for the estimated roughness, and samples about the mean.
///
/// Memory for the 0.25° global grid: about 4 GiB with a fine finish, 1.5 GiB with a coarse one, the factor's part of it once more
/// (2.6 and 0.7 GiB) while the spread is computed, and 4 bytes per value for each requested sample.
public final class SparseFieldSolver: Solver {
  public let name = "sparse Matérn field"
  /// The prior that is conditioned on measurements.
  let prior: SparseFieldPrior
  /// The states, with their mean and scales.
  public let space: StateSpace
  private let seed: RandomStream
  /// The roughness at the nodes and the range of each channel (C) if they are the same for all measurements; nil for
  /// channels without states.
  private let estimates: [SparseFieldEstimate?]?

  /// Makes the solver for the states of a space.
  ///
  /// - Parameters:
  ///   - space: the states, and the mean field from which anomalies are computed.
  ///   - domain: the domain of the fields.
  ///   - landShare: the share of land at each vertex (V), or nil.
  ///   - configuration: the settings of the prior.
  ///   - seed: the stream for the samples of the estimation.
  /// - Throws: the errors of the domain's geometry.
  public init(
    _ space: StateSpace, domain: any Domain, landShare: [Float]? = nil,
    configuration: SparseFieldConfiguration = SparseFieldConfiguration(), seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    let vertices = domain.representativeVertices
    prior = try SparseFieldPrior(
      domain: domain, landShare: landShare.map { share in vertices.map { share[$0] } }, configuration: configuration)
    self.space = space
    self.seed = seed
    estimates = nil
  }

  /// Makes the solver without an archive: fields vary about the mean of their own observations.
  ///
  /// - Parameters:
  ///   - space: the domain and the variables of the fields.
  ///   - configuration: the settings of the prior.
  ///   - seed: the stream for the samples of the estimation.
  /// - Throws: the errors of the domain's geometry.
  public convenience init(
    _ space: FieldSpace, configuration: SparseFieldConfiguration = SparseFieldConfiguration(),
    seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    let layout = space.layout
    try self.init(
      StateSpace(
        layout: layout, climatology: Climatology(kind: .constant, coefficients: .zeros([1, layout.count])),
        scales: [Float](repeating: 1, count: layout.channelCount)),
      domain: space.domain, landShare: space.landShare, configuration: configuration, seed: seed)
  }

  /// Makes the solver for fields of `channelCount` variables that cover the whole domain.
  public convenience init(domain: any Domain, channelCount: Int = 1) throws {
    try self.init(FieldSpace(domain: domain, channelCount: channelCount))
  }

  private init(_ solver: SparseFieldSolver, estimates: [SparseFieldEstimate?]) {
    (prior, space, seed) = (solver.prior, solver.space, solver.seed)
    self.estimates = estimates
  }

  public func fitted(to measurement: FieldMeasurement) throws -> any Solver {
    if estimates != nil { return self }
    let observation = try space.observe(measurement)
    return SparseFieldSolver(
      self,
      estimates: try (0..<space.layout.channelCount).map { channel in
        guard !space.layout.states(ofChannel: channel).isEmpty else { return nil }
        return try estimate(at: try part(of: observation, channel: channel), channel: channel)
      })
  }

  public func prepare(for operation: any LinearOperator, noise: [Float]) throws -> any PreparedSolver {
    let model = try MeasurementModel(operation: operation, noise: noise)
    let observed = try space.observationOperator(model)
    guard observed.count > 0 else { throw PriorError.nothingObserved }
    return SparseFieldPreparation(model: model, solver: self, operation: observed)
  }

  /// The part of an observation that measures one channel.
  func part(of observation: StateObservation, channel: Int) throws -> SparseFieldObservation {
    try SparseFieldObservation(observation, channel: channel, layout: space.layout, nodeCount: prior.nodeCount)
  }

  /// The roughness and the range of a channel, estimated from its own observation.
  private func estimate(at seen: SparseFieldObservation, channel: Int) throws -> SparseFieldEstimate {
    try prior.estimate(for: seen, random: seed.split(channel))
  }

  /// The factorisation for a channel, with the fitted parameters or else those of the observation itself.
  fileprivate func factor(for seen: SparseFieldObservation, channel: Int) throws -> SparseFieldFactor {
    try prior.factor(for: seen, estimate: estimates?[channel] ?? estimate(at: seen, channel: channel))
  }

  /// Whether all measurements share one roughness, so that a factorisation serves all measurements by one operator.
  fileprivate var hasOneRoughness: Bool { estimates != nil }
}

/// The sparse field for one operator, with its factors if all measurements share one roughness.
private struct SparseFieldPreparation: PreparedSolver {
  let model: MeasurementModel
  let solver: SparseFieldSolver
  let operation: ObservationOperator
  private let factors: [Lazy<SparseFieldFactor>]
  /// The exact spread of each channel at the nodes (C), which depends on no measured value; nil where it takes too much memory.
  private let spreads: [Lazy<[Float]?>]

  init(model: MeasurementModel, solver: SparseFieldSolver, operation: ObservationOperator) {
    (self.model, self.solver, self.operation) = (model, solver, operation)
    factors = (0..<solver.space.layout.channelCount).map { _ in Lazy() }
    spreads = (0..<solver.space.layout.channelCount).map { _ in Lazy() }
  }

  private func factor(for seen: SparseFieldObservation, channel: Int) throws -> SparseFieldFactor {
    guard solver.hasOneRoughness else { return try solver.factor(for: seen, channel: channel) }
    return try factors[channel].value { try solver.factor(for: seen, channel: channel) }
  }

  /// The exact spread of a channel's posterior at the nodes; nil where it takes too much memory.
  private func spread(of posterior: SparseFieldPosterior, channel: Int) throws -> [Float]? {
    let limit = solver.prior.configuration.inverseByteLimit
    guard solver.hasOneRoughness else { return try posterior.spread(byteLimit: limit) }
    return try spreads[channel].value { try posterior.spread(byteLimit: limit) }
  }

  func solve(_ measurement: FieldMeasurement, samples: Int, using random: inout RandomStream) throws -> Posterior {
    let (space, prior) = (solver.space, solver.prior)
    let observation = space.observe(measurement, by: operation)
    let climatology = space.climatology.mean(for: measurement.label)
    let stream = RandomStream(seed: random.next())
    let size = space.layout.stateOfEntry.count
    var mean = [Float](repeating: .nan, count: size)
    var spread = mean
    var draws: Tensor<Float>? = samples > 0 ? Tensor(repeating: .nan, shape: [samples, size]) : nil
    var diagnostics: [String: Double] = [:]
    for channel in 0..<space.layout.channelCount {
      let entries = ChannelEntries(
        space.layout, channel: channel, climatology: climatology, scale: space.scales[channel])
      guard !entries.isEmpty else { continue }
      let seen = try solver.part(of: observation, channel: channel)
      let posterior = SparseFieldPosterior(try factor(for: seen, channel: channel), given: seen)
      entries.write(posterior.mean, to: &mean)
      let name = space.layout.channelCount > 1 ? " \(channel + 1)" : ""
      let exact = try self.spread(of: posterior, channel: channel)
      var squares = exact == nil ? DeviationSquares(count: prior.nodeCount) : nil
      let drawCount = exact == nil ? max(samples, prior.configuration.spreadDraws) : samples
      posterior.forEachDeviationBlock(count: drawCount, random: stream.split(channel)) { first, block in
        squares?.add(block)
        if first < samples { entries.write(block, about: posterior.mean, firstRow: first, to: &draws) }
      }
      if let found = exact ?? squares?.rootMean { entries.writeSpread(found, to: &spread) }
      if exact == nil { diagnostics["spread from samples\(name)"] = Double(drawCount) }
      diagnostics["median roughness\(name)"] = posterior.roughness.sorted()[posterior.roughness.count / 2]
      if let range = posterior.range {
        diagnostics["range by root of area\(name)"] = range
        diagnostics["smoothness\(name)"] = Double(posterior.smoothness.rawValue)
      }
      diagnostics["factor entries\(name)"] = Double(posterior.factorEntryCount)
    }
    return Posterior(mean: mean, spread: spread, samples: draws, diagnostics: diagnostics)
  }
}

/// The entries of the V×C array that belong to one channel's states, and the map from nodes to these entries.
struct ChannelEntries {
  /// The entries that are inside the domain.
  private let entries: [Int32]
  /// The node of each entry.
  private let nodes: [Int32]
  /// The climatology at each entry, in the variable's units.
  private let offsets: [Float]
  private let scale: Float

  init(_ layout: StateLayout, channel: Int, climatology: [Float], scale: Float) {
    var entries: [Int32] = []
    var nodes: [Int32] = []
    var offsets: [Float] = []
    for entry in stride(from: channel, to: layout.stateOfEntry.count, by: layout.channelCount) {
      let state = Int(layout.stateOfEntry[entry])
      guard state >= 0 else { continue }
      entries.append(Int32(entry))
      nodes.append(layout.nodeOfState[state])
      offsets.append(climatology[state])
    }
    self.entries = entries
    self.nodes = nodes
    self.offsets = offsets
    self.scale = scale
  }

  var isEmpty: Bool { entries.isEmpty }

  /// Writes a field at nodes into the array (V·C).
  func write(_ field: [Float], to array: inout [Float]) {
    for k in entries.indices { array[Int(entries[k])] = offsets[k] + scale * field[Int(nodes[k])] }
  }

  func writeSpread(_ field: [Float], to array: inout [Float]) {
    for k in entries.indices { array[Int(entries[k])] = scale * field[Int(nodes[k])] }
  }

  /// Writes a mean plus deviations (B × nodes) as rows of the array (N×V·C) from `firstRow` on, up to its last row.
  func write(_ block: Tensor<Float>, about mean: [Float], firstRow: Int, to array: inout Tensor<Float>?) {
    guard let (rows, size) = array.map({ ($0.rowCount, $0.columnCount) }) else { return }
    let nodeCount = mean.count
    array?.withUnsafeMutableScalars { out in
      guard let base = out.baseAddress else { return }
      let target = UncheckedPointer(base)
      block.withUnsafeScalars { source in
        guard let start = source.baseAddress else { return }
        let source = UncheckedPointer(UnsafeMutablePointer(mutating: start))
        Parallel.forEach(min(block.rowCount, rows - firstRow)) { row in
          let offset = (firstRow + row) * size
          for k in entries.indices {
            let node = Int(nodes[k])
            target[offset + Int(entries[k])] = offsets[k] + scale * (mean[node] + source[row * nodeCount + node])
          }
        }
      }
    }
  }
}

extension Method {
  /// The sparse Matérn field, for domains of any size.
  public static let sparseMatern = Method(
    name: "sparse-matern", title: "sparse Matérn field",
    traits: Traits(hasGaussianPosterior: true, usesLand: true, usesNeighbours: true, joinsTimesOnlyIfAsked: true),
    series: { context in
      SparseSeriesSolver(
        try SparseFieldSolver(context.space, seed: RandomStream(seed: context.model.provenance.seed)))
    }
  ) { context in
    try SparseFieldSolver(context.space, seed: RandomStream(seed: context.model.provenance.seed))
  }
}
