// The two-scale Gaussian: the archive's modes plus a Matérn field, by one dense Cholesky factorisation in
// observation space, with parameters chosen by the marginal likelihood of each field's own observations or fixed.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantPriors
import Synchronization

/// Where the parameters of a covariance come from.
public enum ParameterChoice: Sendable, Equatable, Codable {
  /// Chosen for each field by its own observations.
  case perField
  /// The same for every field.
  case fixed([Double])
}

/// Recovers fields under the two-scale prior; exact given the parameters.
public final class TwoScaleSolver: ChoosingSolver {
  public let name = "two-scale Gaussian"
  /// The most states that the dense form serves: a d×d matrix is held where samples are drawn, two where parameters are fixed.
  public static let stateLimit = 12_000

  private let prior: GaussianPrior
  private let model: CovarianceModel
  private let choice: ParameterChoice
  private let seed: RandomStream
  /// A choice that was made already, and holds for every measurement.
  private let settledChoice: Candidate?
  /// What depends on nothing but parameters that do not change, by its type.
  private let cache = Mutex<[ObjectIdentifier: any Sendable]>([:])

  /// - Parameters:
  ///   - domain: the domain of the fields.
  ///   - parameters: where the covariance's parameters come from.
  ///   - seed: which observations enter the likelihood where there are many.
  /// - Throws: ``PriorError/tooLarge(_:)`` beyond ``stateLimit`` states.
  public init(
    _ prior: GaussianPrior, domain: some Domain, parameters: ParameterChoice = .perField,
    seed: RandomStream = RandomStream(seed: 0)
  ) throws {
    guard prior.space.count <= Self.stateLimit else {
      throw PriorError.tooLarge(
        "The dense two-scale prior serves at most \(Self.stateLimit) states, and this field has \(prior.space.count). Use kind: sparse-matern."
      )
    }
    self.prior = prior
    model = prior.covarianceModel(on: domain)
    choice = parameters
    self.seed = seed
    settledChoice = nil
  }

  private init(_ solver: TwoScaleSolver, settledChoice: Candidate) {
    (prior, model, choice, seed) = (solver.prior, solver.model, solver.choice, solver.seed)
    self.settledChoice = settledChoice
  }

  public func settled(by measurement: FieldMeasurement) throws -> any Solver {
    if case .fixed = choice { return self }
    let observation = try prior.space.observe(measurement)
    guard observation.count > 0 else { throw PriorError.nothingObserved }
    return TwoScaleSolver(self, settledChoice: try candidate(for: observation))
  }

  public func prepare(for operation: any LinearOperator) throws -> any PreparedSolver {
    Prepared(solver: self)
  }

  /// A prior for one observation: a covariance with its parameters, and how far the mean is moved.
  private struct Candidate: Sendable {
    var model: CovarianceModel
    var chosen: ChosenParameters
    /// The shift of the mean (d); nil for none.
    var shift: [Float]?
  }

  /// By how much the evidence for analogues must be larger: their weights have seen the observation already.
  static let analogueMargin = 5.0

  /// The prior that the observation speaks for: the archive's, or that of the archive fields which resemble it.
  private func candidate(for observation: StateObservation) throws -> Candidate {
    if let settledChoice { return settledChoice }
    if case .fixed(let theta) = choice {
      return Candidate(model: model, chosen: ChosenParameters(values: theta), shift: nil)
    }
    let plain = model.chooseParameters(for: [observation], random: seed)
    guard let analogues = try ArchiveAnalogues(of: observation, in: prior) else {
      return Candidate(model: model, chosen: plain, shift: nil)
    }
    let narrow = model.adding(analogues)
    let shifted = observation.subtracting(analogues.mean)
    var chosen = narrow.chooseParameters(for: [shifted], from: plain, maximumEvaluations: 8, random: seed)
    // Only where the evidence comes near is the search worth finishing.
    if chosen.objective < plain.objective - 0.5 * Self.analogueMargin {
      chosen = narrow.chooseParameters(for: [shifted], from: chosen, maximumEvaluations: 14, random: seed)
    }
    guard chosen.objective < plain.objective - Self.analogueMargin else {
      return Candidate(model: model, chosen: plain, shift: nil)
    }
    return Candidate(model: narrow, chosen: chosen, shift: analogues.mean)
  }

  /// The names of the parameters, for logs and files.
  public var parameterNames: [String] { model.parameters.map(\.name) }

  /// What `make` makes, which for fixed parameters is made once.
  private func cached<Value: Sendable>(_ make: () throws -> Value) rethrows -> Value {
    // Parameters that are chosen for each field never come twice: only fixed ones are worth keeping.
    guard case .fixed = choice else { return try make() }
    let key = ObjectIdentifier(Value.self)
    if let hit = cache.withLock({ $0[key] }) as? Value { return hit }
    let made = try make()
    cache.withLock { $0[key] = made }
    return made
  }

  /// Whether noise this large forgives the rounding of single precision: few entries, such as those of a pole, come near the limit,
  /// and the rest keep the condition of S below a million.
  private static func isForgiving(_ observation: StateObservation, priorVariances: [Double]) -> Bool {
    let mean = priorVariances.reduce(0, +) / Double(max(1, priorVariances.count))
    return observation.noiseVariance.allSatisfy { $0 > 1e-4 * mean }
  }

  private struct Prepared: ObservedEntriesSolver {
    let solver: TwoScaleSolver

    func posteriorAtObservedEntries(given measurement: FieldMeasurement) throws -> Posterior? {
      try solver.observedPosterior(given: measurement)
    }

    func posterior(
      given measurement: FieldMeasurement, samples: Int, using random: inout RandomStream
    ) throws -> Posterior {
      let space = solver.prior.space
      let observation = try space.observe(measurement)
      guard observation.count > 0 else { throw PriorError.nothingObserved }
      let candidate = try solver.candidate(for: observation)
      let (model, theta) = (candidate.model, candidate.chosen.values)
      let shifted = candidate.shift.map { observation.subtracting($0) } ?? observation
      let variances = model.variances(parameters: theta)
      let all = Array(0..<space.count)
      let isFixed = if case .fixed = solver.choice { true } else { false }
      var answer =
        TwoScaleSolver.isForgiving(observation, priorVariances: variances)
        ? try Answer(shifted, priorVariances: variances, samples: samples, using: &random) { states in
          guard isFixed else { return model.singlePrecisionBlock(rows: states, columns: all, parameters: theta) }
          return solver.cached { model.singlePrecisionBlock(rows: all, columns: all, parameters: theta) }
            .gatheringRows(states)
        } sampler: {
          try solver.cached { try PriorSampler<Float>(model, parameters: theta) }
        }
        : try Answer(shifted, priorVariances: variances, samples: samples, using: &random) { states in
          guard isFixed else { return model.block(rows: states, columns: all, parameters: theta) }
          return solver.cached { model.covariance(parameters: theta) }.gatheringRows(states)
        } sampler: {
          try solver.cached { try PriorSampler<Double>(model, parameters: theta) }
        }
      if let shift = candidate.shift { answer.add(shift) }
      var diagnostics = Dictionary(
        uniqueKeysWithValues: zip(solver.parameterNames, theta))
      diagnostics["likelihood-evaluations"] = Double(candidate.chosen.evaluations)
      diagnostics["uses-analogues"] = candidate.shift == nil ? 0 : 1
      diagnostics["log-evidence"] = answer.logEvidence
      return space.posterior(
        mean: answer.mean, spread: answer.spread, samples: answer.draws, label: measurement.label,
        diagnostics: diagnostics)
    }
  }

  /// Mean and spread of the observed states alone, for a solver whose choice is made: a − R·S⁻¹·a and R − R·S⁻¹·R.
  private func observedPosterior(given measurement: FieldMeasurement) throws -> Posterior? {
    let isChosen = if case .fixed = choice { true } else { settledChoice != nil }
    let observation = try prior.space.observe(measurement)
    guard isChosen, let states = observation.selectedStates, observation.count > 0 else { return nil }
    let candidate = try candidate(for: observation)
    let shifted = candidate.shift.map { observation.subtracting($0) } ?? observation
    let (m, noise) = (states.count, observation.noiseVariance)
    var innovation = candidate.model.block(rows: states, columns: states, parameters: candidate.chosen.values)
    innovation.withUnsafeMutableScalars { s in
      for i in 0..<m { s[i * m + i] += noise[i] }
    }
    let inverse = try CholeskyFactor(innovation).inverse()
    let weighted = matrixProduct(inverse, Tensor(shifted.anomalies, shape: [m, 1])).scalars
    var mean = [Float](repeating: .nan, count: prior.space.count)
    var spread = mean
    inverse.withUnsafeScalars { inverse in
      for (i, state) in states.enumerated() {
        mean[state] = Float(shifted.anomalies[i] - noise[i] * weighted[i]) + (candidate.shift?[state] ?? 0)
        spread[state] = Float(max(0, noise[i] * (1 - noise[i] * inverse[i * m + i])).squareRoot())
      }
    }
    return prior.space.posterior(
      mean: mean, spread: spread, samples: nil, label: measurement.label, diagnostics: [:])
  }

  /// What is read off a posterior of either precision.
  private struct Answer {
    var mean: [Float]
    let spread: [Float]
    var draws: Tensor<Float>?
    let logEvidence: Double

    init<Scalar>(
      _ observation: StateObservation, priorVariances: [Double], samples: Int, using random: inout RandomStream,
      priorBlock: ([Int]) -> Tensor<Scalar>, sampler: () throws -> PriorSampler<Scalar>
    ) throws {
      let posterior = try DenseGaussianPosterior(observation, priorVariances: priorVariances, priorBlock: priorBlock)
      mean = posterior.mean.map(Float.init)
      spread = posterior.spread.map(Float.init)
      logEvidence = posterior.logEvidence
      if samples > 0 {
        let prior = try sampler().draws(samples, using: &random)
        draws = posterior.samples(conditioning: prior, using: &random).converted(to: Float.self)
      }
    }

    /// Moves mean and samples by `shift` (d).
    mutating func add(_ shift: [Float]) {
      for state in mean.indices { mean[state] += shift[state] }
      draws?.withUnsafeMutableScalars { values in
        for i in values.indices { values[i] += shift[i % shift.count] }
      }
    }
  }
}

extension Model {
  /// The two-scale solver of the model's Gaussian prior. Throws ``MethodError``, ``PriorError/tooLarge(_:)``.
  func twoScaleSolver() throws -> TwoScaleSolver {
    let gaussian = try requireGaussian()
    let solver = try TwoScaleSolver(gaussian.prior, domain: space.domain, parameters: gaussian.parameters)
    if case .fixed(let values) = gaussian.parameters {
      let expected = solver.parameterNames.count
      guard values.count == expected, values.allSatisfy({ $0.isFinite && abs($0) < 50 }) else {
        throw MethodError.wrongParameters(model: provenance.name, found: values.count, expected: expected)
      }
    }
    return solver
  }
}

extension Method {
  /// The two-scale Gaussian.
  public static let twoScale = Method(
    name: "two-scale", title: "two-scale Gaussian", needs: .gaussian
  ) { context in
    try context.model.twoScaleSolver()
  }
}
