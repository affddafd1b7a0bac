// What can be wrong with a safetensors file, in words that name the file, the tensor and what was expected.

/// A safetensors file that cannot be read or written.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// The file is not a whole, valid safetensors file.
  case invalidFile(path: String, reason: String)
  /// One tensor's description is wrong.
  case invalidTensor(path: String, tensor: String, reason: String)
  /// The file has no tensor of this name.
  case missingTensor(path: String, tensor: String, present: [String])
  /// The file has no such metadata.
  case missingMetadata(path: String, key: String)
  /// A tensor has another type or shape than the reader needs.
  case mismatch(path: String, tensor: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .invalidFile(let path, let reason):
      return "\(path): not a valid safetensors file: \(reason)."
    case .invalidTensor(let path, let tensor, let reason):
      return "\(path): tensor '\(tensor)': \(reason)."
    case .missingTensor(let path, let tensor, let present):
      let names = present.prefix(12).joined(separator: ", ") + (present.count > 12 ? ", …" : "")
      return "\(path): there is no tensor '\(tensor)'. The file has: \(names.isEmpty ? "none" : names)."
    case .missingMetadata(let path, let key):
      return "\(path): the file's metadata has no '\(key)'. Was it written by another program?"
    case .mismatch(let path, let tensor, let expected, let found):
      return "\(path): tensor '\(tensor)': expected \(expected), found \(found)."
    }
  }
}
