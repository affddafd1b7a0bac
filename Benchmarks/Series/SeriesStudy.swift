// The cases of a series study: solvers with their measurements, and the timing of the two ways to solve a series.

import Foundation
import Sextant

/// A solver with its measurements.
struct SeriesCase {
  let name: String
  /// The description of the measurement.
  let measured: String
  let solver: any Solver
  let measurements: [FieldMeasurement]
}

/// The times of a case.
struct SeriesResult: Encodable {
  let name: String
  let measured: String
  let fields: Int
  /// The seconds for a field that is solved alone.
  let alone: Double
  /// The seconds for a field of a prepared series, including its share of the preparation.
  let prepared: Double
  /// The seconds for the preparation.
  let preparation: Double
  /// The largest difference between numbers of the two answers.
  let difference: Double
}

/// A series of fields on one global grid.
struct SeriesStudy {
  private let archive: SyntheticArchive
  private let fields: Int

  init(rows: Int, fields: Int) throws {
    let step = 180 / Double(rows)
    archive = SyntheticArchive(
      on: try LatitudeLongitudeGrid(
        latitudes: (0..<rows).map { 90 - step * (Double($0) + 0.5) },
        longitudes: (0..<2 * rows).map { step * Double($0) }))
    self.fields = fields
  }

  /// All cases: a mask for every method that prepares something, and means of neighbours for those that decompose
  /// operators.
  func cases() throws -> [SeriesCase] {
    let domain = archive.domain
    let prior = try GaussianPrior.train(
      GaussianPriorConfiguration(kind: .twoScale, modeCount: 40), on: archive.fields(200), indices: Array(0..<200),
      random: RandomStream(seed: 1))
    let mask = archive.measurements(fields, by: archive.mask())
    let means = archive.measurements(fields, by: archive.means())
    let diffusion = DiffusionPrior(try prior.noisePredictor(), space: prior.space)
    let sampling = SamplingSettings(steps: 20)
    func masked(_ solver: any Solver) -> SeriesCase {
      SeriesCase(name: solver.name, measured: "two entries in five", solver: solver, measurements: mask)
    }
    func mixed(_ solver: any Solver) -> SeriesCase {
      SeriesCase(name: solver.name, measured: "means of two entries", solver: solver, measurements: means)
    }
    let fitted = try SparseFieldSolver(prior.space, domain: domain).fitted(to: mask[0])
    let start = try TwoScaleSolver(prior, domain: domain).fitted(to: mask[0])
    return [
      masked(InverseDistanceSolver(domain: domain, channelCount: 1, neighbourCount: 1)),
      masked(InverseDistanceSolver(domain: domain, channelCount: 1)),
      masked(HarmonicSolver(domain: domain, channelCount: 1)),
      masked(EOFInterpolationSolver(prior)), mixed(EOFInterpolationSolver(prior)),
      masked(start), masked(fitted),
      masked(try DDNMSolver(diffusion, settings: .init(sampling: sampling))),
      mixed(try DDNMSolver(diffusion, settings: .init(sampling: sampling))),
      mixed(try PiGDMSolver(diffusion, settings: .init(sampling: sampling))),
    ]
  }

  /// Solves the series both ways, in turns.
  func result(of item: SeriesCase, samples: Int) throws -> SeriesResult {
    let clock = ContinuousClock()
    let first = item.measurements[0]
    var (alone, together) = (Duration.zero, Duration.zero)
    var difference = 0.0
    let begin = clock.now
    let prepared = try item.solver.prepare(for: first.operation, noise: first.noise)
    let preparation = clock.now - begin
    for (index, measurement) in item.measurements.enumerated() {
      var (one, two) = (RandomStream(seed: 2).split(index), RandomStream(seed: 2).split(index))
      let start = clock.now
      let single = try item.solver.posterior(given: measurement, samples: samples, using: &one)
      let middle = clock.now
      let shared = try prepared.posterior(given: measurement, samples: samples, using: &two)
      together += clock.now - middle
      alone += middle - start
      difference = max(difference, Self.difference(single, shared))
    }
    let count = Double(item.measurements.count)
    return SeriesResult(
      name: item.name, measured: item.measured, fields: item.measurements.count, alone: alone / .seconds(1) / count,
      prepared: (together + preparation) / .seconds(1) / count, preparation: preparation / .seconds(1),
      difference: difference)
  }

  private static func difference(_ a: Posterior, _ b: Posterior) -> Double {
    let pairs = [
      (a.mean, b.mean), (a.spread ?? [], b.spread ?? []), (a.samples?.scalars ?? [], b.samples?.scalars ?? []),
    ]
    return pairs.reduce(0.0) { largest, pair in
      zip(pair.0, pair.1).reduce(largest) { max($0, Double(abs($1.0 - $1.1))) }
    }
  }
}
