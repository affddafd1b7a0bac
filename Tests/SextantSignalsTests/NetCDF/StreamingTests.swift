// An archive larger than memory must be readable: reading some fields must cost memory for these alone. The
// archive counts 12 GB when read, but only a few fields were ever written, so the file itself is small.

import Foundation
import SextantArrays
import SextantSignals
import Testing

@Suite(.serialized) struct StreamingTests {
  private static let (fieldCount, rows, columns) = (3000, 721, 1440)
  private static let written = [0, 1, 1500, 2998, 2999]

  /// The peak of this process's memory in bytes since the last reset; nil where the system does not tell.
  private static func peakMemory() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kilobytes << 10
  }

  private static func resetPeak() -> Bool {
    (try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))) != nil
  }

  private func writeArchive(_ path: String, chunk: [Int]) throws {
    let output = try NetCDFFileWriter(creating: path, reportedAs: path)
    let dimensions = try [("time", Self.fieldCount), ("latitude", Self.rows), ("longitude", Self.columns)].map {
      try output.defineDimension($0, length: $1)
    }
    let latitudes = (0..<Self.rows).map { 90 - Double($0) * 0.25 }
    let longitudes = (0..<Self.columns).map { Double($0) * 0.25 }
    let latitude = try output.defineVariable("latitude", type: .double, dimensions: [dimensions[1]])
    try output.setAttribute("units", .text("degrees_north"), of: latitude)
    let longitude = try output.defineVariable("longitude", type: .double, dimensions: [dimensions[2]])
    try output.setAttribute("units", .text("degrees_east"), of: longitude)
    let variable = try output.defineVariable("v", type: .float, dimensions: dimensions, chunk: chunk, compression: 1)
    try output.endDefinitions()
    try output.put(latitudes, variable: latitude, name: "latitude", start: [0], count: [Self.rows])
    try output.put(longitudes, variable: longitude, name: "longitude", start: [0], count: [Self.columns])
    for field in Self.written {
      let values = [Float](repeating: Float(field), count: Self.rows * Self.columns)
      try output.put(values, variable: variable, name: "v", start: [field, 0, 0], count: [1, Self.rows, Self.columns])
    }
    try output.close()
  }

  @Test(
    .enabled(if: resetPeak() && peakMemory() != nil, "the system does not report the peak of a process's memory"),
    arguments: [[1, 721, 1440], [20, 103, 144]]
  ) func memoryDoesNotGrowWithTheFile(chunk: [Int]) throws {
    let folder = try TestFolder()
    let path = folder.path("large.nc")
    try writeArchive(path, chunk: chunk)
    let file = try GriddedFile(path: path)
    let size = Self.rows * Self.columns
    try #require(Self.resetPeak())
    let before = try #require(Self.peakMemory())
    var next = 0
    try file.forEachChunk(of: Self.written + [700], byteLimit: 8 << 20) { set in
      #expect(set.count == 1)
      for entry in [0, size / 2, size - 1] {
        let isWritten = next < Self.written.count
        #expect(set.isValid[entry] == isWritten)
        if isWritten { #expect(set.values[0, entry, 0] == Float(Self.written[next])) }
      }
      next += 1
    }
    let after = try #require(Self.peakMemory())
    // The margin is wide because the allocator keeps freed memory. The whole archive would take twelve times as much.
    #expect(after - before < 1 << 30, "Reading took \((after - before) >> 20) MB")
  }
}
