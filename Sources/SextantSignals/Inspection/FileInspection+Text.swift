// The inspection as text for the terminal.

import Foundation
import SextantGeometry

extension FileInspection: CustomStringConvertible {
  /// The complete inspection as text with several lines.
  public var description: String {
    var lines = ["\(path): \(format)"]
    let extents = dimensions.map { "\($0.name) = \($0.length)\($0.isUnlimited ? " (unlimited)" : "")" }
    lines.append("Dimensions: " + (extents.isEmpty ? "none" : extents.joined(separator: ", ")))
    lines.append("Variables:")
    lines += Self.table(
      [["name", "type", "dimensions", "role", "units", "minimum", "maximum", "missing"]]
        + variables.map { variable in
          [
            variable.name, variable.type, "(\(variable.dimensions.joined(separator: ", ")))", variable.role.rawValue,
            variable.units, Self.text(variable.minimum), Self.text(variable.maximum),
            variable.missingShare.map { String(format: "%.1f %%", $0 * 100) } ?? "",
          ]
        }
    ).map { "  " + $0 }
    if let fields {
      lines.append(fields.arePoints ? "Read as points:" : "Read as fields:")
      lines.append("  \(fields.count) × \(fields.variables.joined(separator: ", ")) on \(fields.domain.withArticle)")
      if let first = fields.firstTime, let last = fields.lastTime {
        let step = fields.step.map { $0 == "irregular" ? ", irregular" : ", every \($0)" } ?? ""
        let calendar = fields.calendar.map { ", calendar \($0)" } ?? ""
        lines.append((first == last ? "  time: \(first)" : "  time: \(first) … \(last)") + step + calendar)
      }
      for (name, values) in fields.coordinates.sorted(by: { $0.key < $1.key }) {
        lines.append("  \(name): \(values.joined(separator: ", "))\(values.count == 12 ? ", …" : "")")
      }
    }
    lines.append(problems.isEmpty ? "Problems: none" : "Problems:")
    lines += problems.map { "  " + $0 }
    if !proposals.isEmpty { lines += ["Proposals:"] + proposals.map { "  " + $0 } }
    return lines.joined(separator: "\n")
  }

  private static func text(_ number: Double?) -> String { number.map { String(format: "%.6g", $0) } ?? "" }

  private static func table(_ rows: [[String]]) -> [String] {
    let widths = rows.reduce([]) { widths, row in
      row.indices.map { max(row[$0].count, $0 < widths.count ? widths[$0] : 0) }
    }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
