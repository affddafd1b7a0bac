// The table of kinds of files × commands: every command of the program on a small file of every kind, which the test
// makes. A command either does its work or refuses with the reason that the kind states.

import Foundation
import SextantTestSupport
import Testing

@Suite(.serialized, .enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct FileKindsByCommandTests {
  /// One row of the table. What a command makes is what the next one works on, so that each is run once.
  @Test(arguments: FileKind.all) func commandsTakeAFile(kind: FileKind) throws {
    let folder = try ScratchFolder()
    let file = try kind.make(folder)
    // What the commands before this one make of the file.
    let (holed, filled) = (folder.path("holed.\(kind.outputEnding)"), folder.path("filled.\(kind.outputEnding)"))
    let steps: [(FileKind.Command, [String])] = [
      (.inspect, [file]),
      (.degrade, [file, "--mask", "random:0.3", "--noise", "0.01", "--output", holed]),
      (.impute, [holed, "--method", kind.method, "--noise", "0.01", "--samples", "4", "--output", filled]),
      (.score, [filled, "--truth", file]),
      (.draw, [file, "--output", folder.path("picture.png")]),
    ]
    var refused: Set<FileKind.Command> = []
    for (step, arguments) in steps where refused.isDisjoint(with: step.steps) {
      let words = [step.rawValue] + arguments + (step == .inspect ? [] : options(of: kind, in: folder)) + (kind.options[step] ?? [])
      let end = try Program(words).end()
      if let reason = kind.refusals[step] {
        #expect(end.code != 0 && end.code < 128 && end.errors.contains(reason), "\(end.code) \(end.errors)")
        refused.insert(step)
        continue
      }
      #expect(end.code == 0, "sextant \(words.joined(separator: " ")): \(end.errors)")
      guard end.code == 0 else {
        refused.insert(step)
        continue
      }
      switch step {
      case .inspect: #expect(end.output.contains(kind.inspected), "\(end.output)")
      case .degrade: #expect(try Program(["inspect", holed]).end().code == 0)
      case .impute: #expect(FileManager.default.fileExists(atPath: filled) && end.output.contains("1 field filled"))
      case .score: #expect(end.output.contains("filled"))
      case .draw:
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("picture.png"))).starts(with: [0x89, 0x50, 0x4E, 0x47]))
      }
    }
  }

  /// The options by which a file is read, with the names of files in the folder completed.
  private func options(of kind: FileKind, in folder: ScratchFolder) -> [String] {
    kind.readingOptions.map { FileManager.default.fileExists(atPath: folder.path($0)) ? folder.path($0) : $0 }
  }
}

/// The page with the table of kinds × commands.
@Suite struct FileKindsPageTests {
  /// The lines of the table, made from the kinds.
  static var table: [String] {
    let commands = FileKind.Command.allCases
    let head = ["| kind of file | " + commands.map { "`\($0)`" }.joined(separator: " | ") + " |", "|---|" + commands.map { _ in "---|" }.joined()]
    return head
      + FileKind.all.map { kind in
        let cells = commands.map { command in command.steps.lazy.compactMap { kind.refusals[$0] }.first.map { "no: \($0)" } ?? "yes" }
        return "| \(kind.name) | \(cells.joined(separator: " | ")) |"
      }
  }

  @Test func thePageSaysWhatHolds() throws {
    let page = try #require(DocumentationTests.pages().first { $0.name == "files.md" }).text
    let lines = page.components(separatedBy: "\n")
    let start = try #require(lines.firstIndex(of: "<!-- files × commands -->"))
    let end = try #require(lines[start...].firstIndex(of: "<!-- end -->"))
    #expect(Array(lines[(start + 1)..<end]) == Self.table, "The table should be:\n\(Self.table.joined(separator: "\n"))")
  }
}
