// The text of a number as people write it in settings: "30" rather than "30.0". Nothing is rounded.

extension Double {
  /// The shortest text that parses as this number, without ".0".
  package var short: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
