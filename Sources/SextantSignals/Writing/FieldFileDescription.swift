// The metadata of a written file.

/// The global attributes of a written file, and its compression level.
public struct FieldFileDescription: Sendable {
  /// The title; nil keeps the template's.
  public var title: String?
  /// One line of provenance: date, program and arguments. It is appended to the template's history.
  public var history: String
  /// Further global attributes, such as "source" or "references"; they replace the template's.
  public var attributes: [String: String]
  /// The zlib level, 0…9.
  public var compression: Int

  public init(title: String? = nil, history: String, attributes: [String: String] = [:], compression: Int = 1) {
    self.title = title
    self.history = history
    self.attributes = attributes
    self.compression = compression
  }
}
