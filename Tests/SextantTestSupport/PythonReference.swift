// The Python that knows the truth, where it has the packages for it.

import Foundation

/// Python with scientific packages, if it is there.
public enum PythonReference {
  private static var executable: String { ProcessInfo.processInfo.environment["SEXTANT_PYTHON"] ?? "python3" }
  private static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("References")

  /// Whether Python has all these packages.
  public static func has(_ packages: [String]) -> Bool {
    (try? ExternalProgram.run([executable, "-c", "import " + packages.joined(separator: ", ")]))?.status == 0
  }

  /// What a script of `Tests/References` prints.
  public static func run(_ script: String, arguments: [String]) throws -> Data {
    try ExternalProgram.output([executable, scripts.appendingPathComponent(script).path] + arguments)
  }
}
