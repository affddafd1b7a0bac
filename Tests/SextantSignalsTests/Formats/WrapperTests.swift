// Conditions and held-out values are the same over every format.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct WrapperTests {
  @Test(arguments: FormatCase.all) func conditionsTakeValuesOut(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 2)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.measurements(fields.count, hasNoise: true), of: fields, to: path)
    let document = try format.open(path, channels: 2)
    // The values of one variable, and numbers that are no variable: all variables of a vertex are taken out.
    let conditioned = try ConditionedSource(
      document, excluding: [MissingCondition("heat>0.5"), MissingCondition("salt_noise<0.6")])
    let read = try conditioned.read(Array(0..<fields.count))
    for index in 0..<fields.count {
      let noise = try document.companion("salt_noise", at: index) ?? []
      for vertex in 0..<fields.vertexCount {
        let heat = fields.isValid[(index * fields.vertexCount + vertex) * 2] ? fields.values[index, vertex, 0] : 0
        let isOut = heat > 0.5 || noise[vertex] < 0.6
        for channel in 0..<2 {
          let entry = (index * fields.vertexCount + vertex) * 2 + channel
          #expect(read.isValid[entry] == (fields.isValid[entry] && !isOut))
          #expect(read.values[index, vertex, channel] == (read.isValid[entry] ? fields.values[index, vertex, channel] : 0))
        }
      }
    }
    #expect(conditioned.origin.path == path && conditioned.inputPaths == document.inputPaths)
    let absent = complaint { _ = try ConditionedSource(document, excluding: [MissingCondition("depth<1")]) }
    #expect(absent.contains("depth") && absent.contains("heat"), "\(absent)")
  }

  @Test(arguments: FormatCase.all) func heldOutValuesAreKeptForTheCheck(format: FormatCase) throws {
    let folder = try ScratchFolder()
    let fields = try format.fields(channels: 1)
    let path = folder.path("out.\(format.ending)")
    _ = try format.write(.fields(fields.count), of: fields, to: path)
    let document = try format.open(path, channels: 1)
    let held = HeldOutSource(document) { index, isValid in isValid.indices.map { isValid[$0] && ($0 + index) % 2 == 0 } }
    for index in 0..<fields.count {
      let (before, after) = (fields[index], try held.read([index])[0])
      let hidden = try held.heldOut(of: index)
      #expect(!hidden.isEmpty)
      for (entry, value) in hidden {
        #expect(before.isValid[entry] && !after.isValid[entry] && before.values.scalars[entry] == value)
        #expect(after.values.scalars[entry] == 0)
      }
      #expect(hidden.count + after.isValid.count { $0 } == before.isValid.count { $0 })
    }
  }

  @Test(arguments: ["quality", "<3", "quality<", "quality<too many", "quality<nan", "flags&0", "flags&1.5", ""])
  func textsThatAreNoConditionAreRefused(text: String) {
    #expect(throws: SignalFormatError.invalidCondition(text: text)) { try MissingCondition(text) }
  }

  @Test(arguments: [
    ("a<1", [0.0, 1, 2], [true, false, false]), ("a <= 1", [0, 1, .nan], [true, true, false]),
    ("a>1", [0, 1, 2], [false, false, true]), ("a>=-1", [-2, -1, 2], [false, true, true]),
    ("a b=1e0", [0, 1, 2], [false, true, false]), ("a!=1", [0, 1, .nan], [true, false, false]),
    ("a&6", [1, 2, 12, -1, .nan, 0.5], [false, true, true, true, false, false]),
    ("a=-99.9", [Double(Float(-99.9)), -99.9, -99], [true, true, false]),
    ("a<=0.1", [Double(Float(0.1)), 0.1, 0.2], [true, true, false]),
  ]) func conditionsHoldWhereTheySay(text: String, numbers: [Double], expected: [Bool]) throws {
    let condition = try MissingCondition(text)
    #expect(numbers.map(condition.holds) == expected)
    #expect(try MissingCondition(condition.description) == condition)
  }
}
