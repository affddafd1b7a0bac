// Safetensors files made to harm: each is refused with a typed error, and none crashes or allocates what it claims to need.

import Foundation
import SextantArrays
import Testing

@testable import SextantStorage

@Suite struct HostileSafetensorsTests {
  /// A header's text with what should be said of it.
  struct HostileHeader: Sendable, CustomTestStringConvertible {
    let text: String
    let dataByteCount: Int
    let complaint: String
    var testDescription: String { complaint }
  }

  static func header(_ text: String, data: Int = 8, _ complaint: String) -> HostileHeader {
    HostileHeader(text: text, dataByteCount: data, complaint: complaint)
  }

  static func tensor(_ type: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let headers = [
    header("", data: 0, "expected '{'"),
    header("[]", data: 0, "expected '{'"),
    header("{", data: 0, "quoted"),
    header("{}x", data: 0, "expected the end"),
    header("{}", "take 0 bytes, but 8 follow"),
    header(#"{"a":\#(tensor()),"a":\#(tensor())}"#, "occurs twice"),
    header(#"{"a":\#(tensor()),"\u0061":\#(tensor())}"#, "occurs twice"),
    header(#"{"a":\#(tensor("F8"))}"#, "'F8' is not one of"),
    header(#"{"a":\#(tensor("F32", "[2]", "[0,16]"))}"#, "takes 8 bytes"),
    header(#"{"a":\#(tensor("F32", "[4]", "[0,16]"))}"#, "truncated"),
    header(#"{"a":\#(tensor("F32", "[2]", "[8,0]"))}"#, "before they start"),
    header(#"{"a":\#(tensor("F32", "[2]", "[0]"))}"#, "two data_offsets"),
    header(#"{"a":\#(tensor("F32", "[2]", "[-8,0]"))}"#, "integer"),
    header(#"{"a":\#(tensor("F32", "[1.5]"))}"#, "expected ']'"),
    header(#"{"a":\#(tensor("F32", "[99999999999999999999999]"))}"#, "integer"),
    header(#"{"a":\#(tensor("F32", "[4611686018427387904,4]"))}"#, "too many elements"),
    header(#"{"a":\#(tensor()),"b":\#(tensor())}"#, "overlap"),
    header(#"{"a":\#(tensor("F32", "[1]", "[4,8]"))}"#, "gap"),
    header(#"{"a":{"dtype":"F32","shape":[2]}}"#, "expected dtype, shape and two data_offsets"),
    header(#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "occurs twice"),
    header(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}"#, "unknown"),
    header(#"{"a":{"dtype":{"x":"F32"},"shape":[2],"data_offsets":[0,8]}}"#, "quoted string"),
    header(#"{"__metadata__":{"x":"1","x":"2"}}"#, data: 0, "occurs twice"),
    header(#"{"__metadata__":{},"__metadata__":{}}"#, data: 0, "occurs twice"),
    header(#"{"__metadata__":{"x":1}}"#, data: 0, "quoted string"),
    header(#"{"__metadata__":{"x":"\ud800"}}"#, data: 0, "escape is invalid"),
    header(#"{"__metadata__":{"x":"\q"}}"#, data: 0, "unknown escape"),
    header("{\"__metadata__\":{\"x\":\"a\u{1}\"}}", data: 0, "control character"),
    header(#"{"a":"# + String(repeating: "[", count: 100_000), "expected '{'"),
    header(#"{"a":{"shape":"# + String(repeating: "[", count: 100_000), "integer"),
  ]

  static func bytes(_ header: [UInt8], claimedLength: UInt64? = nil, data: Int) -> Data {
    let length = withUnsafeBytes(of: (claimedLength ?? UInt64(header.count)).littleEndian) { Data($0) }
    return length + header + Data(count: data)
  }

  /// What opening a file with these bytes complains of; nil if it does not.
  static func complaint(_ bytes: Data) throws -> String? {
    let folder = try TemporaryFolder()
    let path = folder.path("hostile.safetensors")
    try bytes.write(to: URL(fileURLWithPath: path))
    do {
      let file = try SafetensorsFile(path: path)
      for name in file.names { _ = try? file.floats(name) }
      return nil
    } catch let error as SafetensorsError {
      #expect(error.description.contains(path))
      return error.description
    }
  }

  @Test(arguments: headers) func hostileHeadersAreRefused(header: HostileHeader) throws {
    let complaint = try Self.complaint(Self.bytes(Array(header.text.utf8), data: header.dataByteCount))
    #expect(complaint?.contains(header.complaint) == true, "\(complaint ?? "no complaint")")
  }

  @Test(arguments: [UInt64(3), 1 << 20, 100_000_001, 1 << 63, .max]) func lengthsThatDoNotFitAreRefused(length: UInt64)
    throws
  {
    #expect(
      try Self.complaint(Self.bytes(Array("{}".utf8), claimedLength: length, data: 0))?.contains("header") == true)
  }

  @Test(arguments: 0..<8) func filesTooShortForALengthAreRefused(count: Int) throws {
    #expect(try Self.complaint(Data(count: count))?.contains("length field alone takes 8") == true)
  }

  @Test func textsThatAreNotUTF8AreRefused() throws {
    let header = Array(#"{"__metadata__":{"x":""#.utf8) + [0xC3, 0x28] + Array(#""}}"#.utf8)
    #expect(try Self.complaint(Self.bytes(header, data: 0))?.contains("not valid UTF-8") == true)
  }

  @Test func noCorruptionOfAHeaderCrashesTheReader() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("good")
    try SafetensorsTests.example().write(to: path, overwrite: false)
    let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let headerLength = 8 + Int(good[0]) + Int(good[1]) << 8
    var random = RandomStream(seed: 2024)
    let alphabet = Array(#"{}[]",:\0123456789-.eu "#.utf8) + [0, 0x80, 0xFF]
    for _ in 0..<4000 {
      var bytes = good
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let place = Int.random(in: 8..<min(headerLength, bytes.count), using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        case 1: bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: place)
        default: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: place)
        }
      }
      // The parser alone, without a file for each: the same checks, ten times as fast.
      let claimed = min(headerLength, bytes.count)
      bytes.withUnsafeBytes { raw in
        let header = try? SafetensorsHeader(
          parsing: UnsafeRawBufferPointer(rebasing: raw[8..<claimed]), dataByteCount: raw.count - claimed, path: "fuzz")
        for entry in header?.entries.values ?? [:].values {
          #expect(entry.range.upperBound <= raw.count - claimed)
        }
      }
    }
  }
}
