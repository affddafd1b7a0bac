// The sparse field solver: fields of any size without an archive, by a Gaussian prior with sparse precision whose roughness
// each field's own observations tell. Variables are taken one by one, each with its own roughness.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors

/// Recovers fields under the sparse prior: the exact mean for the estimated roughness, and samples about it.
///
/// Memory for the 0.25° global grid: see ``SparseFieldPrior``, and 4 bytes a value for each sample that is asked for.
public final class SparseFieldSolver: Solver {
  public let name = "sparse Matérn field"
  /// The prior that is conditioned.
  public let prior: SparseFieldPrior
  /// States, mean and scales.
  public let space: StateSpace
  private let seed: RandomStream

  /// - Parameters:
  ///   - space: which entries are states, and the mean field that anomalies are taken from.
  ///   - domain: where the fields live.
  ///   - landShare: the share of land at each vertex (V), or nil.
  ///   - seed: where the draws of the estimation come from.
  /// - Throws: what the domain's geometry throws.
  public init(
    _ space: StateSpace, domain: any Domain, landShare: [Float]? = nil,
    configuration: SparseFieldConfiguration = SparseFieldConfiguration(), seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    let vertices = domain.representativeVertices
    prior = try SparseFieldPrior(
      domain: domain, landShare: landShare.map { share in vertices.map { share[$0] } }, configuration: configuration)
    self.space = space
    self.seed = seed
  }

  /// The solver without an archive: fields vary about the mean of their own observations.
  ///
  /// - Parameters:
  ///   - space: where the fields live.
  ///   - seed: where the draws of the estimation come from.
  /// - Throws: what the domain's geometry throws.
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

  /// The solver for fields of `channelCount` variables that cover the whole domain.
  public convenience init(domain: any Domain, channelCount: Int = 1) throws {
    try self.init(FieldSpace(domain: domain, channelCount: channelCount))
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver { Prepared(solver: self) }

  private struct Prepared: PreparedSolver {
    let solver: SparseFieldSolver

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let (space, prior) = (solver.space, solver.prior)
      let observation = try space.observe(measurement)
      guard observation.count > 0 else { throw PriorError.nothingObserved }
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
        let seen = try SparseFieldObservation(
          observation, channel: channel, layout: space.layout, nodeCount: prior.nodeCount)
        let roughness = try prior.roughness(for: seen, random: solver.seed.split(channel))
        let posterior = try prior.posterior(given: seen, roughness: roughness)
        entries.write(posterior.mean, to: &mean)
        var squares = DeviationSquares(count: prior.nodeCount)
        posterior.forEachDeviationBlock(
          count: max(samples, prior.configuration.spreadDraws), random: stream.split(channel)
        ) { first, block in
          squares.add(block)
          if first < samples { entries.write(block, about: posterior.mean, firstRow: first, to: &draws) }
        }
        entries.writeSpread(squares.rootMean, to: &spread)
        let name = space.layout.channelCount > 1 ? " \(channel + 1)" : ""
        diagnostics["median roughness\(name)"] = roughness.sorted()[roughness.count / 2]
        diagnostics["factor entries\(name)"] = Double(posterior.factorEntryCount)
      }
      return Posterior(mean: mean, spread: spread, samples: draws, diagnostics: diagnostics)
    }
  }
}

/// The entries of the V×C array that one channel's states fill, and how.
private struct ChannelEntries {
  /// The entries that are inside the domain.
  private let entries: [Int32]
  /// The node of each.
  private let nodes: [Int32]
  /// The known mean at each, in the variable's units.
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

  /// Writes deviations (B × nodes) about a mean as rows of the array (N×V·C) from `firstRow` on, as many as it has.
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
    name: "sparse-matern", title: "sparse Matérn field"
  ) { context in
    try SparseFieldSolver(context.space, seed: RandomStream(seed: context.model.provenance.seed))
  }
}
