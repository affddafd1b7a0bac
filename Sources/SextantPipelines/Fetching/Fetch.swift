// A data set from its home into a folder: what `sextant fetch` runs.

import Foundation
import SextantModels
import SextantStorage

/// What is to be fetched, and where to.
public struct Fetch: Sendable {
  /// The files.
  public var files: [RemoteFile]
  /// The folder that they go into; it is made.
  public var folder: String

  /// The files of a data set.
  ///
  /// - Parameters:
  ///   - dataSet: the data set whose files are fetched.
  ///   - home: an address that has the files, instead of the data set's own.
  ///   - folder: a folder of the data set's name is made in it.
  public init(_ dataSet: PublicDataSet, from home: String? = nil, into folder: String) {
    self.init(dataSet.files, into: URL(fileURLWithPath: folder).appendingPathComponent(dataSet.rawValue).path)
    guard let home else { return }
    for index in files.indices { files[index].homes = [home.hasSuffix("/") ? home : home + "/"] }
  }

  public init(_ files: [RemoteFile], into folder: String) { (self.files, self.folder) = (files, folder) }

  /// Fetches what is not there yet, and unpacks it.
  ///
  /// A file that is there with the right hash is left alone. What an archive holds appears all at once.
  ///
  /// - Returns: the paths of what is there now: files, and folders of archives.
  /// - Throws: ``FetchError``, `FileError`; `InterruptionError`, after which the next try goes on.
  public func run(
    overwrite: Bool, progress: any ProgressObserver = SilentProgress(), interruption: Interruption = Interruption()
  ) throws -> [String] {
    try files.map { file in
      guard let unpacking = file.unpacking else {
        let path = folder + "/" + file.name
        try fetch(file, to: path, overwrite: overwrite, progress, interruption)
        return path
      }
      try WholeFile.checkIsFree(folder, overwrite: overwrite)
      let place = URL(fileURLWithPath: folder)
      let bench = place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).fetching").path
      try fetch(file, to: bench + "/" + file.name, overwrite: true, progress, interruption)
      try unpack(file.name, on: bench, unpacking)
      try WholeFile.remove(bench)
      return folder
    }
  }

  /// Fetches a file that is not there yet.
  private func fetch(
    _ file: RemoteFile, to path: String, overwrite: Bool, _ progress: any ProgressObserver, _ interruption: Interruption
  ) throws {
    if FileManager.default.fileExists(atPath: path) {
      if try FileDigest.sha256(of: path) == file.sha256 { return }
      try WholeFile.checkIsFree(path, overwrite: overwrite)
    }
    try InterruptionError.saying("What was fetched is kept: run the same command to go on.") {
      try Download(file: file, path: path).run(progress: progress, interruption: interruption)
    }
  }

  /// Unpacks an archive by `tar` beside itself, and moves the whole into its place.
  private func unpack(_ name: String, on bench: String, _ unpacking: RemoteFile.Unpacking) throws {
    let (archive, fresh) = (bench + "/" + name, bench + "/unpacked")
    try WholeFile.remove(fresh)
    try WholeFile.makeFolder(fresh)
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = [
      "tar", "-xzf", archive, "-C", fresh, "--strip-components=\(unpacking.depth)", "--no-same-owner", unpacking.member,
    ]
    let complaints = Pipe()
    tar.standardError = complaints
    tar.standardInput = FileHandle.nullDevice
    do {
      try tar.run()
    } catch {
      throw FetchError.unpacking(path: archive, reason: error.localizedDescription)
    }
    let text = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tar.waitUntilExit()
    guard tar.terminationStatus == 0 else {
      throw FetchError.unpacking(
        path: archive, reason: text.trimmingCharacters(in: .whitespacesAndNewlines).replacing("\n", with: "; "))
    }
    try WholeFile.remove(folder)
    guard rename(fresh, folder) == 0 else {
      throw FileError.system(
        action: "move the unpacked folder into place", path: folder, reason: String(cString: strerror(errno)))
    }
  }
}
