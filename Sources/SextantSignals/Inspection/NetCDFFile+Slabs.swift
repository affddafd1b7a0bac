// Iteration over a complete variable in pieces that fit into memory.

extension NetCDFFile {
  /// Calls `body` with the stored numbers of consecutive pieces of a variable, each with at most about `limit` numbers.
  ///
  /// Pieces follow the chunks along the first split dimension, so that chunks are not decompressed twice unnecessarily.
  func forEachSlab(of variable: NetCDFVariable, limit: Int = 4 << 20, _ body: ([Double]) throws -> Void) throws {
    let shape = variable.shape
    guard !shape.contains(0) else { return }
    // Dimensions after `split` are read completely, `split` in steps, and those before it one index at a time.
    var split = shape.count - 1
    var inner = 1
    while split > 0, inner * shape[split] <= limit {
      inner *= shape[split]
      split -= 1
    }
    guard split >= 0 else {
      try body(try rawValues(of: variable))
      return
    }
    var step = max(1, min(shape[split], limit / inner))
    if let chunk = try chunkShape(of: variable)?[split], chunk < step { step -= step % chunk }
    let outer = shape[..<split].reduce(1, *)
    for index in 0..<outer {
      var (start, rest) = ([Int](repeating: 0, count: shape.count), index)
      for axis in (0..<split).reversed() {
        start[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      var count = shape.map { _ in 1 }
      for axis in (split + 1)..<max(split + 1, shape.count) { count[axis] = shape[axis] }
      for first in stride(from: 0, to: shape[split], by: step) {
        start[split] = first
        count[split] = min(step, shape[split] - first)
        try body(try rawValues(of: variable, start: start, count: count))
      }
    }
  }
}
