// Ctrl-C and SIGTERM raise a flag that long work looks at, and say so; a second one ends the process at once.

import Foundation
import Sextant
import Synchronization

/// The signals that ask the program to stop.
enum InterruptionSignals {
  /// The flag that they raise, to be handed to long work.
  static let interruption = Interruption()

  /// The signal that asked the program to stop; 0 before there was one.
  private static let received = Atomic<Int32>(0)

  /// The exit code of a run that was interrupted, as shells have it: 128 plus the number of the signal, which is SIGINT unless another
  /// one came.
  static var exitCode: Int32 {
    let signal = received.load(ordering: .relaxed)
    return 128 + (signal == 0 ? SIGINT : signal)
  }

  /// Takes over SIGINT and SIGTERM.
  static func install() {
    // Made before a signal can come: a handler must not run an initialiser.
    _ = interruption.isRequested
    received.store(0, ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { InterruptionSignals.receive($0) }
    // Programs that start others from a thread of a pool hand down that thread's mask, which blocks all signals.
    var awaited = sigset_t()
    sigemptyset(&awaited)
    for signal in [SIGINT, SIGTERM] {
      sigaction(signal, &action, nil)
      sigaddset(&awaited, signal)
    }
    sigprocmask(SIG_UNBLOCK, &awaited, nil)
  }

  /// Runs in the handler, and therefore calls nothing that takes memory or a lock.
  private static func receive(_ signal: Int32) {
    guard received.exchange(signal, ordering: .relaxed) == 0 else { _exit(128 + signal) }
    interruption.request()
    // The work goes on after this, and must find its own error as it left it.
    let earlier = errno
    // A terminal shows a bar of progress or ^C in the line.
    if isatty(STDERR_FILENO) == 1 { say("\n") }
    say("Interrupted: ending after the step that is being computed; press Ctrl-C again to stop at once.\n")
    errno = earlier
  }

  private static func say(_ text: StaticString) { _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
}
