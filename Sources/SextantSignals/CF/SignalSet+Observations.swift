// Rejects fields without any value before anything is computed from them.

extension SignalSet {
  /// Throws ``ArchiveError/noObservations(variable:field:)`` for the first variable that has no value in a field.
  public func requireObservations() throws {
    let size = vertexCount * channelCount
    for field in 0..<count {
      for channel in 0..<channelCount {
        let hasValue = stride(from: channel, to: size, by: channelCount).contains { isValid[field * size + $0] }
        if !hasValue {
          throw ArchiveError.noObservations(
            variable: variables[channel].name, field: labels[field].summary(index: field))
        }
      }
    }
  }
}

extension FieldLabel {
  /// One line that identifies a field, such as "2012-12-01T14:00:00, level 500 hPa"; its number if there is nothing
  /// else.
  func summary(index: Int) -> String {
    var parts = [time].compactMap { $0 }
    if time == nil, let month { parts.append("month \(month)") }
    parts += coordinates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return parts.isEmpty ? "number \(index)" : parts.joined(separator: ", ")
  }
}
