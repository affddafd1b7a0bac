// Parallel decompression of hyperslabs. HDF5 decompresses one chunk after the other inside a lock, which takes two
// thirds of the time to read an archive. Here the compressed chunks are read as stored and decompressed in parallel,
// but only if the result is certain to be the same: deflate and shuffling, numbers in this machine's byte order, and
// all chunks present.

import CNetCDF
import CZlib
import Foundation
import SextantArrays

extension NetCDFFile {
  /// The stored numbers of a hyperslab, whose variable has the given type in memory; nil if the library has to read it
  /// instead.
  func unpackedChunks<Number: BitwiseCopyable & Sendable>(
    of variable: NetCDFVariable, start: [Int], count: [Int], as type: Number.Type
  ) throws -> [Number]? {
    let total = try checkedCount(variable, start: start, count: count)
    guard format.hasPrefix("netCDF-4"), variable.type.byteCount == MemoryLayout<Number>.stride,
      total > 0, let shape = try chunkShape(of: variable), try isInOwnByteOrder(variable)
    else { return nil }
    let grid = ChunkGrid(shape: shape, start: start, count: count)
    // If chunks extend far beyond the slab, the library should keep them decompressed for the next slab.
    guard grid.chunkCount > 1, grid.entryCount <= 2 * total else { return nil }
    var packed: [UInt8] = []
    var ranges: [Range<Int>] = []
    let isShuffled: Bool? = NetCDFLibrary.withLock {
      guard let dataset = HDF5Dataset(path: path, variable: variable.name) else { return nil }
      defer { dataset.close() }
      for index in 0..<grid.chunkCount {
        let first = packed.count
        guard dataset.appendChunk(at: grid.offset(ofChunk: index), to: &packed) else { return nil }
        ranges.append(first..<packed.count)
      }
      return dataset.isShuffled
    }
    guard let isShuffled else { return nil }
    var isWhole = true
    let numbers = [Number](unsafeUninitializedCapacity: total) { out, initialized in
      isWhole = grid.unpack(packed, ranges: ranges, isShuffled: isShuffled, into: out)
      initialized = out.count
    }
    // The library reports damaged chunks.
    return isWhole ? numbers : nil
  }

  private func isInOwnByteOrder(_ variable: NetCDFVariable) throws -> Bool {
    var order: Int32 = 0
    try NetCDFLibrary.check("query the byte order", path: path, variable: variable.name) {
      nc_inq_var_endian(variable.groupID, variable.id, &order)
    }
    let own = 1.littleEndian == 1 ? NC_ENDIAN_LITTLE : NC_ENDIAN_BIG
    return order == NC_ENDIAN_NATIVE || order == own
  }
}

/// The chunks that intersect a hyperslab, numbered from 0 in row-major order.
private struct ChunkGrid: Sendable {
  /// The shape of a chunk, and the start and extents of the slab.
  let (shape, start, count): ([Int], [Int], [Int])
  /// The index of the first chunk along each dimension, and the numbers of chunks.
  private let (first, extents): ([Int], [Int])

  init(shape: [Int], start: [Int], count: [Int]) {
    (self.shape, self.start, self.count) = (shape, start, count)
    let first = zip(start, shape).map { $0 / $1 }
    self.first = first
    extents = shape.indices.map { (start[$0] + count[$0] - 1) / shape[$0] - first[$0] + 1 }
  }

  var chunkCount: Int { extents.reduce(1, *) }
  /// The number of entries in a chunk.
  var chunkSize: Int { shape.reduce(1, *) }
  /// The number of entries in all chunks.
  var entryCount: Int { chunkCount * chunkSize }

  /// The position of a chunk's first entry in the variable.
  func offset(ofChunk index: Int) -> [Int] {
    var (offset, rest) = (shape, index)
    for axis in shape.indices.reversed() {
      offset[axis] = (first[axis] + rest % extents[axis]) * shape[axis]
      rest /= extents[axis]
    }
    return offset
  }

  /// Decompresses the chunks, several at once; false if one is damaged.
  func unpack<Number: BitwiseCopyable & Sendable>(
    _ packed: [UInt8], ranges: [Range<Int>], isShuffled: Bool, into out: UnsafeMutableBufferPointer<Number>
  ) -> Bool {
    var isWhole = [Bool](repeating: false, count: ranges.count)
    packed.withUnsafeBufferPointer { packed in
      isWhole.withUnsafeMutableBufferPointer { isWhole in
        // Sound, because each chunk writes to its own entries.
        nonisolated(unsafe) let (packed, isWhole, out) = (packed, isWhole, out)
        Parallel.forEachRange(of: ranges.count, grain: max(1, (1 << 15) / chunkSize)) { chunks in
          let byteCount = chunkSize * MemoryLayout<Number>.stride
          let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * byteCount, alignment: 64)
          defer { room.deallocate() }
          let bytes = UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount])
          let sorted = UnsafeMutableRawBufferPointer(rebasing: room[byteCount...])
          for chunk in chunks {
            guard Self.inflate(UnsafeBufferPointer(rebasing: packed[ranges[chunk]]), into: bytes) else { continue }
            if isShuffled { Self.unshuffle(bytes, stride: MemoryLayout<Number>.stride, into: sorted) }
            copy((isShuffled ? sorted : bytes).bindMemory(to: Number.self), at: offset(ofChunk: chunk), to: out)
            isWhole[chunk] = true
          }
        }
      }
    }
    return isWhole.allSatisfy(\.self)
  }

  private static func inflate(_ packed: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    var made = UInt(bytes.count)
    let target = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return uncompress(target, &made, packed.baseAddress, UInt(packed.count)) == Z_OK && made == UInt(bytes.count)
  }

  /// Reverses shuffling, which stores all first bytes of the numbers, then all second bytes, and so on.
  private static func unshuffle(
    _ bytes: UnsafeMutableRawBufferPointer, stride: Int, into out: UnsafeMutableRawBufferPointer
  ) {
    guard let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
      let target = out.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return }
    let count = bytes.count / stride
    // The usual sizes have separate cases, so that the compiler knows the number of bytes to move.
    switch stride {
    case 1: target.update(from: source, count: count)
    case 2: for i in 0..<count { for byte in 0..<2 { target[2 * i + byte] = source[byte * count + i] } }
    case 4: for i in 0..<count { for byte in 0..<4 { target[4 * i + byte] = source[byte * count + i] } }
    default:
      for i in 0..<count { for byte in 0..<stride { target[stride * i + byte] = source[byte * count + i] } }
    }
  }

  /// Copies the part of a chunk that lies in the slab.
  private func copy<Number: BitwiseCopyable>(
    _ chunk: UnsafeMutableBufferPointer<Number>, at offset: [Int], to out: UnsafeMutableBufferPointer<Number>
  ) {
    let axes = shape.count
    // The intersection, in positions of the variable.
    let low = (0..<axes).map { max(offset[$0], start[$0]) }
    let high = (0..<axes).map { min(offset[$0] + shape[$0], start[$0] + count[$0]) }
    let (length, last) = (high[axes - 1] - low[axes - 1], axes - 1)
    var place = low
    while true {
      var (from, to) = (0, 0)
      for axis in 0..<axes {
        from = from * shape[axis] + place[axis] - offset[axis]
        to = to * count[axis] + place[axis] - start[axis]
      }
      for i in 0..<length { out[to + i] = chunk[from + i] }
      // Advance to the next row, over all axes but the last.
      var axis = last - 1
      while axis >= 0 {
        place[axis] += 1
        if place[axis] < high[axis] { break }
        place[axis] = low[axis]
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
