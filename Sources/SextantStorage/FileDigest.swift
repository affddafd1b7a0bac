// SHA-256 of files, computed by OpenSSL, to verify downloads.

import CCrypto
import Foundation

/// Hashes of files.
public enum FileDigest {
  /// The SHA-256 of a file as 64 hexadecimal digits. The file is read in pieces. Throws ``FileError``.
  public static func sha256(of path: String) throws -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      if !FileManager.default.fileExists(atPath: path) { throw FileError.missing(path: path) }
      throw FileError.system(action: "read the file", path: path, reason: WholeFile.lastSystemError)
    }
    defer { try? handle.close() }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var succeeded = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    while succeeded {
      let piece: Data?
      do {
        piece = try handle.read(upToCount: 1 << 20)
      } catch {
        throw FileError.system(action: "read the file", path: path, reason: error.localizedDescription)
      }
      guard let piece, !piece.isEmpty else { break }
      succeeded = piece.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }
    }
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
