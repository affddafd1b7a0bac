// What a written file says of itself, apart from its fields.

/// The global attributes that a written file gets, and how hard it is compressed.
public struct FieldFileDescription: Sendable {
  /// The title; nil keeps the template's.
  public var title: String?
  /// One line of provenance: when, which program, which arguments. It is appended to the template's history.
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
