// Reads fields of a variable in hyperslabs, as few and as large as memory and the order of the file allow, for any
// order of its dimensions. Nothing else in the file is read.

import Foundation
import SextantArrays
import SextantGeometry

/// Reads one channel of a file's fields.
struct FieldReader {
  /// Consecutive fields in one hyperslab.
  private struct Run {
    var fields: [Int]
    let places: [Int]
  }

  /// The strides of the numbers in a slab.
  private struct SlabLayout: Sendable {
    var (row, column, version, field) = (0, 0, 0, 0)

    /// The strides in a slab of the given extents.
    init(_ plan: ChannelPlan, count: [Int], runDimension: Int?) {
      var stride = 1
      for (i, use) in plan.uses.enumerated().reversed() {
        switch use {
        case .row: row = stride
        case .column: column = stride
        case .version: version = stride
        case .field(let axis): if axis == runDimension { field = stride }
        }
        stride *= count[i]
      }
    }
  }

  /// The maximum number of values in a hyperslab, unless a single field has more.
  static let slabLimit = 4 << 20
  /// The same where chunks hold several fields and are too large for the cache: each hyperslab decompresses them again.
  static let largeSlabLimit = 64 << 20
  /// The number of bytes of decompressed chunks that are cached for the next hyperslab.
  static let chunkCacheLimit = 256 << 20
  /// The smallest number of values that is worth a thread.
  private static let grain = 1 << 16

  private let source: GriddedFile
  private let file: NetCDFFile
  private let plan: ChannelPlan
  private let variable: NetCDFVariable
  private let channel: Int
  private let slabLimit: Int

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
    let cached = try Self.sizeChunkCache(of: variable, plan, in: file)
    slabLimit = cached ? Self.slabLimit : Self.largeSlabLimit
  }

  /// Fills the entries of this channel in `out` (N×V×C) and `isValid` for the fields with the given indices.
  func read(
    _ indices: [Int], into out: UnsafeMutableBufferPointer<Float>, isValid: UnsafeMutableBufferPointer<Bool>
  ) throws {
    var slots: [Int: [Int]] = [:]
    for (slot, index) in indices.enumerated() { slots[index, default: []].append(slot) }
    let size = source.domain.vertexCount * source.variables.count
    for run in runs(over: slots.keys.sorted()) {
      let (start, count) = hyperslab(run)
      let layout = SlabLayout(plan, count: count, runDimension: runDimension)
      let bases = run.fields.map { (slots[$0]?[0] ?? 0) * size }
      let (decoder, offset) = (plan.decoder, source.offsets[channel])
      if let single = decoder.single {
        let slab = try file.rawSingles(of: variable, start: start, count: count)
        try fill(run, from: slab, layout: layout, bases: bases, into: out, isValid: isValid) { single.decode($0) }
      } else {
        let slab = try file.rawValues(of: variable, start: start, count: count)
        try fill(run, from: slab, layout: layout, bases: bases, into: out, isValid: isValid) {
          Float(decoder.decode($0) - offset)
        }
      }
      for (field, first) in zip(run.fields, bases) {
        for target in slots[field]?.dropFirst() ?? [] {
          for i in stride(from: channel, to: size, by: source.variables.count) {
            (out[target * size + i], isValid[target * size + i]) = (out[first + i], isValid[first + i])
          }
        }
      }
    }
  }

  /// All numbers of a field in double precision, NaN where one is missing, in the order of the file.
  func numbers(ofField index: Int) throws -> [Double] {
    let (start, count) = hyperslab(Run(fields: [index], places: source.dimensions.places(ofField: index)))
    let decoder = plan.decoder
    return try file.rawValues(of: variable, start: start, count: count).map { decoder.decode($0) }
  }

  /// The field dimension along which adjacent fields are read together: the last one with several selected indices.
  private var runDimension: Int? { source.dimensions.lastIndex { $0.selected.count > 1 } }

  private func runs(over fields: [Int]) -> [Run] {
    let limit = max(1, slabLimit / max(1, source.grid.cellCount * source.group.versionOrder.count))
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

  /// Copies the fields of a run from their slab to the entries starting at `bases`, several fields at once.
  ///
  /// - Parameter decode: the value of a stored number, NaN if it is missing.
  @inline(__always)
  private func fill<Stored: Sendable>(
    _ run: Run, from slab: [Stored], layout: SlabLayout, bases: [Int], into out: UnsafeMutableBufferPointer<Float>,
    isValid: UnsafeMutableBufferPointer<Bool>, decode: @Sendable (Stored) -> Float
  ) throws {
    // For each field, the vertex of the first infinite value.
    var infinite = [Int?](repeating: nil, count: run.fields.count)
    slab.withUnsafeBufferPointer { slab in
      infinite.withUnsafeMutableBufferPointer { infinite in
        // Sound, because each field writes to its own entries.
        nonisolated(unsafe) let (slab, infinite, out, isValid) = (slab, infinite, out, isValid)
        let (rows, columns, channels) = (source.grid.rows, source.grid.columns, source.variables.count)
        let versions = source.group.versionOrder
        let (channel, vertexOfCell) = (channel, source.vertexOfCell)
        Parallel.forEachRange(of: bases.count, grain: max(1, Self.grain / max(1, rows * columns))) { fields in
          for field in fields {
            for version in versions {
              for row in 0..<rows {
                let origin = field * layout.field + version * layout.version + row * layout.row
                for column in 0..<columns {
                  let cell = row * columns + column
                  let vertex = vertexOfCell.isEmpty ? cell : Int(vertexOfCell[cell])
                  if vertex < 0 { continue }
                  let target = bases[field] + vertex * channels + channel
                  if isValid[target] { continue }
                  let value = decode(slab[origin + column * layout.column])
                  if value.isNaN { continue }
                  if value.isInfinite, infinite[field] == nil { infinite[field] = vertex }
                  (out[target], isValid[target]) = (value, true)
                }
              }
            }
          }
        }
      }
    }
    for (field, vertex) in zip(run.fields, infinite) {
      if let vertex { throw self.infinite(vertex: vertex, field: field) }
    }
  }

  private func infinite(vertex: Int, field: Int) -> NetCDFError {
    let point = source.grid.point(ofVertex: vertex)
    let label = source.labels[field]
    let others = label.coordinates.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let place =
      [label.time].compactMap { $0 } + others
      + [String(format: "latitude %g, longitude %g", point.latitude, point.longitude)]
    return .infiniteValue(path: file.path, variable: variable.name, place: place.joined(separator: ", "))
  }

  /// Chunks that contain several fields would otherwise be decompressed once per field. Whether they are not
  /// decompressed again for the next hyperslab, because they have one field each or fit into the cache.
  private static func sizeChunkCache(
    of variable: NetCDFVariable, _ plan: ChannelPlan, in file: NetCDFFile
  ) throws -> Bool {
    guard let chunk = try file.chunkShape(of: variable) else { return true }
    var bytes = max(1, variable.type.byteCount)
    var isShared = false
    for ((use, dimension), extent) in zip(zip(plan.uses, variable.dimensions), chunk) {
      if case .field = use {
        bytes *= extent
        isShared = isShared || extent > 1
      } else {
        bytes *= (dimension.length + extent - 1) / max(1, extent) * extent
      }
    }
    guard bytes <= chunkCacheLimit else { return !isShared }
    if bytes > 16 << 20 { try file.keepChunks(of: variable, byteCount: bytes + bytes / 8) }
    return true
  }
}
