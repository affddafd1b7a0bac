// What has to hold of the test fields of a comparison: they are no fields that the model learned from, and the scale of
// their scores suits the data.

import SextantModels
import SextantPriors
import SextantSignals
import SextantSolvers

extension RunConfiguration {
  /// Throws ``RunError/invalid(_:)`` where test fields are fields of the archive that are learned from, and what opening
  /// throws.
  ///
  /// Fields are the same where they have the same place in the same file. The synthetic climate is not looked at.
  func checkTestFields(catalogue: Catalogue) throws {
    guard !archive.isSynthetic, !evaluate.fields.isSynthetic else { return }
    let known = Set(try FilePatterns.files(matching: archive.sources))
    guard try !known.isDisjoint(with: FilePatterns.files(matching: evaluate.fields.files)) else { return }
    let learned = Set(try Self.places(archive.openClean(seed: seed, formats: catalogue.formats)))
    let tested = try Self.places(evaluate.fields.open(seed: seed, formats: catalogue.formats))
    let shared = tested.count(where: learned.contains)
    guard shared > 0 else { return }
    throw RunError.invalid(
      "evaluate.fields: \(shared) of \(tested.count) test fields are fields that the model learns from (archive.part: \(archive.part), evaluate.fields.part: \(evaluate.fields.part)). Learn from a part and test on the rest, such as archive.part: first:0.8 and evaluate.fields.part: last:0.2, or give evaluate.fields files of its own."
    )
  }

  /// The place of a field: its file, and its number there.
  private struct Place: Hashable {
    var path: String
    var index: Int
  }

  private static func places(_ selected: (source: any SignalSource, indices: [Int])) throws -> [Place] {
    selected.indices.map { index in
      guard let series = selected.source as? SignalSeries else { return Place(path: "", index: index) }
      let (document, own) = series.origin(of: index)
      return Place(path: document.path, index: own)
    }
  }

  /// Throws ``RunError/invalid(_:)`` for a peak that is a hundred times smaller or larger than the range of the
  /// variable's values: it is probably in other units.
  func checkPeaks(against model: Model) throws {
    guard let prior = model.gaussian?.prior else { return }
    let mean = prior.space.climatology.overallMean
    for (channel, variable) in model.space.variables.enumerated() {
      guard let peak = evaluate.scales[variable.name]?.peak, model.space.transforms[channel].isIdentity else { continue }
      let values = prior.space.layout.states(ofChannel: channel).map { mean[$0] }
      guard let least = values.min(), let greatest = values.max() else { continue }
      let range = Double(greatest - least) + 6 * Double(prior.space.scales[channel])
      guard peak > 100 * range || 100 * peak < range else { continue }
      throw RunError.invalid(
        "evaluate.scale.\(variable.name).peak: \(peak), but the values of the archive range over about \(Float(range)) \(variable.units). Give the size of the variable's scale in \(variable.units.isEmpty ? "its units" : variable.units)."
      )
    }
  }
}
