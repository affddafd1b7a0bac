// From an error to what the user sees and to the exit code that scripts see.

import ArgumentParser
import Foundation
import Sextant

/// The ends that the program can come to.
enum ProgramExit {
  /// The exit code for `error`: 0 for a request for help, 64 for wrong arguments, 130 or 143 for an interruption, else 1.
  static func code(for error: any Error) -> Int32 {
    if error is InterruptionError { return InterruptionSignals.exitCode }
    return isWrongArgument(error) ? ExitCode.validationFailure.rawValue : SextantTool.exitCode(for: error).rawValue
  }

  /// Whether an error of a format means that the arguments have to be others, and not the file.
  private static func isWrongArgument(_ error: any Error) -> Bool {
    switch error as? SignalFormatError {
    case .refused, .meshUnknown, .unknownOutput, .unwritable, .repeatedVariable: true
    default: false
    }
  }

  /// The message for `error`, with the usage below it where the arguments are wrong.
  static func message(for error: any Error) -> String {
    guard SextantTool.exitCode(for: error) == .validationFailure else { return "sextant: error: \(text(of: error))" }
    let message = SextantTool.fullMessage(for: error)
    return "sextant: error: " + (message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message)
  }

  /// Our own errors describe themselves; `localizedDescription` is for those of Foundation, which do not.
  private static func text(of error: any Error) -> String {
    let description = SextantTool.message(for: error)
    return description.isEmpty ? "\(error)" : description
  }

  /// Prints what is to be said of `error` and ends the process.
  static func exit(with error: any Error) -> Never {
    // The parser prints help and version texts to standard output itself.
    if SextantTool.exitCode(for: error).isSuccess { SextantTool.exit(withError: error) }
    let isBareCode = error is ExitCode
    if !isBareCode { FileHandle.standardError.write(Data((message(for: error) + "\n").utf8)) }
    // Not `exit`: after a failed write, what HDF5 does at the end of a process crashes on the file that it could
    // not flush.
    fflush(nil)
    _exit(code(for: error))
  }
}
