// An archive larger than memory must be readable: reading some fields must cost memory for these alone.

import Foundation
import SextantArrays
import SextantSignals
import Testing

@Suite(.serialized) struct StreamingTests {
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

  /// 100 MB of fields, compressed to little, in chunks of one field or of many.
  @Test(arguments: [[1, 250, 250], [20, 50, 50]]) func memoryDoesNotGrowWithTheFile(chunk: [Int]) throws {
    let folder = try TestFolder()
    let path = folder.path("large.nc")
    let fieldCount = 400
    let output = try NetCDFOutput(creating: path, reportedAs: path)
    let dimensions = try [("time", fieldCount), ("latitude", 250), ("longitude", 250)].map {
      try output.defineDimension($0, length: $1)
    }
    let latitude = try output.defineVariable("latitude", type: .double, dimensions: [dimensions[1]])
    try output.setAttribute("units", .text("degrees_north"), of: latitude)
    let longitude = try output.defineVariable("longitude", type: .double, dimensions: [dimensions[2]])
    try output.setAttribute("units", .text("degrees_east"), of: longitude)
    let values = try output.defineVariable("v", type: .float, dimensions: dimensions, chunk: chunk, compression: 1)
    try output.endDefinitions()
    let axis = (0..<250).map { Double($0) * 0.1 }
    try output.put(axis, variable: latitude, name: "latitude", start: [0], count: [250])
    try output.put(axis, variable: longitude, name: "longitude", start: [0], count: [250])
    for first in stride(from: 0, to: fieldCount, by: 20) {
      let block = (first..<first + 20).flatMap { [Float](repeating: Float($0), count: 62500) }
      try output.put(block, variable: values, name: "v", start: [first, 0, 0], count: [20, 250, 250])
    }
    try output.close()

    let file = try GriddedFile(path: path)
    guard Self.resetPeak(), let before = Self.peakMemory() else { return }
    var next: Float = 0
    try file.forEachChunk(of: Array(0..<file.count), byteLimit: 4 << 20) { set in
      set.values.withUnsafeScalars { scalars in
        for n in 0..<set.count {
          #expect(scalars[n * 62500] == next && scalars[n * 62500 + 62499] == next)
          next += 1
        }
      }
    }
    #expect(next == Float(fieldCount))
    let growth = (Self.peakMemory() ?? 0) - before
    // 4 MB of fields, 8 MB of stored numbers, the library's 16 MB of chunks; not 100 MB.
    #expect(growth < 48 << 20, "Reading took \(growth >> 20) MB")
  }
}
