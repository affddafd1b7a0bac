// What a flow was worth before and after its training, as JSON and as a table for people.

import Foundation
import SextantModels
import SextantStorage

/// The scores of a training's flow on measurements that it saw and others.
package struct FlowScores: Codable {
  package var rows: [FlowScoreRow]
  /// Seconds of training.
  package var seconds: Double

  package static let fileName = "flow-scores"

  /// Writes both files. Throws ``FileError``.
  package func write(toFolder folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try WholeFile.write(try encoder.encode(self), to: "\(folder)/\(Self.fileName).json", overwrite: true)
    try WholeFile.write(Data(table.utf8), to: "\(folder)/\(Self.fileName).md", overwrite: true)
  }

  private var table: String {
    func number(_ value: Double?, _ decimals: Int) -> String {
      value.map { String(format: "%.\(decimals)f", $0) } ?? "–"
    }
    let lines = rows.map { row in
      "| \(row.name) | \(row.set) (\(row.measurements)) | \(row.variable) | \(number(row.error, 4)) | \(number(row.meanPSNR, 2)) | \(number(row.samplePSNR, 2)) | \(number(row.rankedProbability, 4)) | \(number(row.coverage, 3)) |"
    }
    return """
      | flow | measurements | variable | RMSE of the mean | PSNR mean, dB | PSNR sample, dB | CRPS | 90 % coverage |
      |---|---|---|--:|--:|--:|--:|--:|
      \(lines.joined(separator: "\n"))

      \(number(seconds, 0)) s of training; 128 draws of each measurement; every value of a field counts once. Seen: measurements that training saw.

      """
  }
}
