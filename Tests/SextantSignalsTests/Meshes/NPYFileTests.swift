// NumPy's files, against files that NumPy wrote and a NumPy that reads ours; and what is cut off or something else.

import Foundation
import SextantArrays
import SextantSignals
import SextantStorage
import SextantTestSupport
import Testing

@Suite struct NPYFileTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/npy")

  static func path(_ name: String) -> String { fixtures.appendingPathComponent(name + ".npy").path }

  static let types = [
    "little-f2", "little-f4", "big-f4", "little-f8", "big-f8", "i1", "little-i2", "big-i4", "little-i8", "u1", "big-u2",
    "little-u4", "little-u8", "columns-first", "version-2",
  ]

  @Test(arguments: types) func everyTypeAndOrderIsRead(name: String) throws {
    let tensor = try NPYFile.read(Self.path(name))
    #expect(tensor.shape == [2, 3] && tensor.scalars == [0, 1, 2, 3, 4, 5])
  }

  @Test func flagsAreNumbers() throws {
    #expect(try NPYFile.read(Self.path("boolean")).scalars == [0, 1, 0, 1, 0, 1])
  }

  @Test func threeDimensionsAreTurnedRound() throws {
    let tensor = try NPYFile.read(Self.path("cube-columns-first"))
    #expect(tensor.shape == [2, 3, 4] && tensor.scalars == (0..<24).map(Float.init))
  }

  @Test(arguments: ["complex", "structured"]) func otherTypesAreNamed(name: String) {
    #expect(complaint { _ = try NPYFile.read(Self.path(name)) }.contains("real numbers"))
  }

  @Test(arguments: [[], [5], [2, 3], [2, 3, 4], [0, 3]]) func whatIsWrittenIsRead(shape: [Int]) throws {
    let folder = try ScratchFolder()
    let count = shape.reduce(1, *)
    let tensor = Tensor<Float>((0..<count).map { $0 == 1 ? .nan : Float($0) / 3 }, shape: shape)
    try NPYFile.write(tensor, to: folder.path("a.npy"))
    let copy = try NPYFile.read(folder.path("a.npy"))
    #expect(copy.shape == shape && copy.scalars.map(\.bitPattern) == tensor.scalars.map(\.bitPattern))
    #expect(throws: FileError.self) { try NPYFile.write(tensor, to: folder.path("a.npy")) }
  }

  @Test(.enabled(if: PythonReference.has(["numpy"]), "needs a Python with numpy")) func numPyReadsWhatIsWritten() throws
  {
    struct Report: Decodable {
      var shape: [Int]
      var type: String
      var numbers: [Float]
    }
    let folder = try ScratchFolder()
    let tensor = Tensor<Float>((0..<24).map { Float($0) / 3 }, shape: [2, 3, 4])
    try NPYFile.write(tensor, to: folder.path("a.npy"))
    let report = try JSONDecoder().decode(
      Report.self, from: PythonReference.run("npy_arrays.py", arguments: ["read", folder.path("a.npy")]))
    #expect(report.shape == [2, 3, 4] && report.type == "float32" && report.numbers == tensor.scalars)
  }

  @Test func everyCutIsNoticed() throws {
    let folder = try ScratchFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Self.path("little-f4")))
    for length in 0..<whole.count {
      let path = folder.path("cut.npy")
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      let text = complaint { _ = try NPYFile.read(path) }
      #expect(text.contains("cut.npy") && text != "no complaint", "\(length): \(text)")
      if length > 128 { #expect(text.contains("expected \(whole.count) bytes, found \(length)")) }
    }
  }

  /// A file with this header in the place of a true one.
  private func file(header: String) throws -> (folder: ScratchFolder, path: String) {
    let folder = try ScratchFolder()
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
    bytes += Array(header.utf8) + [UInt8](repeating: 0, count: 24)
    try Data(bytes).write(to: URL(fileURLWithPath: folder.path("a.npy")))
    return (folder, folder.path("a.npy"))
  }

  @Test(arguments: [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", "truncated"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }", "integers"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, x), }", "integers"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': 6, }", "fortran_order and shape"),
    ("{'descr': '<f4', 'shape': (2, 3), }", "fortran_order and shape"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "real numbers"),
    ("nothing of the kind", "real numbers"),
  ]) func headersThatLieAreRefused(header: String, reason: String) throws {
    let (folder, path) = try file(header: header)
    defer { withExtendedLifetime(folder) {} }
    #expect(complaint { _ = try NPYFile.read(path) }.contains(reason))
  }
}
