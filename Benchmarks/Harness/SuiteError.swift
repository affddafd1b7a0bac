// What can go wrong in the suite itself.

import Foundation

/// An error of the benchmark suite.
enum SuiteError: Error, CustomStringConvertible {
  /// A peer ended, or said something that is no answer.
  case lostPeer(PeerName, found: String)
  /// A peer could not do what it was asked to.
  case peerFailed(PeerName, reason: String)
  /// The program that a row runs ended with an error.
  case programFailed(status: Int32)
  /// Something that was measured refused; the text says what.
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

/// Says something that is no result.
func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
