// Safetensors files: what goes in comes out, the layout is what other programs expect, and broken files are refused with the reason.

import Foundation
import SextantArrays
import Testing

@testable import SextantStorage

@Suite struct SafetensorsTests {
  static let isPythonReaderPresent = Python.runs("import safetensors.numpy")

  static func example() -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [
      "maker": "sextant", "settings": #"{"modes": 3, "name": "größe \"a\"\n"}"#,
    ])
    writer.add("weights", Tensor<Float>([0, 1, -2, .infinity, 4, 5], shape: [2, 3]))
    writer.add("means", Tensor<Double>([1e-300, .pi]))
    writer.add("nodes", integers: [3, -4, Int.max])
    writer.add("columns", integers: [7, -8] as [Int32])
    writer.add("bytes", bytes: [0, 255, 7])
    writer.add("valid", booleans: [true, false, true, true, false])
    writer.add("nothing", Tensor<Float>.zeros([0, 4]))
    return writer
  }

  @Test func everythingComesBack() throws {
    let folder = try TemporaryFolder()
    try Self.example().write(to: folder.path("a.safetensors"), overwrite: false)
    let file = try SafetensorsFile(path: folder.path("a.safetensors"))
    #expect(file.names == ["bytes", "columns", "means", "nodes", "nothing", "valid", "weights"])
    #expect(try file.floats("weights") == Tensor([0, 1, -2, .infinity, 4, 5], shape: [2, 3]))
    #expect(try file.doubles("means", shape: [2]).scalars == [1e-300, .pi])
    #expect(try file.integers("nodes") == [3, -4, Int.max])
    #expect(try file.integers("columns") == [7, -8])
    #expect(try file.bytes("bytes") == [0, 255, 7])
    #expect(try file.booleans("valid") == [true, false, true, true, false])
    #expect(try file.floats("nothing").shape == [0, 4])
    #expect(file.metadata == Self.example().metadata)
    #expect(try file.text(for: "maker") == "sextant")
  }

  @Test func tensorsAreAlignedAndTheFileIsTheSameEveryTime() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] { try Self.example().write(to: folder.path(name), overwrite: false) }
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("a")))
    #expect(try data == Data(contentsOf: URL(fileURLWithPath: folder.path("b"))))
    let length = data.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    #expect((8 + length) % 64 == 0)
    let header = try #require(
      try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]])
    for (name, sizes) in ["means": 8, "nodes": 8, "weights": 4, "columns": 4] {
      let offsets = try #require(header[name]?["data_offsets"] as? [Int])
      #expect(offsets[0] % sizes == 0, "\(name)")
    }
  }

  @Test func anEmptyFileIsAFileToo() throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter().write(to: folder.path("empty"), overwrite: false)
    let file = try SafetensorsFile(path: folder.path("empty"))
    #expect(file.names.isEmpty && file.metadata.isEmpty)
  }

  @Test func wrongTypesShapesAndNamesAreToldApart() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a")
    try Self.example().write(to: path, overwrite: false)
    let file = try SafetensorsFile(path: path)
    #expect(
      throws: SafetensorsError.mismatch(
        path: path, tensor: "weights", expected: "F64", found: "F32 of shape [2, 3]")
    ) { try file.doubles("weights") }
    #expect(
      throws: SafetensorsError.mismatch(
        path: path, tensor: "weights", expected: "F32 of shape [3, 2]", found: "F32 of shape [2, 3]")
    ) { try file.floats("weights", shape: [3, 2]) }
    #expect(throws: SafetensorsError.missingTensor(path: path, tensor: "bias", present: file.names)) {
      try file.floats("bias")
    }
    #expect(throws: SafetensorsError.self) { try file.booleans("bytes") }
    #expect(throws: SafetensorsError.missingMetadata(path: path, key: "licence")) { try file.text(for: "licence") }
    #expect(throws: FileError.missing(path: folder.path("b"))) { try SafetensorsFile(path: folder.path("b")) }
    #expect(throws: FileError.self) { try SafetensorsFile(path: folder.url.path) }
    #expect(throws: FileError.exists(path: path)) { try Self.example().write(to: path, overwrite: false) }
  }

  @Test(.enabled(if: isPythonReaderPresent, "needs Python's safetensors and numpy"))
  func theReferenceReaderReadsIt() throws {
    let folder = try TemporaryFolder()
    try Self.example().write(to: folder.path("a.safetensors"), overwrite: false)
    let script = """
      import sys, math, numpy as np
      from safetensors import safe_open
      with safe_open(sys.argv[1], "np") as f:
          assert f.metadata()["settings"] == '{"modes": 3, "name": "größe \\\\"a\\\\"\\\\n"}', f.metadata()
          assert np.array_equal(f.get_tensor("weights"), np.array([[0, 1, -2], [math.inf, 4, 5]], np.float32))
          assert list(f.get_tensor("means")) == [1e-300, math.pi]
          assert f.get_tensor("nodes").dtype == np.int64 and list(f.get_tensor("valid")) == [1, 0, 1, 1, 0]
      """
    #expect(Python.runs(script, folder.path("a.safetensors")))
  }
}

/// Python, where it is there.
enum Python {
  /// True if `script` runs without an error.
  static func runs(_ script: String, _ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
