// A Gaussian prior from an archive of measurements with gaps and noise, of which nothing is clean: factors around the gaps, the
// noise where it is not known, and for the two-scale prior rounds of completion. (SextantPriors/Measured has the mathematics.)
//
// Every step follows from the state before it and the settings alone, and the state is written down after each, so that a
// training that was stopped at any moment goes on to the same bits.

import Foundation
import SextantArrays
import SextantGeometry
import SextantMeasurement
import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers
import SextantStorage

/// Learns a Gaussian prior from measurements.
struct MeasuredGaussianTraining {
  let configuration: GaussianPriorConfiguration
  let measured: MeasuredFields
  /// The fields in the units of the prior.
  let source: TransformedSource
  let indices: [Int]
  /// How many of the fields in succession are copies of one.
  let copyCount: Int
  let noise: MeasuredNoise
  /// What the values are of the signals; nil for their own values.
  let operation: MeasuredOperator?
  let landShare: [Float]?
  let seed: UInt64
  /// Where the state is written down, and whose it is; nil for nowhere.
  let stateFile: MeasuredGaussianStateFile?

  /// What was learned.
  struct Result {
    var prior: GaussianPrior
    /// The parameters that serve all fields; nil where the prior has none.
    var parameters: [Double]?
    /// The noise that was estimated, by the names of variables; nil where it was given.
    var estimatedNoise: [String: Double]?
    var remarks: [Remark]
  }

  /// The smallest number of fields from which anything can be learned around gaps.
  static let smallestFieldCount = 8

  /// The number of fields, and of modes, up to which the factors are learned where they are only what rounds of completion, which see
  /// all fields and find all modes, begin from.
  private static let (startingFieldLimit, startingModeLimit) = (1000, 80)

  var random: RandomStream { RandomStream(seed: seed).split("measured") }
  /// Where the signals lie.
  var domain: any Domain { operation?.signals ?? source.domain }
  /// The operator where its values lie elsewhere than the signals; nil where every value has its place among them.
  private var elsewhere: MeasuredOperator? { operation.flatMap { $0.isInPlace ? nil : $0 } }

  /// The precision of each correction of the climatology that the archive determines, which may have less of a daily cycle than
  /// was asked for.
  private func precision(in space: StateSpace) -> [Double] {
    space.climatology.kind.correctionPrecision(for: ArchiveSupport(of: indices.map { source.labels[$0] }))
  }

  /// Throws ``RunError/invalid(_:)`` where the settings do not suit an archive of measurements.
  static func check(_ kind: GaussianPriorKind, measured: MeasuredFields, transforms: [MarginalTransform], variables: [Variable]) throws {
    guard kind == .modes || kind.isTwoScale else {
      throw RunError.invalid(
        "archive.measured: prior.kind is \(kind.rawValue), and the kinds that are learned from measurements are eof, two-scale and mixture."
      )
    }
    if let operation = measured.operation {
      guard kind.isTwoScale else {
        throw RunError.invalid(
          "archive.measured.operator: \(operation): prior.kind is \(kind.rawValue), and what lies beneath an operator is found by the rounds of completion of kind two-scale alone. Set prior.kind: two-scale."
        )
      }
      if let channel = transforms.firstIndex(where: { !$0.isIdentity }) {
        throw RunError.invalid(
          "archive.measured.operator: \(operation) acts on the variables' own values, and \(variables[channel].name) is transformed (variables.\(variables[channel].name).transform). Leave out one of the two."
        )
      }
      if let variable = measured.noise.automatic(among: variables).first {
        throw RunError.invalid(
          "archive.measured.noise: auto: beneath an operator (\(operation)) the noise cannot be told from the signal. Give it as a number: \(variable.name)=LEVEL."
        )
      }
    }
    for variable in measured.noise.automatic(among: variables) {
      guard let channel = variables.firstIndex(of: variable), !transforms[channel].isIdentity else { continue }
      throw RunError.invalid(
        "archive.measured.noise: auto: \(variable.name) is transformed (variables.\(variable.name).transform), and its noise cannot be estimated. Give it as a number: \(variable.name)=LEVEL."
      )
    }
  }

  /// Learns the prior.
  ///
  /// - Parameters:
  ///   - isInside: whether at least one field tells of each entry (V·C).
  ///   - valueCount: how many values there are in all fields.
  ///   - stages: shows the progress.
  func run(isInside: [Bool], valueCount: Int, stages: StageProgress) throws -> Result {
    let space = try stateSpace(isInside: isInside, stages: stages)
    let precision = precision(in: space)
    if let design = measured.operation, space.count > CompletionRounds.stateLimit {
      throw RunError.invalid(
        "archive.measured.operator: \(design): the field has \(space.count) states, and the rounds of completion, which find what lies beneath an operator, are made up to \(CompletionRounds.stateLimit). Use a coarser grid, a region or fewer variables."
      )
    }
    var state =
      try stateFile?.read(stateCount: space.count)
      ?? MeasuredGaussianState(search: FactorSearch(stateCount: space.count, termPrecision: precision))
    // Values that lie elsewhere are those of no single states, between which factors could be looked for.
    if elsewhere != nil { state.search.isFinished = true }
    var fields = try measuredStates(space, levels: state.noise, valueCount: valueCount, stages: stages)
    let hasRounds = configuration.kind.isTwoScale && space.count <= CompletionRounds.stateLimit
    let leftOut = CompletionRounds.leftOut(
      of: indices.count, isSeries: indices.allSatisfy { source.labels[$0].day != nil }, copyCount: copyCount)
    let known = indices.indices.filter { !hasRounds || !leftOut.contains($0) }
    let rest = hasRounds ? Split.evenly(Self.startingFieldLimit).members(of: known, seed: 0) : known
    let largest = Self.largestModeCount(configuration.modeCount, fieldCount: rest.count, termCount: precision.count)
    let unseen = try unseenFields(of: fields, leftOut: hasRounds ? leftOut : nil, layout: space.layout)
    let isUnseen = Set(unseen)
    let others = rest.filter { !isUnseen.contains($0) }
    let searched = others.isEmpty ? rest : others
    while !state.search.isFinished {
      try state.search.advance(
        over: fields.part(searched).withoutOperator, all: fields.part(rest).withoutOperator, largest: hasRounds ? min(largest, Self.startingModeLimit) : largest,
        random: random.split("factors")
      ) { try stages.advance(.factors, by: 1) }
      stages.finish()
      try stateFile?.write(state)
    }
    if state.noise == nil, !automatic.isEmpty {
      state.noise = try estimatedNoise(
        state.search.best, space: space, seen: searched, unseen: unseen, seenCounts: fields.part(searched).seenCounts())
      // What was taken for residual is noise in part.
      state.search.model.subtract(
        variances: space.layout.channelOfState.map { channel in
          let level = state.noise?[Int(channel)] ?? 0
          return level.isNaN ? 0 : pow(level / Double(space.scales[Int(channel)]), 2)
        })
      try stateFile?.write(state)
      fields = try measuredStates(space, levels: state.noise, valueCount: valueCount, stages: stages)
    }
    var learned = CompletedPrior(state.search.model)
    var remarks = [elsewhere == nil ? factorRemark(state) : Self.elsewhereRemark] + noiseRemarks(state)
    if elsewhere == nil {
      remarks += try independenceRemarks(
        state.search.best, fields: fields.part(searched).withoutOperator,
        positions: searched.indices.filter { searched[$0] % copyCount == 0 }, space: space, stages: stages)
    }
    remarks += try NoiseSize.remarks(
      on: noise, of: source, indices: stride(from: 0, to: indices.count, by: copyCount).map { indices[$0] },
      channels: source.variables.indices.filter { !automatic.contains(source.variables[$0]) })
    if elsewhere == nil, largest < configuration.modeCount, largest < rest.count - 1 {
      remarks.append(
        Remark(
          .note, "measured-modes",
          "\(rest.count) fields leave memory for \(largest) modes in the factor analysis, not \(configuration.modeCount). Learn from fewer fields (archive.part: evenly:COUNT) for more modes."))
    }
    if hasRounds {
      try runRounds(&state, fields: fields, leftOut: leftOut, space: space, stages: stages)
      if let rounds = state.rounds {
        learned = rounds.best
        remarks.append(roundRemark(rounds))
      }
    } else if configuration.kind.isTwoScale {
      remarks.append(
        Remark(
          .note, "measured-size",
          "The field has \(space.count) states. Rounds of completion are made up to \(CompletionRounds.stateLimit) states, so the modes are those of the factor analysis."))
    }
    let coefficients = try learned.coefficients(of: fields, random: random.split("coefficients")) {
      try stages.advance(.modes, by: 1)
    }
    return Result(
      prior: GaussianPrior(
        learned, configuration: configuration, space: space, coefficients: coefficients, landShare: landShare,
        domain: domain),
      parameters: learned.parameters.isEmpty ? nil : learned.parameters,
      estimatedNoise: state.noise.map { levels in
        Dictionary(uniqueKeysWithValues: zip(source.variables.map(\.name), levels).filter { !$1.isNaN })
      }, remarks: remarks)
  }

  /// The states with the climatology and the scales that the rounds begin from.
  private func stateSpace(isInside: [Bool], stages: StageProgress) throws -> StateSpace {
    guard let elsewhere else {
      return try GaussianPrior.stateSpace(
        of: source, indices: indices, isInside: isInside, climatology: configuration.climatology
      ) { try stages.advance($0, by: $1) }
    }
    return try GaussianPrior.stateSpace(
      beneath: elsewhere.matrix, places: elsewhere.outputEntries, on: domain, of: source, indices: indices,
      isInside: isInside, climatology: configuration.climatology
    ) { try stages.advance(.climatology, by: $0) }
  }

  /// The number of bytes that the moments of the factors of all fields may take.
  private static let momentLimit = 4 << 30

  /// The largest number of factors whose moments, N·q²/2 numbers, are within the limit.
  static func largestModeCount(_ wanted: Int, fieldCount: Int, termCount: Int) -> Int {
    let numbers = momentLimit / MemoryLayout<Double>.stride / max(1, fieldCount)
    let width = Int((2 * Double(numbers)).squareRoot()) - 1
    return max(1, min(wanted, width - termCount))
  }

  private func runRounds(
    _ state: inout MeasuredGaussianState, fields: GappyStates, leftOut: [Int], space: StateSpace, stages: StageProgress
  ) throws {
    let stream = random.split("parameters")
    func model(_ learned: CompletedPrior, _ smoothness: MaternCorrelation) -> CovarianceModel {
      GaussianPrior(learned, configuration: configuration, space: space, landShare: landShare, domain: domain)
        .covarianceModel(on: domain, smoothness: smoothness)
    }
    let modeCount = min(configuration.modeCount, indices.count - 1)
    if state.rounds == nil {
      let factors = CompletedPrior(state.search.model)
      // Modes of the values themselves are those of blurred fields, say, whatever lies beneath.
      let hasModes = factors.functions.modeCount > 0 && operation == nil
      state.rounds = try CompletionRounds.begun(
        from: hasModes ? [factors, factors.withoutModes] : [factors.withoutModes],
        smoothnesses: operation == nil ? [.half] : MaternCorrelation.allCases, over: fields, leavingOut: leftOut,
        modeCount: modeCount, termPrecision: precision(in: space), random: stream, model: model
      ) { try stages.advance(.completion, by: 1) }
      stages.finish()
      try stateFile?.write(state)
    }
    while var rounds = state.rounds, !rounds.isFinished {
      try rounds.advance(
        over: fields, leavingOut: leftOut, modeCount: modeCount, termPrecision: precision(in: space), random: stream,
        model: { model($0, .half) }
      ) { try stages.advance(.completion, by: 1) }
      stages.finish()
      state.rounds = rounds
      try stateFile?.write(state)
    }
  }

  private func measuredStates(
    _ space: StateSpace, levels: [Double]?, valueCount: Int, stages: StageProgress
  ) throws -> GappyStates {
    let (noise, source, channels) = (noise, source, source.variables.count)
    // Transformed fields are not those that were measured.
    let isMeasured = source.transforms.allSatisfy(\.isIdentity)
    return try GappyStates(
      indices, of: source, space: space, operation: operation,
      noise: { index, field in
        var own = try isMeasured ? noise(index, of: field) : noise(index, isValid: field.isValid)
        if let levels {
          for entry in own.indices where !levels[entry % channels].isNaN { own[entry] = Float(levels[entry % channels]) }
        }
        return source.transformed(noise: own, about: field)
      }, valueCount: valueCount, random: random, progress: { try stages.advance(.scales, by: 1) })
  }

  // MARK: What is said of the learning

  private func factorRemark(_ state: MeasuredGaussianState) -> Remark {
    let search = state.search
    return Remark(
      .note, "measured-factors",
      "Learned from measured values alone: \(search.model.factorCount) modes predict hidden values best (tried: \(search.tried.map(String.init).joined(separator: ", ")))."
    )
  }

  private static let elsewhereRemark = Remark(
    .note, "measured-elsewhere",
    "The measured values lie elsewhere than the signals (archive.measured.operator), so that the rounds of completion began from a Matérn field without modes, and whether the noise is independent was not looked at. What the operator sees in no field is known from that field alone."
  )

  private func roundRemark(_ rounds: CompletionRounds) -> Remark {
    let errors = rounds.scores.map { String(format: "%.3f (%.3f)", $0.error, $0.logDensity) }.joined(separator: ", ")
    let ratio = String(format: "%.2f", rounds.scores.max { $0.logDensity < $1.logDensity }?.spreadOverError ?? .nan)
    return Remark(
      .note, "measured-rounds",
      "Rounds of completion: fields that were left out, under the gaps of others, are predicted with a root mean square error of \(errors) of the variables' deviations (mean log density in brackets); the predicted spread is \(ratio) times the error in the best round, noise included. The rounds find the modes anew, from the covariance of the completed fields, and keep up to prior.modes of them, here \(rounds.best.functions.modeCount), however many they began from."
    )
  }

  /// Of variables whose noise was given: noise that is estimated is what is independent, by definition.
  private func independenceRemarks(
    _ model: FactorModel, fields: GappyStates, positions: [Int], space: StateSpace, stages: StageProgress
  ) throws -> [Remark] {
    let known = source.variables.indices.filter { !automatic.contains(source.variables[$0]) }
    guard !known.isEmpty else { return [] }
    let neighbours = try NoiseIndependence.neighbours(of: model, over: fields, at: positions, space: space, domain: domain) {
      try stages.advance(.factors, by: 1)
    }
    return known.compactMap { neighbours[$0].remark(on: source.variables[$0]) }
  }

  private func noiseRemarks(_ state: MeasuredGaussianState) -> [Remark] {
    guard let levels = state.noise else { return [] }
    return zip(source.variables, levels).filter { !$1.isNaN }.map { variable, level in
      let number = [String(format: "%.3g", level), variable.units].filter { !$0.isEmpty }.joined(separator: " ")
      return Remark(
        .assumption, "measured-noise", "The noise of \(variable.name) was estimated from the archive: \(number).")
    }
  }
}
