// What the documentation tells a reader to type can be typed: no step of a page is refused because an earlier step of the
// same page wrote the file.

import Foundation
import Testing

@Suite struct DocumentationTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The pages of docs/ and the README, as text.
  static func pages() throws -> [(name: String, text: String)] {
    let folder = root.appendingPathComponent("docs")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
    let paths = names.sorted().map { folder.appendingPathComponent($0) } + [root.appendingPathComponent("README.md")]
    return try paths.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
  }

  /// The indented `sextant` commands of a page, each with its continued lines.
  static func commands(in page: String) -> [String] {
    var result: [String] = []
    var isContinued = false
    for line in page.components(separatedBy: "\n") where line.hasPrefix("    ") {
      let text = line.trimmingCharacters(in: .whitespaces)
      if isContinued {
        result[result.count - 1] += " " + text
      } else if text.hasPrefix("sextant ") {
        result.append(text)
      } else {
        continue
      }
      isContinued = text.hasSuffix("\\")
    }
    return result
  }

  @Test func noPageWritesAFileTwice() throws {
    var count = 0
    for (name, text) in try Self.pages() {
      var outputs: Set<String> = []
      for command in Self.commands(in: text) where !command.contains("--overwrite") {
        let words = command.split(separator: " ").map(String.init)
        for (option, value) in zip(words, words.dropFirst()) where ["--output", "-o"].contains(option) {
          #expect(outputs.insert(value).inserted, "\(name): \(command)")
          count += 1
        }
      }
    }
    #expect(count > 20)
  }
}
