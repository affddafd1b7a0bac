// Scores of files that any program filled, against the truth: so that other tools can be in the same table. What `sextant score`
// runs, for every format.

import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantModels
import SextantSignals

/// Files to be scored against a clean one.
public struct Scoring: Sendable {
  /// The clean file.
  public var truth: SignalInput
  /// The file with gaps that was filled: it tells observed from missing. nil: all counts as missing.
  public var observed: String?
  /// The scale of PSNR, in the variables' units: its size and where it starts.
  public var scale: (peak: Double, origin: Double)

  public init(truth: SignalInput, observed: String? = nil, scale: (peak: Double, origin: Double)) {
    self.truth = truth
    self.observed = observed
    self.scale = scale
  }

  /// The scores of each filled file, under its own path as the method's name.
  ///
  /// A file with an ensemble, as `sextant impute` writes it, is scored with its ensemble. Entries that a file leaves missing
  /// are left out of its scores.
  public func run(_ filled: [String], catalogue: Catalogue = .standard) throws -> ScoreCollection {
    let formats = catalogue.formats
    let clean = try truth.open(formats: formats)
    let names = clean.variables.map(\.name)
    func open(_ path: String, _ content: SignalRequest.Content) throws -> any SignalDocument {
      let document = try formats.open(
        SignalRequest(
          path: path, variables: names, select: truth.select, content: content, expectedVariables: clean.variables,
          domain: clean.domain))
      guard document.domain.fingerprint == clean.domain.fingerprint, document.count == clean.count else {
        throw RunError.invalid(
          "\(path): \(document.count) fields on a \(document.domain.summary), but the truth has \(clean.count) on a \(clean.domain.summary)."
        )
      }
      return document
    }
    let gaps = try observed.map { try open($0, .fields) }
    let scorer = Scorer(
      on: clean.domain,
      variables: clean.variables.enumerated().map { channel, variable in
        ScoredVariable(
          name: variable.name, units: variable.units, channels: [channel], peak: scale.peak, origin: scale.origin)
      }, channelCount: clean.variables.count)
    var scores = ScoreCollection()
    for path in filled {
      let answers = try open(path, .estimates)
      for index in 0..<clean.count {
        let (field, answer) = (try clean.read([index])[0], try answers.read([index])[0])
        let isObserved = try gaps?.read([index])[0].isValid ?? [Bool](repeating: false, count: field.isValid.count)
        try scores.add(
          scorer.scores(
            of: ScoredEstimate(mean: answer.values.scalars, samples: try answers.members(of: index)),
            against: ScoredTruth(
              values: field.values.scalars, isValid: zip(field.isValid, answer.isValid).map { $0 && $1 },
              isObserved: isObserved),
            label: ScoreLabel(method: path, field: field.label.time ?? "field \(index)", group: observed ?? ""),
            breakingTiesWith: RandomStream(seed: 0)))
      }
    }
    return scores
  }
}
