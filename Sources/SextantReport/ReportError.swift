// Errors in the drawing of pictures. File errors are FileError (SextantStorage).

/// A picture that cannot be drawn.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// The drawing library reported an error.
  case drawing(String)
  /// Two lists do not match; the text names both.
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
      "\(path): not a valid coastline file: \(reason). Reinstall it, or draw without coastlines."
    }
  }
}
