// A value that is computed on first use and then kept, for parts of a preparation that are not always needed.

import Synchronization

/// A value that is computed once; threads that request it at the same time wait for the first of them.
final class Lazy<Value: Sendable>: Sendable {
  private let kept = Mutex<Value?>(nil)

  /// The value, computed by `make` on first use.
  func value(_ make: () throws -> Value) rethrows -> Value {
    try kept.withLock { kept in
      if let kept { return kept }
      let made = try make()
      kept = made
      return made
    }
  }
}
