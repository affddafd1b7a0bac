// Errors of the suite itself.

import Foundation

/// An error of the benchmark suite.
enum SuiteError: Error, CustomStringConvertible {
  /// A peer ended, or returned something other than an answer.
  case lostPeer(PeerName, found: String)
  /// A peer could not do its work.
  case peerFailed(PeerName, reason: String)
  /// The program that a row runs ended with an error.
  case programFailed(status: Int32)
  /// Measured work failed; the text gives the reason.
  case failed(String)

  var description: String {
    switch self {
    case .lostPeer(let name, let found):
      "\(name.rawValue): expected an answer in JSON on the peer's standard output, found \(found)"
    case .peerFailed(let name, let reason): "\(name.rawValue): \(reason)"
    case .failed(let reason): reason
    case .programFailed(let status): "the program sextant ended with status \(status)"
    }
  }
}

/// Prints a note that is not a result.
func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
