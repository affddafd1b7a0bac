// The stages of learning a prior, shown one after another.

import SextantModels
import SextantPriors

/// Tells an observer which stage of learning is under way, and how far it is.
final class StageProgress {
  private let observer: any ProgressObserver
  private let interruption: Interruption
  private let count: Int
  private var stage: GaussianPrior.TrainingStage?
  private var done = 0

  /// - Parameter count: the number of fields that each stage reads.
  init(_ observer: any ProgressObserver, interruption: Interruption, count: Int) {
    (self.observer, self.interruption, self.count) = (observer, interruption, count)
  }

  /// Counts fields of a stage. Throws ``InterruptionError`` if asked to stop.
  func advance(_ now: GaussianPrior.TrainingStage, by fields: Int) throws {
    try interruption.check()
    if now != stage {
      finish()
      observer.start(now.rawValue, unit: "field", count: count)
      (stage, done) = (now, 0)
    }
    done += fields
    observer.advance(to: min(done, count))
  }

  /// Ends the stage that is under way, if one is.
  func finish() {
    if stage != nil { observer.finish() }
    stage = nil
  }
}
