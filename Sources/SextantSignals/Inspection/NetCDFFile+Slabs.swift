// Iteration over a complete variable in pieces that fit into memory.

extension NetCDFFile {
  /// Calls `body` with the stored numbers of the pieces of a variable, each with at most about `limit` numbers.
  ///
  /// Pieces follow the chunks, so that each chunk is decompressed once. The order is that of the variable unless its chunks
  /// hold more of the outer dimensions than a piece has room for.
  func forEachSlab(of variable: NetCDFVariable, limit: Int = 4 << 20, _ body: ([Double]) throws -> Void) throws {
    let shape = variable.shape
    guard !shape.contains(0) else { return }
    guard !shape.isEmpty else {
      try body(try rawValues(of: variable))
      return
    }
    let piece = Self.pieceShape(of: shape, chunk: try chunkShape(of: variable), limit: limit)
    var start = [Int](repeating: 0, count: shape.count)
    while true {
      let count = shape.indices.map { min(piece[$0], shape[$0] - start[$0]) }
      try body(try rawValues(of: variable, start: start, count: count))
      var axis = shape.count - 1
      while axis >= 0 {
        start[axis] += piece[axis]
        if start[axis] < shape[axis] { break }
        start[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// The largest chunk, in numbers, that a piece may hold beyond its limit.
  private static let largestChunk = 64 << 20

  /// The shape of a piece: whole inner dimensions and a part of the next one or, where that would cut chunks, some whole chunks.
  static func pieceShape(of shape: [Int], chunk: [Int]?, limit: Int) -> [Int] {
    var piece = shape.map { _ in 1 }
    var size = 1
    for axis in shape.indices.reversed() {
      piece[axis] = max(1, min(shape[axis], limit / size))
      size *= piece[axis]
      if piece[axis] < shape[axis] {
        if let chunk, chunk[axis] < piece[axis] { piece[axis] -= piece[axis] % chunk[axis] }
        break
      }
    }
    guard let chunk else { return piece }
    let whole = zip(chunk, shape).map { min($0, $1) }
    let wholeSize = whole.reduce(1, *)
    guard zip(whole, piece).contains(where: { $0 > $1 }), wholeSize <= largestChunk else { return piece }
    // As many chunks side by side as there is room for, along the inner dimensions first.
    var (result, room) = (whole, max(1, limit / wholeSize))
    for axis in shape.indices.reversed() {
      let wanted = (shape[axis] + whole[axis] - 1) / whole[axis]
      let taken = min(room, wanted)
      result[axis] = min(shape[axis], taken * whole[axis])
      room /= taken
      if taken < wanted { break }
    }
    return result
  }
}
