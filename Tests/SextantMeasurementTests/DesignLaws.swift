// Laws of every measurement design, over the standard kinds, combinations of them, and a kind of the tests' own.

import Foundation
import SextantArrays
import SextantGeometry
import Testing

@testable import SextantMeasurement

@Suite("Laws of measurement designs")
struct DesignLaws {
  /// A blur as a design: `ring`, or `ring:2` for two turns.
  struct RingDesign: MeasurementDesign {
    var turns: Int
    var mayHide: Bool { false }
    var description: String { turns == 1 ? "ring" : "ring:\(turns)" }

    func draw(in context: MeasurementContext, using random: inout RandomStream) -> any LinearOperator {
      let blur = RingBlur(count: context.entryCount)
      return (1..<turns).reduce(blur as any LinearOperator) { result, _ in blur.composed(after: result) }
    }
  }

  static let kinds: [MeasurementDesignKind] =
    .standard + [
      MeasurementDesignKind(name: "ring", help: "a blur along the ring", example: "ring:2") { text in
        RingDesign(turns: Int(try text.takeNumber("turns", in: 1...9, fallback: 1, orPositional: true)))
      }
    ]

  static let texts =
    MaskLaws.texts + [
      "ring", "ring:3", "ring|random:0.5", "ring:2|random:0.3+land", "random:0|random:0.4", "ring|ring|band:-20..20",
      "none|ring",
    ]

  static func design(_ text: String) throws -> AnyMeasurementDesign { try AnyMeasurementDesign(text, kinds: kinds) }

  static func draw(_ text: String, seed: UInt64 = 1, isValid: [Bool] = MaskLaws.isValid) throws -> any LinearOperator {
    var random = RandomStream(seed: seed)
    let context = try MeasurementContext(domain: MaskLaws.domain, isValid: isValid, inputs: MaskLaws.inputs)
    return try design(text).draw(in: context, using: &random)
  }

  @Test("every standard kind has an example that reads, and a name of its own", arguments: kinds.map(\.name))
  func examplesRead(name: String) throws {
    let kind = try #require(Self.kinds.first { $0.name == name })
    #expect(try Self.design(kind.example).description.hasPrefix(name) && !kind.help.isEmpty)
    #expect(Self.kinds.count { $0.name == name } == 1)
  }

  @Test("the text reads back as itself, also through JSON", arguments: texts)
  func survivesText(text: String) throws {
    let design = try Self.design(text)
    #expect(try Self.design(design.description) == design)
    #expect(try Self.design(" \(text) ") == design)
    let decoder = JSONDecoder()
    decoder.userInfo[try #require(CodingUserInfoKey.measurementDesignKinds)] = Self.kinds
    #expect(try decoder.decode([AnyMeasurementDesign].self, from: JSONEncoder().encode([design])) == [design])
  }

  @Test("a kind is known only where it is listed")
  func unknownKindsAreRefused() throws {
    let error = #expect(throws: MeasurementError.self) { try AnyMeasurementDesign("ring|random:0.5") }
    #expect(error?.description.contains("'ring'") == true)
  }

  @Test("one seed gives one operator", arguments: texts)
  func isDeterministic(text: String) throws {
    #expect(try Self.draw(text, seed: 3).isSame(as: Self.draw(text, seed: 3)))
  }

  @Test("only a design that may hide leaves a valid value out", arguments: texts)
  func sureDesignsHideNothing(text: String) throws {
    let valid = [Bool](repeating: true, count: MaskLaws.isValid.count)
    let operation = try Self.draw(text, isValid: valid)
    #expect(try Self.design(text).mayHide || operation.outputCount == valid.count)
  }

  @Test("A|B measures by A first and then by B, with streams of their own")
  func chainsCompose() throws {
    let valid = [Bool](repeating: true, count: MaskLaws.isValid.count)
    let chain = try Self.draw("ring|random:0.4", isValid: valid)
    let blur = RingBlur(count: valid.count)
    #expect(chain.selectedEntries == nil && chain.outputEntries.count == valid.count)
    let mask = SelectionOperator(inputCount: valid.count, indices: chain.outputEntries.indices)
    #expect(chain.isSame(as: mask.composed(after: blur)))
    // Another first design changes nothing of the second.
    #expect(try Self.draw("ring:2|random:0.4", isValid: valid).outputEntries == chain.outputEntries)
  }

  @Test("a design followed by another is their chain, and the other alone after none", arguments: texts)
  func followersAreChains(text: String) throws {
    let design = try Self.design(text)
    #expect(try Self.design("none").followed(by: design) == design)
    // A path takes the rest of the text, so that a file can only be named last.
    guard text != "none", !text.contains("file:") else { return }
    let both = design.followed(by: try Self.design("random:0.2"))
    #expect(both == (try Self.design("\(design)|random:0.2")))
    // The text reads back as a design that draws the same.
    var (one, two) = (RandomStream(seed: 2), RandomStream(seed: 2))
    let context = try MeasurementContext(
      domain: MaskLaws.domain, isValid: MaskLaws.isValid, inputs: MaskLaws.inputs)
    let drawn = try both.draw(in: context, using: &one)
    #expect(drawn.isSame(as: try Self.design(both.description).draw(in: context, using: &two)))
  }

  @Test("a mask after a mask hides some of what the first one leaves")
  func chainsOfMasks() throws {
    let (one, two) = (try Self.draw("band:-20..20"), try Self.draw("band:-20..20|random:0.4"))
    let (first, second) = (Set(try #require(one.selectedEntries)), Set(try #require(two.selectedEntries)))
    #expect(second.isStrictSubset(of: first))
    // The share is one of what is left: 0.4 of the vertices that the band leaves and that are valid.
    let vertices = Set(first.map { $0 / 2 })
    #expect(Set(second.map { $0 / 2 }).count == vertices.count - Int((0.4 * Double(vertices.count)).rounded()))
  }

  @Test("a blur after a mask measures what depends on no missing entry")
  func blursAfterMasks() throws {
    let mask = Set(try #require(try Self.draw("band:0..30").selectedEntries))
    let chain = try Self.draw("band:0..30|ring")
    let count = MaskLaws.isValid.count
    let whole = (0..<count).filter { entry in
      RingBlur.weights.allSatisfy { mask.contains((entry + $0.offset + count) % count) }
    }
    #expect(chain.outputEntries.indices == whole && !whole.isEmpty && whole.count < mask.count)
  }

  @Test("a mask after a blur leaves out what invalid entries spread to")
  func invalidEntriesSpread() throws {
    var isValid = [Bool](repeating: true, count: MaskLaws.isValid.count)
    isValid[40] = false
    let measured = Set(try Self.draw("ring|none", isValid: isValid).outputEntries.indices)
    #expect(isValid.indices.filter { !measured.contains($0) } == [39, 40, 41])
  }

  @Test("'+' joins masks only")
  func plusJoinsMasks() {
    let error = #expect(throws: MeasurementError.self) { try Self.design("random:0.5+ring") }
    #expect(error?.description.contains("'ring', which is not a mask") == true)
  }

  @Test("two files in one mask are two files")
  func filesAreReadApart() throws {
    let inputs = MeasurementInputs(coverage: { path, _ in
      (0..<MaskLaws.domain.vertexCount).map { $0 % 2 == (path == "even.nc" ? 0 : 1) || $0 % 5 == 0 }
    })
    var random = RandomStream(seed: 1)
    let context = try MeasurementContext(domain: MaskLaws.domain, isValid: EachMask.everywhere, inputs: inputs)
    let operation = try AnyMeasurementDesign("file:even.nc").draw(in: context, using: &random)
    let both = try MaskCombination([FileMask(path: "even.nc"), FileMask(path: "odd.nc")], text: "")
      .draw(in: context, using: &random)
    #expect(operation.selectedEntries?.contains(2) == true)
    #expect(both.selectedEntries == (0..<MaskLaws.domain.vertexCount).filter { $0 % 5 == 0 })
  }
}
