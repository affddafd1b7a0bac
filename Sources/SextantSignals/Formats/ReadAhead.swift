// Reading ahead in files whose chunks hold many fields. One field of such a file costs as much as all fields of its
// chunks, because chunks are decompressed whole; a program that reads field after field would pay for each field what
// it has to pay for each block. So the whole block is read and kept from its first field on, whatever the order: a few fields
// of a file that are looked at before the work lie in few blocks, too.

import Synchronization

/// The fields of a source, in which reads are answered from blocks.
final class ReadAhead: Sendable {
  private let source: any SignalSource
  /// The number of fields in a block; below 2 nothing is kept.
  private let length: Int
  /// The fields of the last block, and the index of the first of them.
  private let block = Mutex<(start: Int, fields: SignalSet)?>(nil)

  /// - Parameters:
  ///   - source: Where the fields are read.
  ///   - blockLength: How many consecutive fields cost as much as one of them. Blocks are shorter where they would take
  ///     more than about 256 MB.
  init(_ source: any SignalSource, blockLength: Int) {
    self.source = source
    length = min(blockLength, source.chunkLength())
  }

  /// The fields with the given indices, in that order. Throws what the source throws for these fields.
  func read(_ indices: [Int]) throws -> SignalSet {
    guard length > 1, let low = indices.min(), let high = indices.max() else { return try source.read(indices) }
    return try block.withLock { block in
      if let kept = block, low >= kept.start, high < kept.start + kept.fields.count {
        return try kept.fields.read(indices.map { $0 - kept.start })
      }
      let start = low / length * length
      let end = min(source.count, start + length)
      guard high < end else { return try source.read(indices) }
      // The old block first: two of them need not be in memory. A block that cannot be read whole is no reason to
      // complain of fields that nobody asked for.
      block = nil
      guard let fields = try? source.read(Array(start..<end)) else { return try source.read(indices) }
      block = (start, fields)
      return try fields.read(indices.map { $0 - start })
    }
  }
}

extension GriddedFile {
  /// How many consecutive fields lie in the same chunks; 1 where each field has chunks of its own.
  static func blockLength(
    of plan: FieldGroupPlan, dimensions: [FieldDimension], in file: NetCDFFile
  ) throws -> Int {
    var longest = 1
    for channel in plan.channels {
      guard let variable = file.variable(channel.name), let chunk = try file.chunkShape(of: variable) else { continue }
      var extents = dimensions.map { _ in 1 }
      for (use, extent) in zip(channel.uses, chunk) {
        if case .field(let axis) = use { extents[axis] = extent }
      }
      let counts = dimensions.map(\.selected.count)
      guard let outer = extents.indices.first(where: { extents[$0] > 1 && counts[$0] > 1 }) else { continue }
      longest = max(longest, counts[(outer + 1)...].reduce(min(extents[outer], counts[outer]), *))
    }
    return longest
  }
}
