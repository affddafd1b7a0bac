// Errors in safetensors files; the text names the file, the tensor and what was expected.

/// A safetensors file that cannot be read or written.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// The file is not a complete, valid safetensors file.
  case invalidFile(path: String, reason: String)
  /// The description of a tensor is invalid.
  case invalidTensor(path: String, tensor: String, reason: String)
  /// The file has no tensor of this name.
  case missingTensor(path: String, tensor: String, present: [String])
  /// The file's metadata has no such key.
  case missingMetadata(path: String, key: String)
  /// A tensor has another type or shape than required.
  case mismatch(path: String, tensor: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .invalidFile(let path, let reason):
      return "\(path): not a valid safetensors file: \(reason)."
    case .invalidTensor(let path, let tensor, let reason):
      return "\(path): tensor '\(tensor)': \(reason)."
    case .missingTensor(let path, let tensor, let present):
      let names = present.prefix(12).joined(separator: ", ") + (present.count > 12 ? ", …" : "")
      return "\(path): the file has no tensor '\(tensor)'. It contains: \(names.isEmpty ? "none" : names)."
    case .missingMetadata(let path, let key):
      return "\(path): the file's metadata has no '\(key)'. Was it written by another program?"
    case .mismatch(let path, let tensor, let expected, let found):
      return "\(path): tensor '\(tensor)': expected \(expected), found \(found)."
    }
  }
}
