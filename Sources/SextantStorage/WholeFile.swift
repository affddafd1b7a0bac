// Output files that are either complete or absent: they are written under a temporary name in the same folder, flushed
// and renamed. A crash, a full disk or a killed process leaves at most a temporary file, which the next run removes.

import Foundation

/// File errors that do not depend on a format.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The output file already exists.
  case exists(path: String)
  /// The output is one of the inputs, under this or another name.
  case isInput(path: String, input: String)
  /// The input file does not exist.
  case missing(path: String)
  /// A system call failed, for the given reason.
  case system(action: String, path: String, reason: String)

  public var description: String {
    switch self {
    case .exists(let path): "\(path): the file exists already. Pass --overwrite to replace it, or choose another name."
    case .isInput(let path, let input):
      (path == input ? "\(path): the output is the input itself" : "\(path): the output is the input \(input) under another name")
        + ", and writing it would replace what was read. Choose another name for the output."
    case .missing(let path): FileAddress(path)?.advice ?? "\(path): no such file."
    case .system(let action, let path, let reason):
      "\(path): could not \(action): \(reason.hasSuffix(".") ? String(reason.dropLast()) : reason)."
    }
  }
}

/// Writes files that appear completely or not at all.
public enum WholeFile {
  /// Calls `write` with a temporary path in the same folder, then moves the result to `path`.
  ///
  /// Creates missing folders. Throws ``FileError/exists(path:)`` before any work if the file exists and `overwrite` is
  /// false. If `write` throws, its output is removed and the error is rethrown.
  public static func write<R>(
    to path: String, overwrite: Bool, _ write: (_ temporaryPath: String) throws -> R
  ) throws -> R {
    try checkIsFree(path, overwrite: overwrite)
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent()
    try makeFolder(folder.path)
    let pattern = ".\(url.lastPathComponent).partial"
    removeLeftovers(of: pattern, in: folder)
    // The extension stays at the end, because some libraries choose the format by it.
    let temporary = folder.appendingPathComponent(
      "\(pattern)-\(ProcessInfo.processInfo.processIdentifier).\(url.pathExtension)"
    ).path
    do {
      let result = try write(temporary)
      try flush(temporary)
      guard rename(temporary, path) == 0 else {
        throw FileError.system(action: "move the finished file into place", path: path, reason: lastSystemError)
      }
      return result
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Calls `write` with a temporary path for each of `paths`, then moves the results into place, all of them or none.
  ///
  /// Throws ``FileError/exists(path:)`` before any work if one of the files is there and `overwrite` is false.
  public static func write<R>(
    toAll paths: [String], overwrite: Bool, _ write: (_ temporaryPaths: [String]) throws -> R
  ) throws -> R {
    for path in paths { try checkIsFree(path, overwrite: overwrite) }
    // Each file is opened inside the one before, so that a failure removes them all.
    func nest(_ rest: ArraySlice<String>, _ temporary: [String]) throws -> R {
      guard let path = rest.first else { return try write(temporary) }
      return try self.write(to: path, overwrite: overwrite) { try nest(rest.dropFirst(), temporary + [$0]) }
    }
    return try nest(paths[...], [])
  }

  /// Writes `data` to `path`, completely or not at all.
  public static func write(_ data: Data, to path: String, overwrite: Bool) throws {
    try write(to: path, overwrite: overwrite) { temporary in
      guard FileManager.default.createFile(atPath: temporary, contents: nil),
        let handle = FileHandle(forWritingAtPath: temporary)
      else { throw FileError.system(action: "create the file", path: path, reason: lastSystemError) }
      defer { try? handle.close() }
      do {
        try handle.write(contentsOf: data)
      } catch {
        throw FileError.system(action: "write the file", path: path, reason: lastSystemError)
      }
    }
  }

  /// Throws ``FileError/exists(path:)`` if `path` exists and must not be replaced. Call this before long work.
  public static func checkIsFree(_ path: String, overwrite: Bool) throws {
    if !overwrite, FileManager.default.fileExists(atPath: path) { throw FileError.exists(path: path) }
  }

  /// Creates a folder and its missing parents. Throws ``FileError``.
  public static func makeFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if isThere, isFolder.boolValue { return }
    if isThere { throw FileError.system(action: "create the folder", path: path, reason: "\(path) is a file") }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if parent != path { try makeFolder(parent) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw FileError.system(action: "create the folder", path: path, reason: lastSystemError)
    }
  }

  /// Removes the file or folder at `path` if there is one. Throws ``FileError``.
  public static func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw FileError.system(action: "remove the file", path: path, reason: error.localizedDescription)
    }
  }

  /// Removes the temporary files that killed processes have left in a folder.
  ///
  /// - Returns: the names of the files that they would have become.
  @discardableResult
  public static func removeLeftovers(in folder: String) -> Set<String> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let targets = names.compactMap { name -> String? in
      guard name.hasPrefix("."), let mark = name.range(of: ".partial-", options: .backwards), mark.lowerBound > name.startIndex
      else { return nil }
      return String(name[name.index(after: name.startIndex)..<mark.lowerBound])
    }
    return Set(targets).filter { removeLeftovers(of: ".\($0).partial", in: URL(fileURLWithPath: folder)) }
  }

  /// The system's description of the last error.
  static var lastSystemError: String { String(cString: strerror(errno)) }

  /// A full disk may become apparent only when the data is flushed.
  private static func flush(_ path: String) throws {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else {
      throw FileError.system(action: "open the finished file", path: path, reason: lastSystemError)
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw FileError.system(action: "flush the file to the disk", path: path, reason: lastSystemError)
    }
  }

  /// Removes temporary files of processes that no longer exist; false where there were none.
  @discardableResult
  private static func removeLeftovers(of pattern: String, in folder: URL) -> Bool {
    var found = false
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(pattern + "-") {
      let digits = name.dropFirst(pattern.count + 1).prefix { $0.isNumber }
      guard let process = Int32(digits), kill(process, 0) != 0, errno == ESRCH else { continue }
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      found = true
    }
    return found
  }
}
