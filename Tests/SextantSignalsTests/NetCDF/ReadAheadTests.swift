// Reading ahead: whatever the chunks, the order of the reads and the selection, the fields are those of plain reading,
// and fields that are read in order cost one reading of each block.

import Foundation
import SextantArrays
import SextantGeometry
import SextantTestSupport
import Synchronization
import Testing

@testable import SextantSignals

@Suite struct ReadAheadTests {
  static let (times, levels, rows, columns) = (12, 2, 3, 4)

  /// A file of temperatures along time and level, with a tenth missing, and its noise.
  static func file(in folder: TestFolder, chunk: [Int]) throws -> String {
    let count = times * levels * rows * columns
    let values = (0..<count).map { $0 % 10 == 7 ? -9999 : Double($0 * $0 % 977) }
    let dimensions = ["time", "level", "latitude", "longitude"]
    return try folder.write(
      "\(chunk.map(String.init).joined(separator: "-")).nc",
      dimensions: ["time": times, "level": levels, "latitude": rows, "longitude": columns],
      [
        .time((0..<times).map(Double.init)),
        TestVariable("level", .double, ["level"], [500, 850], ["units": .text("hPa")]),
        .latitude([10, 0, -10]), .longitude([0, 10, 20, 30]),
        TestVariable("t", .float, dimensions, values, ["_FillValue": .numbers([-9999], .float)], chunk: chunk),
        TestVariable("t_noise", .float, dimensions, values.map { $0 + 1 }, chunk: chunk),
      ])
  }

  /// Orders in which fields are read, some of them several at once.
  static let orders: [[[Int]]] = [
    (0..<24).map { [$0] }, (0..<24).reversed().map { [$0] }, [[5], [6], [7], [7], [8, 9], [1], [2, 3, 0], [23], [23]],
    [Array(0..<24)], [[3], [4, 3, 4], [20, 2]], (0..<12).map { [2 * $0] },
  ]

  @Test(arguments: [[1, 1, 3, 4], [12, 2, 3, 4], [12, 1, 1, 2], [5, 2, 2, 2], [1, 2, 3, 4], [7, 1, 3, 4]], orders)
  func fieldsAreThoseOfPlainReading(chunk: [Int], order: [[Int]]) throws {
    let folder = try TestFolder()
    let path = try Self.file(in: folder, chunk: chunk)
    for select in [[:], ["level": ["850"]]] {
      let names = select.isEmpty ? nil : ["t"]
      let document = try NetCDFFormat().open(SignalRequest(path: path, variables: names, select: select))
      let plain = try GriddedFile(path: path, variables: ["t"], selecting: select)
      for indices in order.map({ $0.filter { $0 < plain.count } }) where !indices.isEmpty {
        let (field, expected) = (try document.read(indices), try plain.read(indices))
        #expect(field.values == expected.values && field.isValid == expected.isValid && field.labels == expected.labels)
      }
    }
    let document = try NetCDFFormat().open(SignalRequest(path: path))
    let noise = try #require(try document.companion("t_noise"))
    let plain = try GriddedFile(path: path, variables: ["t_noise"])
    for index in order.flatMap(\.self) { #expect(try noise.values(index) == plain.read([index]).values.scalars) }
  }

  @Test(arguments: [([1, 1, 3, 4], 1), ([12, 2, 3, 4], 24), ([5, 1, 3, 4], 10), ([1, 2, 3, 4], 2), ([12, 1, 1, 2], 24)])
  func blocksAreTheFieldsOfSharedChunks(chunk: [Int], length: Int) throws {
    let folder = try TestFolder()
    let path = try Self.file(in: folder, chunk: chunk)
    #expect(try GriddedFile(path: path, variables: ["t"]).blockLength == length)
    // Of one level, the fields of the other are not read.
    let one = try GriddedFile(path: path, variables: ["t"], selecting: ["level": ["500"]])
    #expect(one.blockLength == max(1, chunk[0]))
  }

  /// Fields that count how they are read.
  private final class CountingSource: SignalSource {
    let domain: any Domain
    let variables = [Variable(name: "a")]
    let labels: [FieldLabel]
    let failing: Int?
    let reads = Mutex<[[Int]]>([])

    init(count: Int, failing: Int? = nil) throws {
      domain = try LatitudeLongitudeGrid(latitudes: [10, 0], longitudes: [0, 10, 20])
      labels = (0..<count).map { FieldLabel(coordinates: ["n": "\($0)"]) }
      self.failing = failing
    }

    func read(_ indices: [Int]) throws -> SignalSet {
      reads.withLock { $0.append(indices) }
      if let failing, indices.contains(failing) { throw SignalFormatError.invalidCondition(text: "field \(failing)") }
      return SignalSet(
        domain: domain, variables: variables,
        values: Tensor(indices.flatMap { index in (0..<6).map { Float(10 * index + $0) } }, shape: [indices.count, 6, 1]),
        isValid: [Bool](repeating: true, count: 6 * indices.count), labels: indices.map { labels[$0] })
    }
  }

  @Test(arguments: [2, 5, 40, 100, 1000]) func readingInOrderReadsEachBlockOnce(length: Int) throws {
    let source = try CountingSource(count: 100)
    let ahead = ReadAhead(source, blockLength: length)
    for index in 0..<100 {
      // As a solver does: the field, and again for its numbers.
      for _ in 0..<2 { #expect(try ahead.read([index])[0].values.scalars[0] == Float(10 * index)) }
    }
    let reads = source.reads.withLock { $0 }
    #expect(reads.count == (100 + length - 1) / length)
    #expect(reads.flatMap(\.self) == Array(0..<100))
  }

  /// Fields in any order: a block is read where the last one does not hold the field, and nothing else.
  @Test func readingAtRandomReadsBlocks() throws {
    let source = try CountingSource(count: 100)
    let ahead = ReadAhead(source, blockLength: 50)
    let order = (0..<60).map { ($0 * 37 + 3) % 100 }
    for index in order { #expect(try ahead.read([index])[0].values.scalars[0] == Float(10 * index)) }
    let blocks = order.map { $0 / 50 }
    let changes = blocks.indices.filter { $0 == 0 || blocks[$0] != blocks[$0 - 1] }
    #expect(source.reads.withLock { $0 } == changes.map { Array(50 * blocks[$0]..<50 * blocks[$0] + 50) })
  }

  @Test func aBadFieldIsToldWhenItIsAskedFor() throws {
    let source = try CountingSource(count: 20, failing: 7)
    let ahead = ReadAhead(source, blockLength: 20)
    for index in 0..<7 { #expect(try ahead.read([index])[0].values.scalars[0] == Float(10 * index)) }
    #expect(throws: SignalFormatError.invalidCondition(text: "field 7")) { _ = try ahead.read([7]) }
    #expect(try ahead.read([8])[0].values.scalars[0] == 80)
  }
}
