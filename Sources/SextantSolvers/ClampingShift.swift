// How far the mean of a field moves when its answer is kept within a range. A range alone makes no Gaussian honest: where
// much of it lies beyond the range, the mean of what is clamped is far from the best estimate, and a transform is better.

import Foundation
import SextantSignals

/// The sums over the entries of one variable that tell how far clamping moved its mean.
struct ClampingShift {
  private var count = 0.0
  private var shift = 0.0
  private var squaredSpread = 0.0
  private var sum = 0.0
  private var squares = 0.0

  /// Adds an entry, whose mean is not NaN.
  mutating func add(from mean: Double, to moved: Double, spread: Double) {
    count += 1
    shift += moved - mean
    sum += mean
    squares += mean * mean
    squaredSpread += spread * spread
  }

  /// The diagnostics of a variable: the mean shift in its units, and its size as a share of the variable's standard
  /// deviation (of the field's mean and its spread together). Nothing is written if nothing moved.
  func write(to diagnostics: inout [String: Double], channel: Int) {
    guard count > 0, shift != 0 else { return }
    let average = sum / count
    let variance = squares / count - average * average + squaredSpread / count
    diagnostics[Self.shiftKey(channel)] = shift / count
    diagnostics[Self.shareKey(channel)] = variance > 0 ? abs(shift / count) / variance.squareRoot() : 0
  }

  fileprivate static func shiftKey(_ channel: Int) -> String { "clamping-shift[\(channel)]" }
  fileprivate static func shareKey(_ channel: Int) -> String { "clamping-share[\(channel)]" }
}

extension FieldSpace {
  /// What is to be said of ranges that moved the mean of an answer.
  ///
  /// - Parameter diagnostics: the diagnostics of a posterior, or their averages over many.
  public func clampingRemarks(_ diagnostics: [String: Double]) -> [Remark] {
    variables.indices.compactMap { channel in
      guard let shift = diagnostics[ClampingShift.shiftKey(channel)],
        let share = diagnostics[ClampingShift.shareKey(channel)], share >= 0.001
      else { return nil }
      let variable = variables[channel]
      let found = String(
        format: "Keeping %@ within its bounds moved the mean of its answer by %+.3g%@, which is %.2g %% of its standard deviation.",
        variable.name, shift, variable.unitsAfterNumber, 100 * share)
      guard share > 0.05 else { return Remark(.note, "clamping", found) }
      let kind = VariableNature(variable).transform ?? "censored"
      return Remark(
        .warning, "clamping",
        found
          + " Bounds alone do not make a Gaussian fit this variable: use a transform, with --transform \(variable.name)=\(kind) for a method without an archive, or variables: {\(variable.name): {transform: \(kind)}} in the settings of `sextant train`.")
    }
  }
}
