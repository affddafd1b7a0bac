// A kind of file that people have, for the table of kinds × commands: how a small complete file of it is made, and which
// commands cannot work on it, with a phrase of the reason that they must give. Each group of kinds lists its members in
// a file of its own.

import Foundation
import SextantTestSupport

/// A kind of file and what the commands make of it.
struct FileKind: Sendable, CustomStringConvertible {
  /// A command of the table.
  enum Command: String, CaseIterable, Sendable, CustomStringConvertible {
    case inspect, degrade, impute, score, draw

    var description: String { rawValue }

    /// The commands that must work for this one to have something to work on, and itself: scores need an answer, and an answer
    /// gaps.
    var steps: [Command] {
      switch self {
      case .inspect, .draw, .degrade: [self]
      case .impute: [.degrade, .impute]
      case .score: [.degrade, .impute, .score]
      }
    }
  }

  /// The name in the table, such as "table of stations".
  var name: String
  /// Makes a complete file of one smooth variable in the folder, with all that belongs to it, and returns its path.
  var make: @Sendable (_ folder: ScratchFolder) throws -> String
  /// Options that every command but `inspect` needs to read the file, such as ["--mesh", "egg.ply"]; names of files in
  /// the folder are completed.
  var readingOptions: [String] = []
  /// The method by which `impute` fills the file.
  var method = "kriging"
  /// Further options of single commands.
  var options: [Command: [String]] = [:]
  /// The ending of what `degrade` and `impute` write.
  var outputEnding: String
  /// A word that `inspect` must print of the file.
  var inspected: String
  /// The commands that must refuse the file, with a phrase of the reason.
  var refusals: [Command: String] = [:]

  var description: String { name }

  /// All kinds of the table.
  static let all = points + otherGrids + meshesAndClouds + images
}
