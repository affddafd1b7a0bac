// What is told of arrays and tables: shapes, columns, ranges, and what is missing.

import Foundation
import SextantArrays
import SextantGeometry
import SextantTestSupport
import Testing

@testable import SextantSignals

@Suite struct NumbersInspectionTests {
  @Test func arraysOfEveryShapeAreTold() throws {
    let folder = try ScratchFolder()
    func inspect(_ values: [Float], _ shape: [Int]) throws -> NumbersInspection {
      let path = folder.path("a.npy")
      try NPYFile.write(Tensor(values, shape: shape), to: path, overwrite: true)
      return try NumbersInspection(array: path)
    }
    let line = try inspect([1, .nan, 4, -2], [4])
    #expect(line.shape == [4] && line.signal == "1 field of 1 variable at 4 vertices" && line.columns.count == 1)
    let only = try #require(line.columns.first)
    #expect(only.name == "value" && only.minimum == -2 && only.maximum == 4 && only.mean == 1)
    #expect(only.missingCount == 1 && only.infiniteCount == 0)

    let table = try inspect([1, 10, 2, .infinity, .nan, 30], [3, 2])
    #expect(table.signal == "1 field of 2 variables at 3 vertices")
    #expect(table.columns.map(\.name) == ["column_1", "column_2"] && table.columns.map(\.mean) == [1.5, 20])
    #expect(table.columns.map(\.missingCount) == [1, 0] && table.columns.map(\.infiniteCount) == [0, 1])

    #expect(try inspect([0, 0, 0, 0, 0, 0], [3, 2, 1]).signal == "3 fields of 1 variable at 2 vertices")
    // Shapes that no signal has are told all the same: samples of several fields, nothing at all, and one number.
    let samples = try inspect([Float](repeating: 2, count: 16), [2, 2, 2, 2])
    #expect(samples.signal == nil && samples.shape == [2, 2, 2, 2] && samples.description.contains("2 × 2 × 2 × 2"))
    #expect(try inspect([], [0]).columns.map(\.minimum) == [nil])
    #expect(try inspect([7], []).columns.map(\.maximum) == [7])
    // An ensemble over many vertices is no table of so many columns.
    #expect(try inspect([Float](repeating: 1, count: 200), [2, 100]).columns.count == 1)
  }

  /// With the axes of images an array is told as the command that is given the same letters reads it.
  @Test(arguments: [
    ("YX", [4, 3], 1, 1, ["value"]), ("TYX", [2, 4, 3], 2, 1, ["value"]), ("YXC", [4, 3, 2], 1, 2, ["column_1", "column_2"]),
    ("TZYXC", [2, 1, 4, 3, 2], 2, 2, ["column_1", "column_2"]), ("yx", [30, 40], 1, 1, ["value"]),
  ] as [(String, [Int], Int, Int, [String])])
  func arraysOfImagesAreTold(axes: String, shape: [Int], fields: Int, variables: Int, names: [String]) throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.npy")
    let count = shape.reduce(1, *)
    try NPYFile.write(Tensor((0..<count).map { Float($0) }, shape: shape), to: path, overwrite: true)
    let document = try VertexArrayFormat().open(SignalRequest(path: path, settings: ["axes": axes]))
    #expect(document.count == fields && document.variables.map(\.name) == names)
    let inspection = try NumbersInspection(array: path, axes: axes)
    let raster = try #require(document.domain.raster)
    #expect(inspection.shape == shape && inspection.columns.map(\.name) == names)
    let signal = try #require(inspection.signal)
    let parts = [fields == 1 ? "1 field" : "\(fields) fields", variables == 1 ? "1 variable" : "\(variables) variables"]
    #expect(signal == parts.joined(separator: " of ") + " at \(raster.rows)×\(raster.columns) pixels (rows × columns)")
    #expect(inspection.columns.last?.maximum == Double(count - 1))
    // By the command's road, and with letters that do not fit.
    let shown = try VertexArrayFormat().inspect(InspectionRequest(path: path, settings: ["axes": axes]))
    #expect(shown.description == inspection.description)
    #expect(throws: SignalFormatError.self) { try NumbersInspection(array: path, axes: axes + "X") }
  }

  @Test func tablesAreTold() throws {
    let folder = try ScratchFolder()
    let path = try folder.write("heat;salt\n1.5;NA\n;3\n-1;4\n", to: "values.csv")
    let inspection = try NumbersInspection(table: path)
    #expect(inspection.format == "table" && inspection.shape == [3, 2])
    #expect(inspection.columns.map(\.name) == ["heat", "salt"] && inspection.columns.map(\.missingCount) == [1, 1])
    #expect(inspection.columns.map(\.minimum) == [-1, 3] && inspection.columns.map(\.maximum) == [1.5, 4])
    let lines = inspection.description.split(separator: "\n")
    #expect(lines[0] == "\(path): table, 3 rows, 2 columns")
    #expect(lines[1] == "  as a signal  1 field of 2 variables at 3 vertices")
    #expect(lines[2].contains("--columns latitude=NAME"))
    #expect(lines[3] == "  heat  -1 to 1.5, mean 0.25, 1 missing")
    let json = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(inspection)) as? [String: Any])
    #expect(json["shape"] as? [Int] == [3, 2] && json["signal"] as? String == inspection.signal)
  }
}
