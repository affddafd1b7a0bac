// Several inputs of one command, and the output of each: files by name or by the shell's wildcards, each answered in a
// file of its own.

import Foundation
import SextantModels
import SextantSignals

/// The input files of a command.
public struct InputFiles: Sendable, Equatable {
  /// The files, in the order in which they were named.
  public let paths: [String]

  /// - Parameter patterns: Paths, in which the shell's wildcards may stand.
  /// - Throws: `RunError.invalid(_:)` for a wildcard that no file matches, and for a file that is named twice.
  public init(_ patterns: [String]) throws {
    // A file whose own name has a wildcard in it is meant itself.
    paths = try patterns.flatMap { pattern in
      FileManager.default.fileExists(atPath: pattern) ? [pattern] : try FilePatterns.files(matching: [pattern])
    }
    var seen: Set<String> = []
    for path in paths where !seen.insert(path).inserted {
      throw RunError.invalid("\(path): this file is named twice. Name each file once.")
    }
  }

  /// The output of each file: `output` itself for a single file, unless it is a folder, and for a single folder of images; else
  /// the file's own name in the folder `output`, which ends in png for a JPEG.
  ///
  /// - Throws: `RunError.invalid(_:)` where several files would go to one name, or what is written beside them would.
  public func outputs(_ output: String) throws -> [(input: String, output: String)] {
    // A folder of images becomes a folder of images, which is there already where an older answer is to be replaced.
    if paths.count == 1, Self.isFolder(paths[0]) { return [(paths[0], output)] }
    guard output.hasSuffix("/") || Self.isFolder(output) else {
      guard paths.count == 1 else {
        throw RunError.invalid(
          "--output \(output): there are \(paths.count) inputs, and each gets an output of its own. Give a folder, such as --output filled/.")
      }
      return [(paths[0], output)]
    }
    let folder = URL(fileURLWithPath: output)
    var (inputs, stems): ([String: String], [String: String]) = ([:], [:])
    return try paths.map { path in
      let name = ImageNames.answer(to: URL(fileURLWithPath: path).lastPathComponent)
      // The spread and the description of a.png and of a.tif are both in a.spread.tif and a.about.json.
      let stem = ImageNames.stem(of: name)
      if let stem, let other = stems.updateValue(path, forKey: stem) {
        throw RunError.invalid(
          "--output \(output): the answers to \(other) and \(path) would have their parts in the same files, such as \(stem).\(ImageNames.aboutName). Rename one of them, or give them in two commands with two folders."
        )
      }
      if let other = inputs.updateValue(path, forKey: name) {
        throw RunError.invalid(
          "--output \(output): \(other) and \(path) have the same name, so that one output would replace the other. Give them in two commands with two folders.")
      }
      return (path, folder.appendingPathComponent(name).relativePath)
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
