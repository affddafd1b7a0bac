// The two-scale prior from measured fields: rounds in which the whole covariance of the fields is found under the prior of the
// round before, and its leading modes are those of the next. The parameters of the covariance are the likeliest for measured
// values of fields that the modes were not learned from, and the rounds end when such fields' hidden values are predicted no
// better. (Expectation and maximisation as in Rozet and others 2024, with the exact posterior in place of samples.)

import Foundation
import SextantArrays
import SextantGeometry

/// What a round knows of the fields, as corrections of a climatology, modes and parameters.
package struct CompletedPrior: Sendable {
  /// The modes, and what they leave.
  package var functions: EmpiricalOrthogonalFunctions
  /// The change of the coefficients of the climatology, standardised (terms × d).
  package var climatology: Tensor<Double>
  /// The parameters of the two-scale covariance.
  package var parameters: [Double]

  package init(functions: EmpiricalOrthogonalFunctions, climatology: Tensor<Double>, parameters: [Double]) {
    (self.functions, self.climatology, self.parameters) = (functions, climatology, parameters)
  }
}

/// Rounds of completion, between two of them.
package struct CompletionRounds: Sendable {
  /// What was learned without the fields that are left out.
  package var current: CompletedPrior
  /// What was learned in the same round with them.
  package var whole: CompletedPrior
  /// The whole of the best round so far.
  package var best: CompletedPrior
  /// How well hidden values of the fields that were left out were predicted by each round.
  package var scores: [HiddenScore] = []
  /// Whether further rounds bring nothing.
  package var isFinished = false

  /// The largest number of rounds.
  package static let roundLimit = 16
  /// The gain of the logarithm of the predictive density of all hidden values below which no further round is made. It is not that of
  /// a value: where the noise is large, a value says little of how well the field is known, and many together say much.
  package static let smallestGain = 2.0
  /// The largest number of states for which the rounds are made: several d×d matrices are held.
  package static let stateLimit = 6000

  /// The variances of the mean of each state alone that are compared where values are those of an operator (ClimatologyPosterior).
  private static let ownVariancesBeneathOperators = [1, 0.1, 0.01, 0.001]

  /// The start from modes that were learned without the fields that are left out.
  package init(_ start: CompletedPrior) {
    (current, whole, best) = (start, start, start)
  }

  /// Rounds that were written down.
  package init(
    current: CompletedPrior, whole: CompletedPrior, best: CompletedPrior, scores: [HiddenScore], isFinished: Bool
  ) {
    (self.current, self.whole, self.best) = (current, whole, best)
    (self.scores, self.isFinished) = (scores, isFinished)
  }

  /// The largest number of fields of each half of those that are left out: each costs a factorisation or two in each round.
  private static let largestStretch = 30

  /// The positions of fields that are left out: of a series two stretches, because neighbours in time know each other, and of another
  /// archive fields from everywhere in it, because those of one stretch may be alike and say too little of the others.
  ///
  /// - Parameter copyCount: how many fields in succession are copies of one, which stay together.
  package static func leftOut(of count: Int, isSeries: Bool, copyCount: Int = 1) -> [Int] {
    guard copyCount == 1 else {
      // As many fields in all, so that a round costs the same.
      let fields = Set(leftOut(of: count / copyCount, isSeries: isSeries).enumerated().filter { $0.offset % copyCount == 0 }.map(\.element))
      return fields.sorted().expanded(toCopies: copyCount)
    }
    let length = min(largestStretch, max(2, count / 20))
    guard isSeries else { return (0..<count).middles(ofParts: 2 * length) }
    let starts = [count / 4, 3 * count / 4]
    return Set(starts.flatMap { start in (0..<length).map { min(count - 1, start + $0) } }).sorted()
  }

  /// Makes a round.
  ///
  /// - Parameters:
  ///   - fields: the measured fields.
  ///   - leftOut: the positions of those that are left out.
  ///   - modeCount: the largest number of modes.
  ///   - termPrecision: the precision of the prior of each coefficient of the climatology.
  ///   - random: the stream that selects values for the likelihood.
  ///   - own: the covariance model of ``current``; nil for the one that all others have.
  ///   - model: the covariance of a prior as a function of its parameters.
  ///   - progress: called after each field and each long step; may throw to interrupt.
  package mutating func advance(
    over fields: GappyStates, leavingOut leftOut: [Int], modeCount: Int, termPrecision: [Double],
    random: RandomStream, own: CovarianceModel? = nil, model: (CompletedPrior) -> CovarianceModel, progress: () throws -> Void
  ) throws {
    let covariance = (own ?? model(current)).covariance(parameters: current.parameters)
    let climatology = current.climatology
    let isOut = Set(leftOut)
    func sums(_ positions: [Int]) throws -> CompletionSums {
      var sums = CompletionSums(stateCount: fields.stateCount, termCount: fields.termCount)
      try sums.add(fields.part(positions), covariance: covariance, climatology: climatology, progress: progress)
      return sums
    }
    var rest = try sums((0..<fields.count).filter { !isOut.contains($0) })
    let out = try sums(leftOut)
    let score = try Self.score(
      of: climatology, covariance: covariance, fields: fields, leftOut: leftOut, progress: progress)
    let highest = scores.map(\.logDensity).max()
    scores.append(score)
    // A start without modes is none to end with.
    if best.functions.modeCount == 0 || highest.map({ score.logDensity > $0 }) ?? true { best = whole }
    if let highest, (score.logDensity - highest) * Double(score.count) < Self.smallestGain || scores.count > Self.roundLimit {
      isFinished = true
      return
    }
    let ownVariances = try fields.haveOperator ? Self.ownVariancesBeneathOperators : [1]
    /// What the sums of fields teach.
    ///
    /// - Parameter isResult: whether new fields are to be known by it. They differ from the climatology by their anomalies and by what is
    ///   not known of the climatology, which the next round, in which the climatology is sought again, must not count once more.
    func next(_ sums: CompletionSums, isResult: Bool) throws -> CompletedPrior {
      var (covariance, climatology, uncertainty) = try sums.maximum(
        covariance: covariance, climatology: climatology, precision: termPrecision, ownVariances: ownVariances)
      try progress()
      if isResult { covariance.add(uncertainty) }
      return CompletedPrior(
        functions: try EmpiricalOrthogonalFunctions(ofCovariance: covariance, modeCount: modeCount),
        climatology: climatology, parameters: current.parameters)
    }
    var learned = try next(rest, isResult: false)
    try progress()
    rest.add(out)
    whole = try next(rest, isResult: true)
    try progress()
    learned.parameters = try Self.parameters(
      of: learned, under: model(learned), fields: fields, leftOut: leftOut, random: random
    ).values
    whole.parameters = learned.parameters
    current = learned
  }

  /// How well hidden values of the fields that are left out are predicted.
  private static func score(
    of climatology: Tensor<Double>, covariance: Tensor<Double>, fields: GappyStates, leftOut: [Int],
    progress: () throws -> Void
  ) throws -> HiddenScore {
    var score = HiddenScore()
    for (index, position) in leftOut.enumerated() {
      // The gaps of a field of the other stretch: those of a neighbour would be nearly its own.
      let mask = try fields.field(leftOut[(index + leftOut.count / 2) % leftOut.count])
      score.add(
        try CompletionSums.score(fields.field(position), under: mask, covariance: covariance, climatology: climatology))
      try progress()
    }
    return score
  }

  /// The first round from each of several starts, of which the one is taken that predicts hidden values of the fields that are left
  /// out best.
  ///
  /// Arguments are those of ``advance(over:leavingOut:modeCount:termPrecision:random:own:model:progress:)``, but for the following.
  ///
  /// - Parameters:
  ///   - starts: what is known before any round.
  ///   - smoothnesses: those of the Matérn field of a start, of which the likeliest is taken. It stays what is known of directions that
  ///     the values never show, so that a rough field where the signals are smooth is not mended by later rounds.
  ///   - model: the covariance of a prior with a Matérn field of a smoothness. All rounds after the first have ½.
  package static func begun(
    from starts: [CompletedPrior], smoothnesses: [MaternCorrelation], over fields: GappyStates, leavingOut leftOut: [Int],
    modeCount: Int, termPrecision: [Double], random: RandomStream,
    model: (CompletedPrior, MaternCorrelation) -> CovarianceModel, progress: () throws -> Void
  ) throws -> CompletionRounds {
    var found: (rounds: CompletionRounds, logDensity: Double)?
    for start in starts {
      let candidates = try smoothnesses.map { smoothness in
        let own = model(start, smoothness)
        return (own, try parameters(of: start, under: own, fields: fields, leftOut: leftOut, random: random))
      }
      guard let (own, chosen) = candidates.min(by: { $0.1.objective < $1.1.objective }) else { continue }
      var start = start
      start.parameters = chosen.values
      var rounds = CompletionRounds(start)
      try rounds.advance(
        over: fields, leavingOut: leftOut, modeCount: modeCount, termPrecision: termPrecision, random: random, own: own,
        model: { model($0, .half) }, progress: progress)
      let logDensity = try score(
        of: rounds.current.climatology,
        covariance: model(rounds.current, .half).covariance(parameters: rounds.current.parameters), fields: fields,
        leftOut: leftOut, progress: progress
      ).logDensity
      if found.map({ logDensity > $0.logDensity }) ?? true { found = (rounds, logDensity) }
    }
    guard let found else { preconditionFailure("No start") }
    return found.rounds
  }

  /// The parameters that are likeliest for the values of some of the fields that were left out.
  private static func parameters(
    of prior: CompletedPrior, under model: CovarianceModel, fields: GappyStates, leftOut: [Int], random: RandomStream
  ) throws -> ChosenParameters {
    let asked = Set((0..<min(10, leftOut.count)).map { leftOut[$0 * leftOut.count / min(10, leftOut.count)] }).sorted()
    let values = try asked.map { position -> ObservedStates in
      let field = try fields.field(position)
      var values = field.values
      values.anomalies = CompletionSums.anomalies(of: values, terms: field.terms, climatology: prior.climatology)
      return values
    }.filter { $0.count > 0 }
    guard !values.isEmpty else { throw PriorError.nothingObserved }
    return model.chooseParameters(forStates: values, observedLimit: 500, maximumEvaluations: 40, random: random)
  }
}
