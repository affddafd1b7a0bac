// The values of a GRIB dataset, decoded message by message when they are asked for.

import Foundation

/// Hyperslabs of the variables of a GRIB file.
struct GRIBValues: ExternalValues {
  /// The messages of one variable.
  struct Variable: Sendable {
    /// Under the indices along the variable's leading dimensions.
    let messages: [[Int]: (offset: Int, number: Int)]
    /// The lengths of the horizontal dimensions, which a message fills.
    let horizontal: [Int]
  }

  let path: String
  let variables: [String: Variable]

  func values(of name: String, start: [Int], count: [Int]) throws -> [Float]? {
    guard let variable = variables[name] else { return nil }
    let rank = start.count - variable.horizontal.count
    let cellCount = variable.horizontal.reduce(1, *)
    let reader = try GRIBReader(path)
    var result: [Float] = []
    result.reserveCapacity(count.reduce(1, *))
    let (leading, inner) = (count[..<rank], Array(count[rank...]))
    for flat in 0..<leading.reduce(1, *) {
      var (place, rest) = ([Int](repeating: 0, count: rank), flat)
      for axis in (0..<rank).reversed() {
        place[axis] = start[axis] + rest % count[axis]
        rest /= count[axis]
      }
      guard let message = variable.messages[place] else {
        result += repeatElement(Float.nan, count: inner.reduce(1, *))
        continue
      }
      let values = try reader.message(at: message.offset, number: message.number).values()
      guard values.count == cellCount else {
        throw GRIBError.unsupported(
          path: path, message: message.number,
          reason: "it has \(values.count) values: expected \(cellCount), as in the first message.")
      }
      result += Self.window(values, of: variable.horizontal, start: Array(start[rank...]), count: inner)
    }
    return result
  }

  /// A part of the values of a message.
  private static func window(_ values: [Float], of shape: [Int], start: [Int], count: [Int]) -> [Float] {
    if count == shape { return values }
    guard shape.count == 2 else { return Array(values[start[0]..<start[0] + count[0]]) }
    return (start[0]..<start[0] + count[0]).flatMap { row in
      values[row * shape[1] + start[1]..<row * shape[1] + start[1] + count[1]]
    }
  }
}
