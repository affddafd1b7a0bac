// Runs programs that tests compare with, such as ncdump and CDO.

import Foundation

/// A program that may be there.
public enum ExternalProgram {
  /// What a program that failed complained of.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Whether the system finds the program.
  public static func isInstalled(_ name: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(name)"]))?.status == 0
  }

  /// Runs a program to its end.
  public static func run(_ arguments: [String]) throws -> (status: Int32, output: Data, errors: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files and not pipes: a full pipe would stop the program while this process waits for it.
    let (output, errors) = (folder.appendingPathComponent("output"), folder.appendingPathComponent("errors"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try Data(contentsOf: output), try Data(contentsOf: errors))
  }

  /// What a program prints; throws what it complains of if it fails.
  public static func output(_ arguments: [String]) throws -> Data {
    let result = try run(arguments)
    guard result.status == 0 else {
      throw Failure(description: "\(arguments[0]) failed: " + String(decoding: result.errors, as: UTF8.self))
    }
    return result.output
  }
}
