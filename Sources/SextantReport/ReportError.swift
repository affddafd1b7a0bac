// What can go wrong between numbers and a picture. Files that cannot be written are FileError (SextantStorage).

/// A picture that cannot be drawn as asked.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// The drawing library refused; the reason is its own.
  case drawing(String)
  /// Two lists that must go together do not; the text names both.
  case mismatch(String)
  /// A range, size or list that makes no picture.
  case unusable(String)
  /// A coastline file that does not have the expected layout.
  case coastlines(path: String, reason: String)

  public var description: String {
    switch self {
    case .drawing(let reason): "Could not draw the picture: \(reason)."
    case .mismatch(let text), .unusable(let text): text
    case .coastlines(let path, let reason):
      "\(path): not a coastline file as expected: \(reason). Reinstall it, or draw without coastlines."
    }
  }
}
