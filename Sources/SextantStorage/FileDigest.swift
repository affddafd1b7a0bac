// SHA-256 of files and folders, computed by OpenSSL: to verify downloads, and to notice that what was learned from has changed.

import CCrypto
import Foundation

/// Hashes of files.
public enum FileDigest {
  /// The SHA-256 of a file as 64 hexadecimal digits. The file is read in pieces. Throws ``FileError``.
  public static func sha256(of path: String) throws -> String {
    try digest(of: path) { try add(contentsOf: path, to: $0) }
  }

  /// The same of a folder: of the names and contents of all files in it, but not of hidden ones. Throws ``FileError``.
  public static func sha256(ofFileOrFolder path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return try sha256(of: path)
    }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }
      .sorted()
    return try digest(of: path) { context in
      for name in names {
        let file = path + "/" + name
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue else {
          continue
        }
        let isAdded = Array("\(name)\0".utf8).withUnsafeBytes {
          EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1
        }
        guard try isAdded && add(contentsOf: file, to: context) else { return false }
      }
      return true
    }
  }

  /// Adds the bytes of a file to a hash; false where OpenSSL reports an error. Throws ``FileError``.
  private static func add(contentsOf path: String, to context: OpaquePointer?) throws -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      if !FileManager.default.fileExists(atPath: path) { throw FileError.missing(path: path) }
      throw FileError.system(action: "read the file", path: path, reason: WholeFile.lastSystemError)
    }
    defer { try? handle.close() }
    while true {
      let piece: Data?
      do {
        piece = try handle.read(upToCount: 1 << 20)
      } catch {
        throw FileError.system(action: "read the file", path: path, reason: error.localizedDescription)
      }
      guard let piece, !piece.isEmpty else { return true }
      guard piece.withUnsafeBytes({ EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }) else { return false }
    }
  }

  /// The hash of what `add` adds, as hexadecimal digits.
  private static func digest(of path: String, _ add: (OpaquePointer?) throws -> Bool) throws -> String {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    let succeeded = try EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 && add(context)
    var digest = [UInt8](repeating: 0, count: 32)
    guard succeeded, EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
      throw FileError.system(action: "hash the file", path: path, reason: "OpenSSL reported an error")
    }
    return digest.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}
