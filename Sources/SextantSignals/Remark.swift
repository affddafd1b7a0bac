// What a person must know about data or an answer: an assumption that was made, or a reason for doubt. Remarks are part of a
// result: they stand in its summary, in its JSON and in the attributes of its file.

/// A sentence about data or an answer.
public struct Remark: Sendable, Codable, Hashable {
  /// How much it matters.
  public enum Kind: String, Sendable, Codable, Comparable {
    /// What the answer takes for granted.
    case assumption
    /// What is worth knowing.
    case note
    /// A reason to doubt the answer.
    case warning

    public static func < (a: Kind, b: Kind) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .assumption ? 0 : self == .note ? 1 : 2 }
  }

  public var kind: Kind
  /// A short, stable name for programs, such as "undeclared-fill-value".
  public var topic: String
  /// One or two full sentences: what was found, and what to do.
  public var text: String
  /// The variable that it is about; nil where it is about no one variable.
  public var variable: String?

  public init(_ kind: Kind, _ topic: String, _ text: String, variable: String? = nil) {
    (self.kind, self.topic, self.text, self.variable) = (kind, topic, text, variable)
  }
}

extension Collection where Element == Remark {
  /// The remarks as lines for people, the gravest first.
  public var lines: [String] {
    enumerated().sorted { ($1.element.kind, $0.offset) < ($0.element.kind, $1.offset) }
      .map { "\($0.element.kind.rawValue): \($0.element.text)" }
  }
}
