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
  /// A file with `<name>_ensemble`, as `sextant impute` writes it, is scored with its ensemble. Entries that a file leaves missing are left out of its scores.
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
      let ensemble = try Self.ensemble(in: path, of: truthFile)
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
            of: ScoredEstimate(
              mean: answer.values.scalars, samples: try ensemble.map { try Self.members($0, index, of: truthFile) }),
            against: ScoredTruth(
              values: clean.values.scalars, isValid: zip(clean.isValid, answer.isValid).map { $0 && $1 },
              isObserved: isObserved),
            label: ScoreLabel(method: path, field: clean.label.time ?? "field \(index)", group: observed ?? ""),
            breakingTiesWith: RandomStream(seed: 0)))
      }
    }
    return scores
  }

  /// The ensemble beside the fields of a file, if it has one: `<name>_ensemble`, members of one field after another.
  private static func ensemble(in path: String, of truth: GriddedFile) throws -> GriddedFile? {
    let names = truth.variables.map { "\($0.name)_ensemble" }
    guard let file = try? GriddedFile(path: path, variables: names), file.count.isMultiple(of: truth.count) else {
      return nil
    }
    return file
  }

  /// The samples of field `index` (N×V·C).
  private static func members(_ ensemble: GriddedFile, _ index: Int, of truth: GriddedFile) throws -> Tensor<Float> {
    let count = ensemble.count / truth.count
    let members = try ensemble.read(Array(index * count..<(index + 1) * count))
    return members.values.reshaped(to: [count, truth.domain.vertexCount * truth.variables.count])
  }
}
