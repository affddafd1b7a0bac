// How a command prints its result.

import ArgumentParser

/// Options about the form of results.
struct FormatOptions: ParsableArguments {
  @Flag(help: "Print the result as JSON, for programs.")
  var json = false
}
