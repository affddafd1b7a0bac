// Reads fields of one variable by hyperslabs: as few and as large as memory and the file's order allow,
// whatever the order of its dimensions. Nothing else of the file is touched.

import Foundation
import SextantGeometry

/// Reads one channel of a file's fields.
struct FieldReader {
  /// Consecutive fields that one hyperslab holds.
  private struct Run {
    var fields: [Int]
    let places: [Int]
  }

  /// Numbers in one hyperslab, unless a single field has more.
  static let slabLimit = 4 << 20
  /// Bytes of decompressed chunks that are kept for the next hyperslab.
  static let chunkCacheLimit = 128 << 20

  private let source: GriddedFile
  private let file: NetCDFFile
  private let plan: ChannelPlan
  private let variable: NetCDFVariable
  private let channel: Int

  init(_ source: GriddedFile, channel: Int, file: NetCDFFile) throws {
    self.source = source
    self.channel = channel
    self.file = file
    plan = source.group.channels[channel]
    guard let variable = file.variable(plan.name), variable.dimensions.count == plan.uses.count else {
      throw NetCDFError.absentVariable(
        path: file.path, name: plan.name, available: file.variables.map(\.name), nearest: nil)
    }
    self.variable = variable
    try sizeChunkCache()
  }

  /// Fills the entries of this channel in `out` (N×V×C) and `isValid` for the fields at `indices`.
  func read(
    _ indices: [Int], into out: UnsafeMutableBufferPointer<Float>, isValid: UnsafeMutableBufferPointer<Bool>
  ) throws {
    var slots: [Int: [Int]] = [:]
    for (slot, index) in indices.enumerated() { slots[index, default: []].append(slot) }
    let size = source.domain.vertexCount * source.variables.count
    for run in runs(over: slots.keys.sorted()) {
      let (start, count) = hyperslab(run)
      let slab = try file.rawValues(of: variable, start: start, count: count)
      for (offset, field) in run.fields.enumerated() {
        guard let targets = slots[field] else { continue }
        let first = targets[0] * size
        try slab.withUnsafeBufferPointer {
          try decode($0, count: count, offset: offset, field: field, into: out, isValid: isValid, at: first)
        }
        for target in targets.dropFirst() {
          for i in stride(from: channel, to: size, by: source.variables.count) {
            (out[target * size + i], isValid[target * size + i]) = (out[first + i], isValid[first + i])
          }
        }
      }
    }
  }

  /// The field dimension along which neighbouring fields are read together: the last with several places.
  private var runDimension: Int? { source.dimensions.lastIndex { $0.selected.count > 1 } }

  private func runs(over fields: [Int]) -> [Run] {
    let limit = max(1, Self.slabLimit / max(1, source.grid.vertexCount * source.group.versionOrder.count))
    var result: [Run] = []
    for field in fields {
      let places = source.dimensions.places(ofField: field)
      if let axis = runDimension, let last = result.last, last.fields.count < limit {
        var expected = last.places
        expected[axis] += last.fields.count
        if expected == places {
          result[result.count - 1].fields.append(field)
          continue
        }
      }
      result.append(Run(fields: [field], places: places))
    }
    return result
  }

  private func hyperslab(_ run: Run) -> (start: [Int], count: [Int]) {
    var (start, count): ([Int], [Int]) = ([], [])
    for (use, dimension) in zip(plan.uses, variable.dimensions) {
      switch use {
      case .row, .column, .version:
        start.append(0)
        count.append(dimension.length)
      case .field(let i):
        start.append(run.places[i])
        count.append(i == runDimension ? run.fields.count : 1)
      }
    }
    return (start, count)
  }

  /// Copies field `offset` of a run from its slab to the entries from `base` on.
  private func decode(
    _ slab: UnsafeBufferPointer<Double>, count: [Int], offset: Int, field: Int,
    into out: UnsafeMutableBufferPointer<Float>,
    isValid: UnsafeMutableBufferPointer<Bool>, at base: Int
  ) throws {
    var (rowStride, columnStride, versionStride, start) = (0, 0, 0, 0)
    var stride = 1
    for (i, use) in plan.uses.enumerated().reversed() {
      switch use {
      case .row: rowStride = stride
      case .column: columnStride = stride
      case .version: versionStride = stride
      case .field(let axis): if axis == runDimension { start = offset * stride }
      }
      stride *= count[i]
    }
    let (columns, channels) = (source.grid.columns, source.variables.count)
    let decoder = plan.decoder
    for version in source.group.versionOrder {
      for row in 0..<source.grid.rows {
        let origin = start + version * versionStride + row * rowStride
        for column in 0..<columns {
          let target = base + (row * columns + column) * channels + channel
          if isValid[target] { continue }
          let value = decoder.decode(slab[origin + column * columnStride])
          if value.isNaN { continue }
          let single = Float(value)
          guard single.isFinite else { throw infinite(row: row, column: column, field: field) }
          (out[target], isValid[target]) = (single, true)
        }
      }
    }
  }

  private func infinite(row: Int, column: Int, field: Int) -> NetCDFError {
    let point = source.grid.point(ofVertex: row * source.grid.columns + column)
    let label = source.labels[field]
    let others = label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let place =
      [label.time].compactMap { $0 } + others
      + [String(format: "latitude %g, longitude %g", point.latitude, point.longitude)]
    return .infiniteValue(path: file.path, variable: variable.name, place: place.joined(separator: ", "))
  }

  /// Chunks that are deeper than one field would otherwise be decompressed once for each field.
  private func sizeChunkCache() throws {
    guard let chunk = try file.chunkShape(of: variable) else { return }
    var bytes = max(1, variable.type.byteCount)
    for ((use, dimension), extent) in zip(zip(plan.uses, variable.dimensions), chunk) {
      if case .field = use {
        bytes *= extent
      } else {
        bytes *= (dimension.length + extent - 1) / max(1, extent) * extent
      }
    }
    guard bytes > 16 << 20, bytes <= Self.chunkCacheLimit else { return }
    try file.keepChunks(of: variable, byteCount: bytes + bytes / 8)
  }
}
