// An output must not be one of the inputs: a file that replaces what it was made from destroys a person's observations.
// Two names are one file if the system says so, whatever links, `..` and mounts lie between them.

import Foundation

extension WholeFile {
  /// Throws ``FileError/isInput(path:input:)`` if `path` names one of the files or folders `inputs`, directly or
  /// through symbolic or hard links. Names of files that do not exist are no inputs.
  public static func checkIsNoInput(_ path: String, inputs: [String]) throws {
    guard let output = FileIdentity(path) else { return }
    for input in inputs where FileIdentity(input) == output { throw FileError.isInput(path: path, input: input) }
  }
}

/// What tells one file of this machine from another.
private struct FileIdentity: Equatable {
  let device: UInt64
  let number: UInt64

  /// The file that a path leads to, through all links; nil where there is none.
  init?(_ path: String) {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    (device, number) = (UInt64(facts.st_dev), UInt64(facts.st_ino))
  }
}
