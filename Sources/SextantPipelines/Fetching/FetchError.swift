// What can go wrong on the way from another machine, told so that the reader knows whether to try again.

/// A file that could not be fetched.
public enum FetchError: Error, Equatable, CustomStringConvertible {
  /// The address cannot be used.
  case invalidAddress(String)
  /// The server could not be reached, or the connection broke.
  case unreachable(address: String, reason: String, kept: Int)
  /// The server answered that it has no such file, or that something is wrong with itself.
  case refused(address: String, status: Int)
  /// The server has a file of another length.
  case anotherLength(address: String, expected: Int, found: Int)
  /// The right length, and other bytes.
  case anotherContent(address: String, expected: String, found: String)
  /// Another process fetches the same file.
  case busy(path: String)
  /// The archive could not be unpacked.
  case unpacking(path: String, reason: String)
  /// None of several homes gave the file.
  case noHome(name: String, reasons: [String])

  public var description: String {
    switch self {
    case .invalidAddress(let address): "'\(address)' is no address: expected one such as https://example.org/data/."
    case .unreachable(let address, let reason, let kept):
      "\(address): \(reason)." + (kept > 0 ? " \(kept) bytes are kept: the same command goes on from there." : "")
    case .refused(let address, let status):
      "\(address): the server answered \(status). Look at the home page, and give --from ADDRESS if the file has moved."
    case .anotherLength(let address, let expected, let found):
      "\(address): \(found) bytes, expected \(expected). The file there is another than the one that was published."
    case .anotherContent(let address, let expected, let found):
      "\(address): the bytes are not those that were published (SHA-256 \(found), expected \(expected)). They were thrown away; try again, or give --from ADDRESS."
    case .busy(let path): "\(path): another process is fetching this file. Wait for it, or end it."
    case .unpacking(let path, let reason): "\(path): could not be unpacked: \(reason)."
    case .noHome(let name, let reasons): "\(name) could not be fetched:\n  " + reasons.joined(separator: "\n  ")
    }
  }
}
