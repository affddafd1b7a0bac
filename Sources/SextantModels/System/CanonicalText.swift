// Settings as text that is the same for the same settings: what tells one training from another.

import Foundation

extension Encodable {
  /// JSON with its keys sorted.
  package func canonicalText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
