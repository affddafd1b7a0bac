// The sparse field prior: a Gaussian field on the nodes of a domain of any size, whose roughness varies in space and
// is estimated from the same observations on which the field is then conditioned. No archive is needed. A stationary
// field is fitted first by its likelihood, and the roughness of places then departs from it as far as the observations
// tell (RoughnessEstimate.swift). The estimation starts on coarse meshes, where a factorisation takes a second, and
// passes its result to finer ones.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSparse
import Synchronization

/// A Gaussian field with sparse precision on the nodes of a domain.
///
/// Works in any unit: lengths are in units of the grid's spacing, or of the root of a mesh's mean node area, and variances
/// follow from the data. The range is fitted as well, so that a finer mesh of the same surface has the same field, except on grids
/// of more cells than ``SparseFieldConfiguration/fittedGridLimit``. Memory for the 0.25° global grid (1 038 240 vertices): about 4 GiB with a
/// fine finish, 1.5 GiB with a coarse one.
package final class SparseFieldPrior: Sendable {
  /// The settings.
  package let configuration: SparseFieldConfiguration
  /// The number of nodes of the domain.
  package let nodeCount: Int
  /// The meshes, from fine to coarse.
  let meshes: [Mesh]
  /// Whether the domain is a latitude–longitude grid.
  private let isGrid: Bool
  /// Whether the range is fitted to the observations, and the roughness of places with exact posterior variances, from the stationary
  /// field on and with clear evidence alone. On a large grid κ² is the configuration's and variances are sampled.
  let fitsRange: Bool
  private let analyses = Mutex<[AnalysisKey: SparseCholeskyAnalysis]>([:])
  /// The finest mesh with a smoothness of 2, made when it is first asked for.
  private let smoother = Mutex<Mesh?>(nil)

  /// A pattern that is factorised again and again.
  enum Pattern: Hashable {
    /// That of a prior precision.
    case prior(SparseFieldSmoothness)
    /// That of the equations K, which are symmetric.
    case equations
    /// That of a posterior precision with further entries.
    case other
  }

  private struct AnalysisKey: Hashable {
    let mesh: Int
    let pattern: Pattern
  }

  /// One level of the cascade.
  struct Mesh: Sendable {
    let level: MeshLevel
    let equations: FieldEquations
    let precision: PosteriorPrecision
    let landShare: [Float]?

    /// The same mesh with another κ².
    func with(kappaSquared: Double, _ configuration: SparseFieldConfiguration) -> Mesh {
      guard kappaSquared != configuration.kappaSquared else { return self }
      let equations = FieldEquations(
        level, landShare: landShare, kappaSquared: kappaSquared, barrier: configuration.barrier,
        smoothness: equations.smoothness)
      return Mesh(
        level: level, equations: equations, precision: precision.replacing(equations), landShare: landShare)
    }
  }

  /// - Parameters:
  ///   - domain: the domain of the field; a latitude–longitude grid has a cascade of meshes, any other domain a single
  ///     one.
  ///   - landShare: the fraction of land at each node, 0…1. Couplings are weaker across coasts, and land, coast and sea
  ///     have separate roughnesses. Nil if there are no coasts.
  /// - Throws: the errors of the domain's geometry.
  package init(
    domain: any Domain, landShare: [Float]? = nil, configuration: SparseFieldConfiguration = SparseFieldConfiguration()
  ) throws {
    precondition(
      landShare.map { $0.count == domain.nodeCount } ?? true,
      "\(landShare?.count ?? 0) shares of land for \(domain.nodeCount) nodes")
    let grid = try Self.grid(of: domain)
    let levels =
      try grid.map {
        try MeshLevel.cascade(
          $0, coarsestNodeLimit: configuration.coarsestNodeLimit, atLeast: configuration.finish == .coarse ? 2 : 1)
      } ?? [MeshLevel.single(domain)]
    self.configuration = configuration
    (isGrid, fitsRange) = (grid != nil, grid == nil || levels.count == 1 && domain.nodeCount <= configuration.fittedGridLimit)
    nodeCount = domain.nodeCount
    meshes = levels.map { level in
      let share = landShare.map(level.restricted)
      let equations = FieldEquations(
        level, landShare: share, kappaSquared: configuration.kappaSquared, barrier: configuration.barrier)
      return Mesh(level: level, equations: equations, precision: PosteriorPrecision(equations), landShare: share)
    }
  }

  /// The latitude–longitude grid that a domain is; nil where it is none.
  private static func grid(of domain: any Domain) throws -> LatitudeLongitudeGrid? {
    guard let axes = domain.geography?.gridAxes else { return nil }
    let grid = try LatitudeLongitudeGrid(latitudes: axes.latitudes, longitudes: axes.longitudes)
    return grid.fingerprint == domain.fingerprint ? grid : nil
  }

  /// The prior's precision on its finest mesh where the roughness is 1 everywhere, as its lower triangle, and the order
  /// in which it is factorised: for benchmarks.
  package var finestPrecision: (matrix: SparseMatrix, ordering: SparseOrdering) {
    let mesh = meshes[0]
    return (mesh.precision.prior(roughness: [Double](repeating: 1, count: mesh.level.nodeCount)), mesh.level.ordering)
  }

  /// The index of the mesh on which the posterior is computed.
  var finishIndex: Int { configuration.finish == .fine ? 0 : min(1, meshes.count - 1) }

  /// A mesh for a smoothness, with the κ² of the configuration.
  func mesh(_ index: Int, smoothness: SparseFieldSmoothness) -> Mesh {
    let plain = meshes[index]
    guard smoothness != .one else { return plain }
    precondition(index == 0, "A smoothness of 2 on one of several meshes")
    return smoother.withLock { known in
      if let known { return known }
      let equations = FieldEquations(
        plain.level, landShare: plain.landShare, kappaSquared: configuration.kappaSquared,
        barrier: configuration.barrier, smoothness: smoothness)
      let made = Mesh(
        level: plain.level, equations: equations, precision: PosteriorPrecision(equations), landShare: plain.landShare)
      known = made
      return made
    }
  }

  /// The smoothnesses among which the likelihood chooses. Where the range is not fitted it is 1: a smoother field without a range
  /// continues slopes into large gaps.
  private var smoothnesses: [SparseFieldSmoothness] {
    if let given = configuration.smoothness { return [given] }
    return fitsRange ? SparseFieldSmoothness.allCases : [.one]
  }

  /// The roughness at each of the domain's nodes, estimated from an observation.
  ///
  /// - Parameter random: the stream for the samples of the estimation; the same stream gives the same result.
  /// - Throws: ``PriorError/nothingObserved``, and the errors of the factorisation.
  package func roughness(for observation: SparseFieldObservation, random: RandomStream) throws -> [Double] {
    try estimate(for: observation, random: random).roughness
  }

  /// The roughness at each of the domain's nodes and the range, estimated from an observation.
  ///
  /// - Parameter random: the stream for the samples of the estimation; the same stream gives the same result.
  /// - Throws: ``PriorError/nothingObserved``, and the errors of the factorisation.
  package func estimate(for observation: SparseFieldObservation, random: RandomStream) throws -> SparseFieldEstimate {
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    let level = observation.level
    let anomalies = observation.residuals(from: level)
    let stationary = try stationaryField(observation, anomalies)
    let first = fitsRange ? stationary.roughness : Self.firstGuess(anomalies, observation.noiseVariance)
    var roughness = [Double](repeating: first, count: nodeCount)
    for index in meshes.indices.reversed() where index >= finishIndex {
      let isCoarsest = index == meshes.count - 1
      let isRefining = meshes[index].level.nodeCount <= configuration.refinementNodeLimit
      let iterations =
        isCoarsest ? configuration.coarsestIterations : isRefining ? configuration.refiningIterations : 0
      guard iterations > 0 else { continue }
      try refine(
        &roughness, around: stationary, iterations: fitsRange ? configuration.fittedIterations : iterations,
        observation: observation, anomalies: anomalies, meshIndex: index, random: random.split(index))
    }
    let area = meshes[0].level.areas.reduce(0, +)
    return SparseFieldEstimate(
      roughness: roughness, kappaSquared: stationary.kappaSquared, smoothness: stationary.smoothness,
      range: fitsRange
        ? (8 * Double(stationary.smoothness.rawValue) / (stationary.kappaSquared * area)).squareRoot() : nil)
  }

  /// The stationary field of the largest posterior density on the coarsest mesh, with the smoothness that explains the
  /// observations best.
  private func stationaryField(_ observation: SparseFieldObservation, _ anomalies: [Double]) throws -> StationaryField {
    let index = meshes.count - 1
    let seen = MeshObservation(observation, on: meshes[index].level)
    var best: StationaryField?
    for smoothness in smoothnesses {
      let fit = StationaryFieldFit(
        mesh: self.mesh(index, smoothness: smoothness), seen: seen, anomalies: anomalies, rowSums: observation.rowSums,
        noiseVariance: observation.noiseVariance, domainNodeCount: nodeCount, fitsRange: fitsRange,
        configuration: configuration
      ) { matrix, pattern in
        try self.analysis(of: matrix, mesh: index, pattern: pattern).factorise(matrix)
      }
      do {
        let found = try fit.maximum(besides: best)
        let asked = isGrid ? configuration.smoothnessEvidence * Double(observation.count) : 0
        if best.map({ found.negativeLogDensity < $0.negativeLogDensity - asked }) ?? true { best = found }
      } catch is SparseCholeskyError where best != nil {
        // A smoother field couples more nodes, and its factor is about twice as large.
        continue
      }
    }
    guard let best else { throw PriorError.nothingObserved }
    return best
  }

  /// The factorisation for a known roughness, for all observations with the same operator and noise as this one.
  ///
  /// - Parameter roughness: at each of the domain's nodes; all positive.
  /// - Throws: ``PriorError/nothingObserved``, and the errors of the factorisation.
  package func factor(for observation: SparseFieldObservation, roughness: [Double]) throws -> SparseFieldFactor {
    try factor(
      for: observation,
      estimate: SparseFieldEstimate(roughness: roughness, kappaSquared: configuration.kappaSquared))
  }

  /// The factorisation for known parameters, for all observations with the same operator and noise as this one.
  ///
  /// - Parameter estimate: the roughness at each of the domain's nodes, all positive, and κ².
  /// - Throws: ``PriorError/nothingObserved``, and the errors of the factorisation.
  package func factor(
    for observation: SparseFieldObservation, estimate: SparseFieldEstimate
  ) throws -> SparseFieldFactor {
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    let roughness = estimate.roughness
    precondition(roughness.count == nodeCount, "\(roughness.count) roughnesses for \(nodeCount) nodes")
    let mesh = self.mesh(finishIndex, smoothness: estimate.smoothness).with(
      kappaSquared: estimate.kappaSquared, configuration)
    let seen = MeshObservation(observation, on: mesh.level)
    let (factor, variances) = try factorise(mesh, index: finishIndex, on: seen, roughness: roughness)
    return SparseFieldFactor(
      factor: factor, observation: seen, variances: variances, level: mesh.level, roughness: roughness,
      smoothness: estimate.smoothness, range: estimate.range)
  }

  /// An initial roughness that is certainly too small: the fixed point is reached in few steps from below, but in many
  /// from above.
  private static func firstGuess(_ anomalies: [Double], _ noiseVariance: [Double]) -> Double {
    let noise = noiseVariance.reduce(0, +) / Double(noiseVariance.count)
    let absolute = anomalies.map { abs($0) }.sorted()
    let robust = 1.4826 * absolute[absolute.count / 2]
    let variance = max(robust * robust - noise, 0.05 * robust * robust, 0.001 * noise, .leastNormalMagnitude)
    return variance / (160 * 160)
  }

  private func refine(
    _ roughness: inout [Double], around stationary: StationaryField, iterations: Int,
    observation: SparseFieldObservation, anomalies: [Double], meshIndex: Int, random: RandomStream
  ) throws {
    let mesh = self.mesh(meshIndex, smoothness: stationary.smoothness).with(
      kappaSquared: stationary.kappaSquared, configuration)
    let seen = MeshObservation(observation, on: mesh.level)
    // On a mesh, windows are as wide in terms of the observations as on a grid without gaps, so that they do not shrink
    // where the mesh is refined.
    let scale = fitsRange ? max(1, Double(mesh.level.nodeCount) / Double(observation.count)).squareRoot() : 1
    let estimate = try RoughnessEstimate(
      mesh.level, landShare: mesh.landShare, settings: configuration, windowScale: scale)
    for iteration in 0..<iterations {
      let (factor, noise) = try factorise(mesh, index: meshIndex, on: seen, roughness: roughness)
      let mean = seen.mean(of: anomalies, variances: noise, by: factor)
      let current = mesh.level.restricted(roughness)
      let squares = mesh.equations.meanSquaredResiduals(
        Tensor(mean, shape: [1, mesh.level.nodeCount]), roughness: current)
      let residuals = mesh.equations.residualVariances(
        by: factor, roughness: current, isExact: fitsRange, draws: configuration.drawsPerIteration,
        random: random.split(iteration))
      let next = try estimate.next(
        after: current, squaredResiduals: squares, residualVariances: residuals.variances,
        around: stationary.roughness, isExact: residuals.isExact, isAnchored: fitsRange)
      roughness = mesh.level.prolonged(next.map { log($0) }).map { exp($0) }
    }
  }

  /// The factor of the posterior precision, and the variance of each value about what the mesh says (m).
  private func factorise(
    _ mesh: Mesh, index: Int, on seen: MeshObservation, roughness: [Double]
  ) throws -> (factor: SparseCholesky, variances: [Double]) {
    let variances = seen.variances(roughness: roughness)
    let precision = try PosteriorPrecision(mesh.precision, observing: seen.matrix)
    let matrix = precision.matrix(
      roughness: mesh.level.restricted(roughness), observation: (seen.matrix, variances))
    return (
      try analysis(
        of: matrix, mesh: index,
        pattern: precision.isPriorPattern ? .prior(mesh.equations.smoothness) : .other
      ).factorise(matrix), variances
    )
  }

  /// The analysis of a mesh's pattern is cached, because it takes about as long as a factorisation.
  private func analysis(of matrix: SparseMatrix, mesh index: Int, pattern: Pattern) throws -> SparseCholeskyAnalysis {
    let ordering = meshes[index].level.ordering
    guard pattern != .other else { return try SparseCholeskyAnalysis(matrix, ordering: ordering) }
    let key = AnalysisKey(mesh: index, pattern: pattern)
    if let cached = analyses.withLock({ $0[key] }) { return cached }
    let made = try SparseCholeskyAnalysis(matrix, ordering: ordering)
    analyses.withLock { $0[key] = made }
    return made
  }
}
