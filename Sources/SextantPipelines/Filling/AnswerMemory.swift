// The memory that an answer needs at least, known before any work: its samples, in the form in which they are drawn, converted and
// written. What a method needs beside it, such as factors, is not counted.

import Foundation
import SextantModels

/// The memory of the answer to one field.
struct AnswerMemory {
  /// The bytes of the mean, the spread and the samples, with the copies that are there at one time.
  let bytes: Double
  private let samples: Int
  private let valueCount: Int

  /// - Parameters:
  ///   - valueCount: The values of a field (V·C).
  ///   - samples: The number N of samples.
  init(valueCount: Int, samples: Int) {
    (self.valueCount, self.samples) = (valueCount, samples)
    bytes = 4 * Double(valueCount) * (3 * Double(samples) + 8)
  }

  /// What the work is called, with the memory where that is worth a word.
  var activity: String { bytes < 1e9 ? "imputing" : "imputing (at least \(Self.text(bytes)) of memory)" }

  /// Throws ``RunError`` where there is not as much memory as the answer needs.
  func check(available: Double? = Self.available) throws {
    guard let available, bytes > available else { return }
    let room = (available - 32 * Double(valueCount)) / (12 * Double(valueCount))
    let advice =
      room >= 1
      ? "Give --samples \(Int(room)) or fewer, or a smaller field."
      : room >= 0 ? "Give --samples 0 for the mean and the spread alone, or a smaller field." : "Give a smaller field: the mean and the spread alone take more."
    throw RunError.invalid(
      "\(samples) samples of a field of \(valueCount) values take at least \(Self.text(bytes)) of memory, and \(Self.text(available)) are free. \(advice)")
  }

  private static func text(_ bytes: Double) -> String { String(format: "%.1f GB", bytes / 1e9) }

  /// The bytes that the system says are available; nil where it does not.
  static var available: Double? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let number = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
    else { return nil }
    return 1024 * number
  }
}
