// A training as a picture: its losses against the time that it took.

import SextantModels
import SextantReport
import SextantSignals

/// Draws logs.
enum TrainingCurves {
  /// Writes the picture; nothing where the log has fewer than two lines.
  ///
  /// Throws ``ReportError`` and ``FileError``.
  static func draw(_ records: [TrainingRecord], title: String, to path: String) throws {
    guard records.count > 1 else { return }
    let minutes = records.map { $0.seconds / 60 }
    let validated = records.filter { $0.validation != nil }
    try Plot(
      title: title, subtitle: "\(records[records.count - 1].step) steps",
      xAxis: Axis("wall time of training (minutes)"), yAxis: Axis("mean loss"),
      layers: [
        .line("seen in training", x: minutes, y: records.map(\.loss)),
        .line("held out", x: validated.map { $0.seconds / 60 }, y: validated.compactMap(\.validation)),
      ]
    ).write(to: path, overwrite: true)
  }

  /// Writes the error of a flow's mean against the time, on measurements seen and unseen; nothing where the log has none.
  static func drawQuality(_ records: [TrainingRecord], variables: [Variable], to path: String) throws {
    guard let variable = variables.first else { return }
    let looks = records.filter { $0.figures?["unseen.\(variable.name).rmse"] != nil }
    guard looks.count > 1 else { return }
    try Plot(
      title: "Error of the flow's mean", subtitle: "\(variable.name), measurements that training saw, and others",
      xAxis: Axis("wall time of training (minutes)"),
      yAxis: Axis("root mean square error (\(variable.units))", kind: .logarithmic),
      layers: ["unseen", "seen"].map { set in
        .line(
          set, x: looks.map { $0.seconds / 60 }, y: looks.map { $0.figures?["\(set).\(variable.name).rmse"] ?? .nan })
      }
    ).write(to: path, overwrite: true)
  }
}

extension TrainingCurves {
  /// Draws how well rounds of completion predict hidden values, and how much their completions vary.
  static func drawRounds(_ scores: [CompletionScore], to path: String) throws {
    guard scores.count > 1, let first = scores.first else { return }
    let rounds = scores.map { Double($0.round) }
    try Plot(
      title: "Rounds of completion", subtitle: "round 0 is what they start from",
      xAxis: Axis("round"), yAxis: Axis("against round 0"),
      layers: [
        .line("CRPS of hidden values", x: rounds, y: scores.map { $0.crps / first.crps }),
        .line("variance of the completions", x: rounds, y: scores.map { $0.variance / first.variance }),
      ]
    ).write(to: path, overwrite: true)
  }
}
