// The exact log-density of the probability flow, the reference for `ProbabilityFlowPrior` (Song et al. 2021, appendix D). Along the flow from t₀ to 1 a field
// becomes a draw from N(0, I), and its log-density changes by the integral of the divergence. With u = log(s/α) as the
// time variable the flow is dx/du = s·(ε̂ − s·x), which is smooth over the whole interval. Divergences are products of
// probe vectors and gradients from the tape.
//
// NOTE: As in the published codes, this is the density of a field that already carries the noise of t₀, that is of the
// data smoothed by s₀/α₀ ≈ 0.01. It does not resolve finer structure.

import Foundation
import Sextant

/// The method for the divergence of the flow.
public enum DivergenceEstimate: Sendable, Equatable, Codable {
  /// All D derivatives: exact, for small fields.
  case exact
  /// This number of random sign vectors (Hutchinson 1990): unbiased.
  case probes(Int)
}

/// log p(x) of fields, by integration of the probability flow.
public struct ProbabilityFlowLikelihood<Scalar: TensorScalar>: Sendable {
  /// The prior.
  public let predictor: any NoisePredictor<Scalar>
  /// The method for the divergence.
  public let divergence: DivergenceEstimate
  /// The relative tolerance of the integration.
  public let relativeTolerance: Double
  /// The absolute tolerance of the integration.
  public let absoluteTolerance: Double
  /// The number of steps after which the integration fails.
  public let stepLimit: Int
  /// The number of fields integrated at once; it changes the results only by rounding.
  public let batchSize: Int

  /// The default tolerances are those of the score-prior code, which uses 16 probes.
  public init(
    _ predictor: any NoisePredictor<Scalar>, divergence: DivergenceEstimate = .probes(16),
    relativeTolerance: Double = 1e-3, absoluteTolerance: Double = 1e-5, stepLimit: Int = 2000, batchSize: Int = 16
  ) {
    precondition(relativeTolerance >= 0 && absoluteTolerance > 0, "Tolerances must be positive")
    self.predictor = predictor
    self.divergence = divergence
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
    self.stepLimit = stepLimit
    self.batchSize = batchSize
  }

  /// The log-density of each field (N×V×C) in nats; field i draws its probes from `random.split(first + i)`.
  ///
  /// Throws ``TooManySteps``.
  public func values(
    for fields: Tensor<Scalar>, using random: RandomStream, first: Int = 0
  ) throws -> [Double] {
    var result: [Double] = []
    for start in stride(from: 0, to: fields.shape[0], by: batchSize) {
      let chunk = start..<min(fields.shape[0], start + batchSize)
      result += try batch(fields.rows(chunk), streams: chunk.map { random.split(first + $0) })
    }
    return result
  }

  private func batch(_ fields: Tensor<Scalar>, streams: [RandomStream]) throws -> [Double] {
    let schedule = predictor.schedule
    let dimension = fields.sampleRows.columnCount
    let probes = Probes<Scalar>(divergence, shape: Array(fields.shape.dropFirst()), streams: streams)
    let signal = schedule.signal(at: schedule.startTime)
    let integrator = DormandPrince(
      relativeTolerance: relativeTolerance, absoluteTolerance: absoluteTolerance, stepLimit: stepLimit)
    let start = Trajectories(fields: fields * Scalar(signal), numbers: streams.map { _ in 0 })
    let end = try integrator.integrate(
      start, from: log(schedule.noiseToSignal(at: schedule.startTime)), to: log(schedule.noiseToSignal(at: 1))
    ) { state, places, indices in
      slope(state.fields, at: places, probes: indices.map { probes.values[$0] }, weight: probes.weight)
    }
    let norms = end.fields.sampleSquaredNorms()
    return zip(norms, end.numbers).map { norm, change in
      // The last term is the change of variables from α₀·x, where the flow starts, to x.
      -0.5 * (norm + Double(dimension) * log(2 * .pi)) + change + Double(dimension) * log(signal)
    }
  }

  /// dx/du and its divergence.
  private func slope(
    _ x: Tensor<Scalar>, at places: [Double], probes: [Tensor<Scalar>], weight: Double
  ) -> Trajectories<Scalar> {
    let schedule = predictor.schedule
    let times = places.map { min(1, max(schedule.startTime, schedule.time(noiseToSignal: exp($0)))) }
    let noises = times.map { schedule.noise(at: $0) }
    let (batch, count) = (x.shape[0], probes.first?.shape[0] ?? 0)
    let dimension = x.sampleRows.columnCount
    // Each probe has its own copy of the field, so one evaluation and one backward pass serve all probes.
    var seed = Tensor<Scalar>(repeating: 0, shape: [count * batch] + x.shape.dropFirst())
    for (sample, vectors) in probes.enumerated() {
      for probe in 0..<count { seed.replaceRows(from: probe * batch + sample, with: vectors.rows(probe..<probe + 1)) }
    }
    let tape = Tape<Scalar>()
    let copies = tape.leaf(x.repeated(count))
    let predicted = predictor.predictedNoise(in: copies, at: (0..<count).flatMap { _ in times })
    var products = [Double](repeating: 0, count: count * batch)
    if let gradient = tape.gradients(of: predicted, seed: seed)[copies] {
      products = gradient.sampleProducts(with: seed)
    }
    var change = predicted.value.rows(0..<batch).scalingSamples(by: noises)
    change.add(x.scalingSamples(by: noises.map { -$0 * $0 }))
    let divergences = (0..<batch).map { sample in
      let trace = weight * (0..<count).reduce(0) { $0 + products[$1 * batch + sample] }
      return noises[sample] * trace - noises[sample] * noises[sample] * Double(dimension)
    }
    return Trajectories(fields: change, numbers: divergences)
  }
}

/// The probe vectors of a trace estimate; a field keeps its vectors along the whole flow.
private struct Probes<Scalar: TensorScalar> {
  /// P×V×C for each field.
  let values: [Tensor<Scalar>]
  /// The factor of the sum over the probes.
  let weight: Double

  init(_ divergence: DivergenceEstimate, shape: [Int], streams: [RandomStream]) {
    let dimension = shape.reduce(1, *)
    switch divergence {
    case .exact:
      let units = Tensor<Scalar>.identity(dimension).reshaped(to: [dimension] + shape)
      (values, weight) = (streams.map { _ in units }, 1)
    case .probes(let count):
      precondition(count > 0, "\(count) probes")
      values = streams.map { stream in
        var stream = stream.split("probes")
        return .signs([count] + shape, using: &stream)
      }
      weight = 1 / Double(count)
    }
  }
}
