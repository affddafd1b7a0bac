// Hyperslabs of compressed variables: what is unpacked here, chunk by chunk, is what was written, whatever the chunks.

import Foundation
import SextantArrays
import Testing

@testable import SextantSignals

@Suite struct ChunkedReadingTests {
  static let shape = [7, 10, 13]
  static let chunks = [[1, 10, 13], [2, 4, 5], [3, 10, 2], [7, 1, 13]]
  /// Whole, one field, and slabs that begin and end inside chunks.
  static let slabs = [
    ([0, 0, 0], [7, 10, 13]), ([3, 0, 0], [1, 10, 13]), ([1, 2, 3], [5, 7, 9]), ([0, 0, 1], [7, 9, 12]),
  ]

  /// Numbers that compress, but not to nothing.
  static let stored = (0..<shape.reduce(1, *)).map { Double(($0 * $0) % 977 - 300) }

  /// - Parameter written: how many of the fields are put; the chunks of others are absent.
  private func file(
    in folder: TestFolder, _ type: NetCDFType, chunk: [Int], compression: Int = 1, written: Int = shape[0]
  ) throws -> String {
    let path = folder.path("chunks-\(UUID().uuidString).nc")
    let output = try NetCDFFileWriter(creating: path, reportedAs: path)
    let dimensions = try zip(["t", "y", "x"], Self.shape).map { try output.defineDimension($0, length: $1) }
    let variable = try output.defineVariable(
      "v", type: type, dimensions: dimensions, chunk: chunk, compression: compression)
    try output.endDefinitions()
    let count = [written] + Self.shape[1...]
    try output.put(
      Array(Self.stored.prefix(count.reduce(1, *))), variable: variable, name: "v", start: [0, 0, 0], count: count)
    try output.close()
    return path
  }

  private func slice(start: [Int], count: [Int]) -> [Double] {
    var result: [Double] = []
    for t in start[0]..<start[0] + count[0] {
      for y in start[1]..<start[1] + count[1] {
        for x in start[2]..<start[2] + count[2] {
          result.append(Self.stored[(t * Self.shape[1] + y) * Self.shape[2] + x])
        }
      }
    }
    return result
  }

  @Test(arguments: chunks, slabs) func everySlabIsWhatWasWritten(chunk: [Int], slab: (start: [Int], count: [Int]))
    throws
  {
    let folder = try TestFolder()
    let expected = slice(start: slab.start, count: slab.count)
    for compression in [0, 4] {
      let shorts = try NetCDFFile(path: file(in: folder, .short, chunk: chunk, compression: compression))
      let short = try #require(shorts.variable("v"))
      #expect(try shorts.rawValues(of: short, start: slab.start, count: slab.count) == expected)
      let floats = try NetCDFFile(path: file(in: folder, .float, chunk: chunk, compression: compression))
      let float = try #require(floats.variable("v"))
      #expect(try floats.rawSingles(of: float, start: slab.start, count: slab.count) == expected.map { Float($0) })
      // Without compression there is nothing to unpack side by side.
      let own = try floats.unpackedChunks(of: float, start: slab.start, count: slab.count, as: Float.self)
      if compression == 0 { #expect(own == nil) }
      if compression > 0, slab.count == Self.shape { #expect(own != nil) }
    }
  }

  /// The pieces of a variable hold each number once, and no chunk lies in two pieces: none is decompressed twice, whichever
  /// dimensions the chunks are long in.
  @Test(arguments: chunks, [1, 30, 200, 400, 5000]) func piecesHoldEachChunkOnce(chunk: [Int], limit: Int) throws {
    let folder = try TestFolder()
    let file = try NetCDFFile(path: file(in: folder, .short, chunk: chunk))
    var numbers: [Double] = []
    var largest = 0
    try file.forEachSlab(of: #require(file.variable("v")), limit: limit) { slab in
      numbers += slab
      largest = max(largest, slab.count)
    }
    #expect(numbers.sorted() == Self.stored.sorted())
    let whole = zip(chunk, Self.shape).map { min($0, $1) }
    #expect(largest <= max(limit, whole.reduce(1, *)))
    let piece = NetCDFFile.pieceShape(of: Self.shape, chunk: chunk, limit: limit)
    // A piece that is no multiple of the chunks spans the dimension.
    #expect(zip(zip(piece, chunk), Self.shape).allSatisfy { $0.0 % $0.1 == 0 || $0.0 == $1 }, "\(piece)")
  }

  @Test func absentChunksAreGaps() throws {
    let folder = try TestFolder()
    let file = try NetCDFFile(path: file(in: folder, .short, chunk: Self.chunks[0], written: 2))
    let variable = try #require(file.variable("v"))
    let values = try file.rawValues(of: variable)
    #expect(values.prefix(260) == Self.stored.prefix(260))
    #expect(values.dropFirst(260).allSatisfy { $0 == -32767 })
  }

  @Test func damageIsToldOf() throws {
    let folder = try TestFolder()
    let path = try file(in: folder, .float, chunk: Self.chunks[0])
    var bytes = try Data(contentsOf: URL(filePath: path))
    // The start of a deflated chunk, by its header (zlib's, level 1).
    let mark = try #require(bytes.firstRange(of: Data([0x78, 0x01])))
    for place in mark.upperBound..<mark.upperBound + 40 { bytes[place] ^= 0xA5 }
    try bytes.write(to: URL(filePath: path))
    let damaged = try NetCDFFile(path: path)
    let variable = try #require(damaged.variable("v"))
    #expect(throws: NetCDFError.self) {
      _ = try damaged.rawSingles(of: variable, start: [0, 0, 0], count: Self.shape)
    }
  }
}
