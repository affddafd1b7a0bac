// A training as a picture: its losses against the time that it took.

import SextantReport

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
}
