// Addresses of the network that were given in place of a file. Nothing is fetched: the message says how to get the file.

import Foundation

/// An address such as https://… or s3://….
struct FileAddress {
  private let text: String
  private let scheme: String

  /// Nil for anything that is not an address.
  init?(_ text: String) {
    guard let end = text.range(of: "://"), end.lowerBound > text.startIndex else { return nil }
    let scheme = text[..<end.lowerBound].lowercased()
    guard scheme.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }) else { return nil }
    (self.text, self.scheme) = (text, scheme)
  }

  /// What to do to get the file.
  var advice: String {
    let start = "\(text): this is an address, and Sextant reads files of this machine."
    switch scheme {
    case "file": return "\(start) Give the path alone: \(text.dropFirst("file://".count))."
    case "s3": return "\(start) Copy the file first, for example with: aws s3 cp '\(text)' ."
    case "gs": return "\(start) Copy the file first, for example with: gsutil cp '\(text)' ."
    case "http", "https", "ftp":
      return "\(start) Fetch the file first, for example with: curl --location --remote-name '\(text)'"
        + " (or, from an OPeNDAP server, nccopy '\(text)' file.nc), and give its name."
    default: return "\(start) Fetch the file first, and give its name."
    }
  }
}
