// Files from a server on the loopback address: whole and right, or not there; cut off and gone on with; refused with a reason.

import Foundation
import Sextant
import SextantTestSupport
import Testing

@testable import SextantModels
@testable import SextantPipelines

@Suite(.serialized) struct FetchTests {
  /// 300 kB that do not repeat.
  static let content: Data = {
    var random = RandomStream(seed: 1)
    return Data((0..<300_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
  }()

  static func hash(_ data: Data) throws -> String {
    let folder = try ScratchFolder()
    try data.write(to: URL(fileURLWithPath: folder.path("data")))
    return try FileDigest.sha256(of: folder.path("data"))
  }

  static func file(_ name: String = "a.bin", homes: [String], of data: Data = content) throws -> RemoteFile {
    RemoteFile(name: name, homes: homes, byteCount: data.count, sha256: try hash(data))
  }

  static func fetch(_ file: RemoteFile, into folder: ScratchFolder, overwrite: Bool = false) throws -> [String] {
    try Fetch([file], into: folder.path("set")).run(overwrite: overwrite)
  }

  static func read(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  // The examples of FIPS 180-2, and the file without bytes.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]) func hashesAreSHA256(text: String, expected: String) throws {
    #expect(try Self.hash(Data(text.utf8)) == expected)
  }

  @Test(arguments: [true, false]) func aFileArrivesWhole(tellsLength: Bool) throws {
    let folder = try ScratchFolder()
    let server = try LoopbackServer(["a.bin": Self.content])
    defer { server.stop() }
    server.manners.tellsLength = tellsLength
    let file = try Self.file(homes: [server.address])
    let paths = try Self.fetch(file, into: folder)
    #expect(paths == [folder.path("set/a.bin")])
    #expect(try Self.read(paths[0]) == Self.content)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("set")) == ["a.bin"])
    // What is there and right is not fetched again; what is there and wrong is somebody's.
    #expect(try Self.fetch(file, into: folder) == paths && server.requests.count == 1)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: paths[0]))
    #expect(complaint { _ = try Self.fetch(file, into: folder) }.contains("--overwrite"))
    _ = try Self.fetch(file, into: folder, overwrite: true)
    #expect(try Self.read(paths[0]) == Self.content)
  }

  @Test(arguments: [true, false]) func whatWasCutOffGoesOn(knowsRanges: Bool) throws {
    let folder = try ScratchFolder()
    let server = try LoopbackServer(["a.bin": Self.content])
    defer { server.stop() }
    server.manners.cutsAfter = 100_000
    server.manners.knowsRanges = knowsRanges
    let file = try Self.file(homes: [server.address])
    let broken = complaint { _ = try Self.fetch(file, into: folder) }
    #expect(broken.contains("100000 bytes are kept"), "\(broken)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("set/a.bin")))
    server.manners.cutsAfter = nil
    let path = try Self.fetch(file, into: folder)[0]
    #expect(try Self.read(path) == Self.content)
    #expect(server.requests.map(\.firstByte) == [nil, 100_000])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("set")) == ["a.bin"])
  }

  @Test func aPartOfSomethingElseIsThrownAway() throws {
    let folder = try ScratchFolder()
    let server = try LoopbackServer(["a.bin": Self.content])
    defer { server.stop() }
    let file = try Self.file(homes: [server.address])
    try FileManager.default.createDirectory(atPath: folder.path("set"), withIntermediateDirectories: true)
    for length in [1000, 300_000, 300_001] {
      try Data(repeating: 7, count: length).write(to: URL(fileURLWithPath: folder.path("set/.a.bin.partial")))
      let wrong = complaint { _ = try Self.fetch(file, into: folder) }
      if length <= 300_000 { #expect(wrong.contains("SHA-256"), "\(length): \(wrong)") }
      #expect(try Self.read(Self.fetch(file, into: folder)[0]) == Self.content)
      try FileManager.default.removeItem(atPath: folder.path("set/a.bin"))
    }
  }

  @Test func otherBytesAreRefused() throws {
    let folder = try ScratchFolder()
    var changed = Self.content
    changed[12345] ^= 1
    let server = try LoopbackServer(["a.bin": changed, "short.bin": changed.prefix(10), "long.bin": changed + changed])
    defer { server.stop() }
    let file = try Self.file(homes: [server.address])
    let wrong = complaint { _ = try Self.fetch(file, into: folder) }
    let found = try Self.hash(changed)
    #expect(wrong.contains(file.sha256) && wrong.contains(found), "\(wrong)")
    for (name, count) in [("short.bin", 10), ("long.bin", 600_000)] {
      let found = complaint { _ = try Self.fetch(Self.file(name, homes: [server.address]), into: folder) }
      #expect(found.contains("\(count) bytes, expected 300000"), "\(found)")
      server.manners.tellsLength = false
      let untold = complaint { _ = try Self.fetch(Self.file(name, homes: [server.address]), into: folder) }
      #expect(untold.contains("300000"), "\(untold)")
      server.manners.tellsLength = true
    }
    let absent = complaint { _ = try Self.fetch(Self.file("none.bin", homes: [server.address]), into: folder) }
    #expect(absent.contains("404") && absent.contains("none.bin"), "\(absent)")
    #expect(!(try folder.names()).isEmpty)
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path("set")).filter { !$0.hasPrefix(".") }
    #expect(kept.isEmpty, "\(kept)")
  }

  @Test func theNextHomeIsTried() throws {
    let folder = try ScratchFolder()
    let (empty, full) = (try LoopbackServer([:]), try LoopbackServer(["a.bin": Self.content]))
    defer { full.stop() }
    let gone = empty.address
    let file = try Self.file(homes: [gone, full.address])
    #expect(try Self.read(Self.fetch(file, into: folder)[0]) == Self.content)
    empty.stop()
    let nobody = complaint {
      _ = try Self.fetch(Self.file(homes: [gone, full.address + "no/"]), into: try ScratchFolder())
    }
    #expect(nobody.contains("could not be fetched") && nobody.contains("404") && nobody.contains(gone), "\(nobody)")
    for address in ["nonsense", "ftp://127.0.0.1/", "http:///"] {
      let text = complaint { _ = try Self.fetch(Self.file("b.bin", homes: [address]), into: folder) }
      #expect(text.contains("is no address"), "\(text)")
    }
  }

  @Test func anInterruptionKeepsThePart() throws {
    let folder = try ScratchFolder()
    let server = try LoopbackServer(["a.bin": Self.content])
    defer { server.stop() }
    let interruption = Interruption()
    interruption.request()
    let file = try Self.file(homes: [server.address])
    #expect(throws: InterruptionError.self) {
      try Fetch([file], into: folder.path("set")).run(overwrite: false, interruption: interruption)
    }
    #expect(try Self.read(Self.fetch(file, into: folder)[0]) == Self.content)
  }

  @Test(.enabled(if: ExternalProgram.isInstalled("tar"), "needs tar")) func archivesAreUnpackedWhole() throws {
    let folder = try ScratchFolder()
    let source = folder.path("source/bunny/reconstruction")
    for name in [source, folder.path("source/bunny/data")] {
      try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
      try Data("in \(name)".utf8).write(to: URL(fileURLWithPath: name + "/a.ply"))
    }
    _ = try ExternalProgram.output(["tar", "-czf", folder.path("b.tar.gz"), "-C", folder.path("source"), "bunny"])
    let archive = try Self.read(folder.path("b.tar.gz"))
    let server = try LoopbackServer(["b.tar.gz": archive, "c.tar.gz": Self.content])
    defer { server.stop() }
    var file = try Self.file("b.tar.gz", homes: [server.address], of: archive)
    file.unpacking = RemoteFile.Unpacking(member: "bunny/reconstruction", depth: 2)
    let place = folder.path("set")
    #expect(try Self.fetch(file, into: folder) == [place])
    #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["a.ply"])
    #expect(try String(contentsOfFile: place + "/a.ply", encoding: .utf8).hasSuffix("reconstruction"))
    #expect(try folder.names() == ["b.tar.gz", "set", "source"])
    #expect(complaint { _ = try Self.fetch(file, into: folder) }.contains("--overwrite"))
    #expect(try Self.fetch(file, into: folder, overwrite: true) == [place])
    // The right bytes of no archive.
    var broken = try Self.file("c.tar.gz", homes: [server.address])
    broken.unpacking = file.unpacking
    #expect(complaint { _ = try Self.fetch(broken, into: folder, overwrite: true) }.contains("could not be unpacked"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["a.ply"])
  }

  @Test func everyDataSetIsDescribed() throws {
    for dataSet in PublicDataSet.allCases {
      #expect(dataSet.homePage.hasPrefix("http") && !dataSet.terms.isEmpty && !dataSet.files.isEmpty)
      for file in dataSet.files {
        #expect(file.homes.allSatisfy { $0.hasPrefix("http") && $0.hasSuffix("/") } && !file.homes.isEmpty)
        #expect(file.sha256.count == 64 && file.sha256.allSatisfy(\.isHexDigit) && file.byteCount > 0)
        #expect(Set(dataSet.files.map(\.name)).count == dataSet.files.count)
      }
    }
    let elsewhere = Fetch(.mnist, from: "http://127.0.0.1:1", into: "data")
    #expect(
      elsewhere.files.allSatisfy { $0.homes == ["http://127.0.0.1:1/"] } && elsewhere.folder.hasSuffix("data/mnist"))
  }

  /// Files of the shared data that are the published ones, byte by byte.
  @Test(.enabled(if: SharedMeshes.arePresent, "\(SharedMeshes.absence)")) func sharedFilesHaveThePublishedHashes()
    throws
  {
    let folder = URL(fileURLWithPath: SharedMeshes.path("")).deletingLastPathComponent().path + "/data/mnist/"
    let same = ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    for file in PublicDataSet.mnist.files where same.contains(file.name) {
      guard FileManager.default.fileExists(atPath: folder + file.name) else { continue }
      #expect(try FileDigest.sha256(of: folder + file.name) == file.sha256)
      let size = try FileManager.default.attributesOfItem(atPath: folder + file.name)[.size] as? Int
      #expect(size == file.byteCount)
    }
  }
}
