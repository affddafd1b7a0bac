// Conditions by the flags of a file: words mean what their numbers and bits mean, and what tells good from bad is proposed.

import Foundation
import SextantSignals
import SextantTestSupport
import Testing

@Suite struct FlagConditionTests {
  static let levels = ["no_data", "bad_data", "worst_quality", "low_quality", "acceptable_quality", "best_quality"]
  static let bits = ["microwave", "land", "ice", "lake"]

  /// Sea-surface temperature like GHRSST's, cold where its quality is low, with flags in `type` whose highest bit is
  /// also in use.
  static func file(_ folder: TestFolder, type: NetCDFType = .int, highBit: Double = 1_073_741_824) throws -> String {
    let grid = ["time", "lat", "lon"]
    let places = (0..<60).map(Double.init)
    let temperatures: [Double] = places.map { (place: Double) -> Double in
      let isBad = Int(place) % 6 < 4
      return (isBad ? 285.0 : 290.0) + 0.01 * place
    }
    let flags: [Double] = places.map { (place: Double) -> Double in
      let low = place.truncatingRemainder(dividingBy: 16)
      return Int(place) % 2 == 0 ? low : low + highBit
    }
    let qualities: [Double] = places.map { $0.truncatingRemainder(dividingBy: 6) }
    let kelvin: [String: NetCDFAttributeValue] = ["units": .text("K")]
    let levelFlags: [String: NetCDFAttributeValue] = [
      "flag_values": .numbers([0, 1, 2, 3, 4, 5], .byte), "flag_meanings": .text(levels.joined(separator: " ")),
    ]
    let bitFlags: [String: NetCDFAttributeValue] = [
      "flag_masks": .numbers([1, 2, 4, 8], type), "flag_meanings": .text(bits.joined(separator: " ")),
    ]
    return try folder.write(
      "\(UUID().uuidString).nc", dimensions: ["time": 1, "lat": 6, "lon": 10],
      [
        .time([0]), .latitude([0, 1, 2, 3, 4, 5], name: "lat"), .longitude(Array(places.prefix(10)), name: "lon"),
        TestVariable("sst", .float, grid, temperatures, kelvin),
        TestVariable("sst_dtime", .float, grid, places, ["units": .text("seconds")]),
        TestVariable("sses_bias", .float, grid, places.map { $0 / 600 }, kelvin),
        TestVariable("quality_level", .byte, grid, qualities, levelFlags),
        TestVariable("l2p_flags", type, grid, flags, bitFlags),
      ])
  }

  static func excluded(_ path: String, _ condition: String) throws -> [Int] {
    let missing = [try MissingCondition(condition)]
    do {
      let fields = try FormatCase.formats.open(SignalRequest(path: path, missing: missing)).read([0])
      return fields.isValid.indices.filter { !fields.isValid[$0] }
    } catch SignalFormatError.nothingLeft(_, _, let count) {
      return Array(0..<count)
    }
  }

  @Test(arguments: ["<", "<=", ">", ">=", "=", "!="]) func wordsMeanTheirNumbers(sign: String) throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    for (value, word) in Self.levels.enumerated() {
      let excluded = try Self.excluded(path, "quality_level\(sign)\(word)")
      #expect(try excluded == Self.excluded(path, "quality_level\(sign)\(value)"))
      #expect(!excluded.isEmpty || ["<", ">"].contains(sign))
    }
  }

  /// Whole numbers of 32 bits, of which single precision would lose the low bits.
  @Test(arguments: [
    (NetCDFType.int, -1_073_741_824.0), (.int, 1_073_741_824), (.unsignedInt, 2_147_483_648), (.short, 16384),
    (.int64, 1_099_511_627_776),
  ])
  func masksMeanTheirBits(type: NetCDFType, highBit: Double) throws {
    let folder = try TestFolder()
    let path = try Self.file(folder, type: type, highBit: highBit)
    for (place, word) in Self.bits.enumerated() {
      let expected = (0..<60).filter { $0 % 16 & (1 << place) != 0 }
      #expect(try Self.excluded(path, "l2p_flags&\(word)") == expected)
      #expect(try Self.excluded(path, "l2p_flags&\(1 << place)") == expected)
      #expect(try Self.excluded(path, "l2p_flags=\(word)") == expected)
      #expect(try Self.excluded(path, "l2p_flags!=\(word)") == (0..<60).filter { !expected.contains($0) })
    }
    #expect(try Self.excluded(path, "l2p_flags&6") == (0..<60).filter { $0 % 16 & 6 != 0 })
  }

  @Test func wordsThatTheFileDoesNotExplainAreRefused() throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    let unknown = complaint { _ = try Self.excluded(path, "l2p_flags&cloud") }
    #expect(unknown.contains("\"cloud\"") && unknown.contains("lake"), "\(unknown)")
    #expect(complaint { _ = try Self.excluded(path, "l2p_flags<ice") }.contains("bits"))
    #expect(complaint { _ = try Self.excluded(path, "sst<cold") }.contains("flag_meanings"))
  }

  @Test func whatServesOthersIsNoField() throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    let document = try FormatCase.formats.open(SignalRequest(path: path))
    #expect(document.variables.map(\.name) == ["sst"])
    #expect(document.companionNames.contains("sst_dtime") && document.companionNames.contains("quality_level"))
    let roles = try FileInspection(path: path).variables.filter { $0.role == .ancillary }.map(\.name)
    #expect(roles == ["sst_dtime", "sses_bias", "quality_level", "l2p_flags"])
    #expect(try FormatCase.formats.open(SignalRequest(path: path, variables: ["sses_bias"])).variables.count == 1)
  }

  @Test func whatTellsGoodFromBadIsProposed() throws {
    let folder = try TestFolder()
    let path = try Self.file(folder)
    let inspection = try FileInspection(path: path)
    #expect(inspection.proposals.count == 1 && inspection.description.contains("--missing 'quality_level<4'"))
    let document = try FormatCase.formats.open(SignalRequest(path: path))
    #expect(document.remarks.contains { $0.topic == "unused-quality" && $0.text.contains("40 of 60") && $0.kind == .warning })
    // Once the quality is used, whatever the bound, nothing is left to say.
    let used = try FormatCase.formats.open(SignalRequest(path: path, missing: [MissingCondition("quality_level<2")]))
    #expect(used.remarks.isEmpty && HeldOutSource(document) { $1 }.remarks == document.remarks)
  }

  @Test(arguments: [
    (["good", "probably_good", "probably_bad", "bad"], "q>1"), (["bad", "questionable", "good"], "q<2"),
    (["missing", "good", "bad"], "q!=1"), (["not_good", "invalid", "valid"], "q<2"), (["land", "sea"], nil),
    (["good", "best"], nil), (["bad", "good", "worst", "best"], nil),
  ] as [([String], String?)]) func proposalsFollowTheWords(words: [String], expected: String?) throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "\(UUID().uuidString).nc", dimensions: ["lat": 2, "lon": 2],
      [
        .latitude([0, 1], name: "lat"), .longitude([0, 1], name: "lon"),
        TestVariable("v", .float, ["lat", "lon"], [1, 2, 3, 4]),
        TestVariable(
          "q", .byte, ["lat", "lon"], [0, 1, 1, 0],
          [
            "flag_values": .numbers(words.indices.map(Double.init), .byte),
            "flag_meanings": .text(words.joined(separator: " ")),
          ]),
      ])
    let document = try FormatCase.formats.open(SignalRequest(path: path, acceptsValues: true))
    #expect(document.qualities.first?.proposal.description == expected)
  }
}
