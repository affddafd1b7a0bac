// How a command treats its outputs and the person who waits for them.

import ArgumentParser
import Sextant

/// Options about outputs and progress.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace outputs that exist already.")
  var overwrite = false

  @Flag(name: .shortAndLong, help: "Print no progress and no remarks.")
  var quiet = false

  /// Who is told of progress.
  var progress: any ProgressObserver { ProgressBar.observer(isQuiet: quiet) }
}
