// Ctrl-C and SIGTERM raise a flag that long work looks at; a second one ends the process at once.

import Foundation
import Sextant

/// The signals that ask the program to stop.
enum InterruptionSignals {
  /// The flag that they raise, to be handed to long work.
  static let interruption = Interruption()

  /// Takes over SIGINT and SIGTERM.
  static func install() {
    // Made before a signal can come: a handler must not run an initialiser.
    _ = interruption
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in InterruptionSignals.interruption.request() }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    // Programs that start others from a thread of a pool hand down that thread's mask, which blocks all signals.
    var awaited = sigset_t()
    sigemptyset(&awaited)
    for signal in [SIGINT, SIGTERM] {
      sigaction(signal, &action, nil)
      sigaddset(&awaited, signal)
    }
    sigprocmask(SIG_UNBLOCK, &awaited, nil)
  }
}
