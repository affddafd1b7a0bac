// Every configuration in the documentation and in the folder of configurations loads, and is checked as its command would.

import Foundation
import Sextant
import SextantTestSupport
import SextantYAML
import Testing

@testable import SextantModels
@testable import SextantRuns

@Suite struct DocumentedConfigurations {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A configuration, and where it stands.
  struct Example: CustomTestStringConvertible, Sendable {
    var place: String
    var text: String
    var testDescription: String { place }
  }

  /// The blocks of YAML in the pages, and the files of the folder. Settings of studies, which say their kind at the top, are
  /// read by another program, and tested with it.
  static let examples: [Example] = {
    func files(_ folder: String, _ ending: String) -> [URL] {
      let found = FileManager.default.enumerator(
        at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
      return found.filter { $0.pathExtension == ending }.sorted { $0.path < $1.path }
    }
    var examples: [Example] = []
    for page in files("docs", "md") + [root.appendingPathComponent("README.md")] {
      let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
      for (number, block) in text.components(separatedBy: "```yaml\n").dropFirst().enumerated() {
        examples.append(
          Example(place: "\(page.lastPathComponent), block \(number + 1)", text: block.components(separatedBy: "```")[0]))
      }
    }
    for file in files("configurations", "yaml") {
      examples.append(
        Example(place: file.lastPathComponent, text: (try? String(contentsOf: file, encoding: .utf8)) ?? ""))
    }
    return examples.filter { !$0.text.contains("\nkind: ") && !$0.text.hasPrefix("kind: ") }
  }()

  @Test func thereAreExamples() { #expect(Self.examples.count > 15) }

  /// It loads; what it tests on is its archive, or files that it names; and the test fields are no fields that are learned from.
  @Test(arguments: examples) func itLoadsAndTestsOnItsOwnData(example: Example) throws {
    let text = example.text.replacingOccurrences(of: "${SEXTANT_DATA}", with: "/data")
    let run = try RunConfiguration.parse(text, path: example.place).configuration
    let tested = run.evaluate.fields
    #expect(tested.isSynthetic == run.archive.isSynthetic)
    guard !run.archive.isSynthetic, text.contains("\nevaluate:") else { return }
    if tested.files == run.archive.files, tested.select == run.archive.select, tested.exclude == run.archive.exclude {
      #expect(tested.part != run.archive.part && tested.part != .all, "\(tested.part)")
    }
  }

  /// The page's line `fields: {part: last:0.2}`, which `ArchiveChecks` runs, means the archive.
  @Test func thePagesTestOnTheirArchive() throws {
    let page = try #require(Self.examples.first { $0.place == "configuration.md, block 1" })
    let run = try RunConfiguration.parse(page.text, path: page.place).configuration
    #expect(run.evaluate.fields.files == run.archive.files && run.archive.part == .first(0.8))
    #expect(run.evaluate.fields.part == .last(0.2))
  }
}
