// Errors in the drawing of pictures. File errors are FileError (SextantStorage).

/// A picture that cannot be drawn.
public enum ReportError: Error, Equatable, CustomStringConvertible {
  /// The drawing library reported an error.
  case drawing(String)
  /// Two lists do not match; the text names both.
  case mismatch(String)
  /// A domain that cannot be shown on a map.
  case notOnSphere(summary: String, radius: Double)
  /// An invalid range, size or list.
  case unusable(String)
  /// A coastline file that does not have the expected layout.
  case coastlines(path: String, reason: String)

  public var description: String {
    switch self {
    case .drawing(let reason): "Could not draw the picture: \(reason)."
    case .mismatch(let text), .unusable(let text): text
    case .notOnSphere(let summary, let radius):
      "A map needs a domain on the unit sphere; “\(summary)” has a vertex at radius \(radius). Render it as a mesh instead."
    case .coastlines(let path, let reason):
      "\(path): not a valid coastline file: \(reason). Reinstall it, or draw without coastlines."
    }
  }
}
