// What is told of arrays and tables: shapes, columns, ranges, and what is missing.

import Foundation
import SextantArrays
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
