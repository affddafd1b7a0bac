// What a written file of any format says of itself.

/// The attributes of a written file, as far as its format has a place for them, and its compression level.
public struct OutputDescription: Sendable {
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

  /// The history of a file whose template has the history `old`: a command that writes several files, each from the
  /// previous one, adds its line once.
  func history(after old: String) -> String {
    if old.isEmpty { return history }
    return old.split(separator: "\n").contains { $0 == history } ? old : "\(old)\n\(history)"
  }

  /// The description with what CF expects a file to say of itself where neither it nor the template says it: what the
  /// file is, who made it and how.
  func completed(for content: SignalContent, like template: NetCDFFile?) -> OutputDescription {
    func isKnown(_ name: String) -> Bool {
      attributes[name] != nil || !(template?.text(name) ?? "").isEmpty
    }
    var result = self
    if title == nil, !isKnown("title") {
      switch content.kind {
      case .estimates: result.title = "Fields whose gaps were filled"
      case .measurements: result.title = "Measured values of fields"
      case .fields: result.title = "Fields"
      }
    }
    if !isKnown("institution") { result.attributes["institution"] = "unknown" }
    if !isKnown("source") {
      result.attributes["source"] = 
        attributes["sextant_version"].map { "Sextant \($0)" } ?? "Sextant"
    }
    return result
  }

  /// All of it as lines of text, for formats that have comments: the history and, in the order of their names, title
  /// and attributes.
  var lines: [String] {
    [history] + (title.map { ["title: \($0)"] } ?? [])
      + attributes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
  }
}
