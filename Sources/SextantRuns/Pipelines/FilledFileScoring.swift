// Scores of fields that any program filled, against the truth: so that other tools can stand in the same table.
// What `sextant score` runs.

import SextantArrays
import SextantEvaluation
import SextantGeometry
import SextantMeasurement
import SextantSignals

/// Files to be scored against a clean one.
public struct FilledFileScoring: Sendable {
  /// The clean file.
  public var truth: String
  /// The file with gaps that was filled: tells observed from missing. nil: all counts as missing.
  public var observed: String?
  /// Its variable, and the name that others have for it in their files.
  public var variable: String?
  /// The scale of PSNR, in the variable's units: its size and where it starts.
  public var scale: (peak: Double, origin: Double)

  public init(truth: String, observed: String? = nil, variable: String? = nil, scale: (peak: Double, origin: Double)) {
    self.truth = truth
    self.observed = observed
    self.variable = variable
    self.scale = scale
  }

  /// The scores of each filled file, under its own path as the method's name.
  ///
  /// Entries that a file leaves missing are left out of its scores.
  public func run(_ filled: [String]) throws -> ScoreCollection {
    let names = variable.map { [$0] }
    let truthFile = try GriddedFile(path: truth, variables: names)
    let gaps = try observed.map { try GriddedFile(path: $0, variables: truthFile.variables.map(\.name)) }
    var scores = ScoreCollection()
    for path in filled {
      let file = try GriddedFile(path: path, variables: truthFile.variables.map(\.name))
      guard file.domain.fingerprint == truthFile.domain.fingerprint, file.count == truthFile.count else {
        throw RunError.invalid(
          "\(path): \(file.count) fields on a \(file.domain.summary), but the truth has \(truthFile.count) on a \(truthFile.domain.summary)."
        )
      }
      let scorer = Scorer(
        on: truthFile.domain,
        variables: truthFile.variables.enumerated().map { channel, variable in
          ScoredVariable(
            name: variable.name, units: variable.units, channels: [channel], peak: scale.peak, origin: scale.origin)
        }, channelCount: truthFile.variables.count)
      for index in 0..<truthFile.count {
        let (clean, answer) = (try truthFile.read([index])[0], try file.read([index])[0])
        let isObserved = try gaps?.read([index])[0].isValid ?? [Bool](repeating: false, count: clean.isValid.count)
        try scores.add(
          scorer.scores(
            of: ScoredEstimate(mean: answer.values.scalars),
            against: ScoredTruth(
              values: clean.values.scalars, isValid: zip(clean.isValid, answer.isValid).map { $0 && $1 },
              isObserved: isObserved),
            label: ScoreLabel(method: path, field: clean.label.time ?? "field \(index)", group: observed ?? ""),
            breakingTiesWith: RandomStream(seed: 0)))
      }
    }
    return scores
  }
}
