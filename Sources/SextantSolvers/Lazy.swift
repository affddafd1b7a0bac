// A value that is computed when it is first needed and kept, for parts of a preparation that not every use needs.

import Synchronization

/// A value that is made once. Threads that ask for it at the same time wait for the first.
final class Lazy<Value: Sendable>: Sendable {
  private let kept = Mutex<Value?>(nil)

  /// The value, made by `make` if this is the first time.
  func value(_ make: () throws -> Value) rethrows -> Value {
    try kept.withLock { kept in
      if let kept { return kept }
      let made = try make()
      kept = made
      return made
    }
  }
}
