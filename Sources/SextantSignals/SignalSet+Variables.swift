// Fields of some of their variables.

import SextantArrays

extension SignalSet {
  /// The same fields with the named variables alone, in that order. Errors call the fields `path`.
  ///
  /// Throws ``SignalFormatError/absentVariable(path:name:available:)``.
  public func selecting(_ names: [String], path: String = "the fields") throws -> SignalSet {
    let channels = try names.map { name -> Int in
      guard let channel = variables.firstIndex(where: { $0.name == name }) else {
        throw SignalFormatError.absentVariable(path: path, name: name, available: variables.map(\.name))
      }
      return channel
    }
    let rows = values.reshaped(to: [count * vertexCount, channelCount]).gatheringColumns(channels)
    let flags = (0..<count * vertexCount).flatMap { row in channels.map { isValid[row * channelCount + $0] } }
    return SignalSet(
      domain: domain, variables: channels.map { variables[$0] },
      values: rows.reshaped(to: [count, vertexCount, channels.count]), isValid: flags, labels: labels)
  }
}
