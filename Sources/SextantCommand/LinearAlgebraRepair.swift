// Makes OpenBLAS use the right kernels: it reads its environment when it is loaded, before any code of ours runs, so the
// program sets the variable and starts itself again, once. Takes a few milliseconds and doubles the speed.

import Foundation
import Sextant

/// The restart that gives OpenBLAS the kernels of this processor.
enum LinearAlgebraRepair {
  /// Set in the restarted process to the kernels that the library had chosen: guards against restarting for ever.
  static let guardVariable = "SEXTANT_RESTARTED_FROM_CORE"

  /// The kernels that the library chose before the restart; nil when there was none.
  static var coreBeforeRestart: String? { ProcessInfo.processInfo.environment[guardVariable] }

  /// False where no mathematics will be done.
  static func isWorthwhile(for arguments: [String]) -> Bool {
    let asksForText = arguments.contains { ["--help", "-h", "--version", "help"].contains($0) }
    let makesScript = arguments.contains { $0.hasPrefix("--generate-completion-script") }
    return !(arguments.isEmpty || asksForText || makesScript)
  }

  /// Restarts the program with `OPENBLAS_CORETYPE` set where that helps. Returns when it does not, or cannot.
  static func restartIfNeeded() {
    guard coreBeforeRestart == nil, !OpenBLAS.isCoreTypeGiven, let better = OpenBLAS.betterCoreType else { return }
    setenv(OpenBLAS.coreTypeVariable, better, 1)
    setenv(guardVariable, OpenBLAS.coreName, 1)
    var arguments = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    execv("/proc/self/exe", arguments)
    // Only reached when the restart failed: the work goes on, slower, and `doctor` says so.
    unsetenv(OpenBLAS.coreTypeVariable)
    for argument in arguments { free(argument) }
  }
}
