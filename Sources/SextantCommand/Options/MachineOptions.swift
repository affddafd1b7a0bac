// How a command uses the machine.

import ArgumentParser
import Sextant

/// Options about threads.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The number of threads; by default, as many as there are processors. Results do not depend on it.", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads \(threads): at least 1 is needed.") }
  }

  /// Lets loops and matrix products use as many threads as were asked for.
  func apply() {
    guard let threads else { return }
    Parallel.limitThreads(to: threads)
    OpenBLAS.limitThreads(to: threads)
  }
}
