// Validation of glTF 2.0 files before they are passed to Assimp: buffers must exist and have the stated length, and
// views, accessors, meshes and nodes must refer to existing objects. The library trusts much of this. It also looks for
// buffers under percent-encoded names such as "my%20scene.bin", so external buffers are embedded in the file here. The
// reference is Khronos Group, "glTF 2.0", §3.6 (binary data) and §4 (GLB).

import Foundation

/// Validates a glTF file.
struct GLTFCheck {
  private let path: String
  private let isBinary: Bool
  private let root: [String: Any]
  /// The length of the binary chunk of a GLB file; nil if there is none.
  private let chunkLength: Int?

  /// The file with all its buffers embedded.
  ///
  /// Throws ``GeometryError/missingBuffer(path:buffer:reason:)`` or ``GeometryError/invalidMesh(_:)`` for a file that
  /// cannot be read safely.
  static func selfContained(_ bytes: [UInt8], path: String, isBinary: Bool) throws -> [UInt8] {
    let check = try GLTFCheck(bytes, path: path, isBinary: isBinary)
    // Version 1 refers to its parts by name rather than by number, so the following checks do not apply.
    guard check.isVersion2 else { throw check.invalid("has a version other than 2, which is not supported") }
    try check.checkExtensions()
    let buffers = try check.checkBuffers()
    let views = try check.checkViews(buffers)
    let counts = try check.checkAccessors(views)
    try check.checkMeshes(counts)
    try check.checkNodes()
    return try check.embedding(bytes)
  }

  private init(_ bytes: [UInt8], path: String, isBinary: Bool) throws {
    self.path = path
    self.isBinary = isBinary
    var json = bytes[...]
    var chunk: Int?
    if isBinary {
      func word(at offset: Int) -> Int? {
        offset + 4 <= bytes.count ? (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } : nil
      }
      guard let length = word(at: 8), let jsonLength = word(at: 12), let kind = word(at: 16), kind == 0x4E4F_534A else {
        throw GeometryError.invalidMesh("\(path): a GLB file without its header.")
      }
      guard length <= bytes.count, 20 + jsonLength <= length else {
        throw GeometryError.meshTooShort(
          path: path, declared: "the GLB file's chunks", neededBytes: max(length, 20 + jsonLength),
          foundBytes: bytes.count)
      }
      json = bytes[20..<20 + jsonLength]
      if let binaryLength = word(at: 20 + jsonLength), 28 + jsonLength <= length {
        guard 28 + jsonLength + binaryLength <= length else {
          throw GeometryError.meshTooShort(
            path: path, declared: "the GLB file's binary chunk", neededBytes: 28 + jsonLength + binaryLength,
            foundBytes: bytes.count)
        }
        chunk = binaryLength
      }
    }
    chunkLength = chunk
    guard let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] else {
      throw GeometryError.invalidMesh("\(path): the glTF file's JSON is not readable. It may be truncated.")
    }
    root = object
  }

  private func invalid(_ reason: String) -> GeometryError { .invalidMesh("\(path): the glTF file \(reason).") }

  private var isVersion2: Bool { ((root["asset"] as? [String: Any])?["version"] as? String)?.hasPrefix("2") ?? false }

  private func list(_ name: String) -> [[String: Any]] { root[name] as? [[String: Any]] ?? [] }

  /// A non-negative integer; nil if there is no entry of this name.
  private func number(_ object: [String: Any], _ name: String, of owner: String) throws -> Int? {
    guard let value = object[name] else { return nil }
    guard let number = value as? Int, number >= 0, number < 1 << 40 else {
      throw invalid("has \(owner) whose \(name) is \(value)")
    }
    return number
  }

  private func reference(_ object: [String: Any], _ name: String, below count: Int, of owner: String) throws -> Int? {
    guard let index = try number(object, name, of: owner) else { return nil }
    guard index < count else { throw invalid("has \(owner) whose \(name) is \(index), but there are \(count)") }
    return index
  }

  private func checkExtensions() throws {
    let needed = root["extensionsRequired"] as? [String] ?? []
    for name in needed where name.contains("compression") {
      throw invalid("is compressed by \(name), which is not supported: export it without compression")
    }
  }

  /// The length of each buffer.
  private func checkBuffers() throws -> [Int] {
    try list("buffers").enumerated().map { index, buffer in
      let owner = "the buffer \(index)"
      guard let length = try number(buffer, "byteLength", of: owner) else {
        throw invalid("has a buffer without byteLength")
      }
      guard let name = buffer["uri"] as? String else {
        let found = index == 0 ? chunkLength ?? 0 : 0
        guard found >= length else {
          throw missing("\(index)", "should have \(length) bytes in the file, but has \(found)")
        }
        return length
      }
      try checkFile(name, length: length)
      return length
    }
  }

  private func checkFile(_ name: String, length: Int) throws {
    if name.hasPrefix("data:") {
      guard let comma = name.firstIndex(of: ","), name[..<comma].hasSuffix(";base64") else {
        throw invalid("has an embedded buffer that is not in base 64")
      }
      let found = name[comma...].utf8.dropFirst().count / 4 * 3
      guard found >= length else { throw missing("inside the file", "should have \(length) bytes, but has \(found)") }
      return
    }
    let file = try file(of: name)
    let size = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int
    guard let size else { throw missing(file.lastPathComponent, "is missing") }
    guard size >= length else { throw missing(file.lastPathComponent, "should have \(length) bytes, but has \(size)") }
  }

  /// The external file of a buffer.
  private func file(of name: String) throws -> URL {
    guard let decoded = name.removingPercentEncoding, !decoded.contains("://") else {
      throw missing(name, "is not in the folder of the file, and nothing is downloaded")
    }
    return URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(decoded)
  }

  /// The file with its external buffers embedded.
  private func embedding(_ bytes: [UInt8]) throws -> [UInt8] {
    var buffers = list("buffers")
    var hasChanged = false
    for index in buffers.indices {
      guard let name = buffers[index]["uri"] as? String, !name.hasPrefix("data:") else { continue }
      guard !isBinary else {
        throw invalid("is binary and has an external buffer, which is not supported: export it as .gltf")
      }
      let file = try file(of: name)
      guard let data = try? Data(contentsOf: file) else { throw missing(file.lastPathComponent, "is not readable") }
      buffers[index]["uri"] = "data:application/octet-stream;base64," + data.base64EncodedString()
      hasChanged = true
    }
    guard hasChanged else { return bytes }
    var changed = root
    changed["buffers"] = buffers
    // Sorted, because the library requires TEXCOORD_0 before TEXCOORD_1.
    return [UInt8](try JSONSerialization.data(withJSONObject: changed, options: .sortedKeys))
  }

  private func missing(_ buffer: String, _ reason: String) -> GeometryError {
    .missingBuffer(path: path, buffer: buffer, reason: reason)
  }

  /// The length of each buffer view, and its stride (0 if it has none).
  private func checkViews(_ buffers: [Int]) throws -> [(length: Int, stride: Int)] {
    try list("bufferViews").enumerated().map { index, view in
      let owner = "the view \(index)"
      guard let buffer = try reference(view, "buffer", below: buffers.count, of: owner),
        let length = try number(view, "byteLength", of: owner)
      else { throw invalid("has \(owner) without buffer or byteLength") }
      let offset = try number(view, "byteOffset", of: owner) ?? 0
      guard offset + length <= buffers[buffer] else {
        throw invalid("has \(owner) that ends at byte \(offset + length) of a buffer of \(buffers[buffer])")
      }
      return (length, try number(view, "byteStride", of: owner) ?? 0)
    }
  }

  /// The number of elements of each accessor.
  private func checkAccessors(_ views: [(length: Int, stride: Int)]) throws -> [Int] {
    let widths = ["SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16]
    let sizes = [5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4]
    return try list("accessors").enumerated().map { index, accessor in
      let owner = "the accessor \(index)"
      guard let count = try number(accessor, "count", of: owner), let type = accessor["type"] as? String,
        let width = widths[type], let component = try number(accessor, "componentType", of: owner),
        let size = sizes[component]
      else { throw invalid("has \(owner) without a usable count, type or componentType") }
      if let sparse = accessor["sparse"] as? [String: Any] {
        for name in ["indices", "values"] {
          let part = sparse[name] as? [String: Any] ?? [:]
          _ = try reference(part, "bufferView", below: views.count, of: owner)
        }
      }
      guard let view = try reference(accessor, "bufferView", below: views.count, of: owner) else { return count }
      let offset = try number(accessor, "byteOffset", of: owner) ?? 0
      let stride = max(views[view].stride, views[view].stride == 0 ? width * size : 0)
      let needed = count == 0 ? 0 : offset + stride * (count - 1) + width * size
      guard needed <= views[view].length else {
        throw invalid("has \(owner) of \(count) elements that need \(needed) bytes of a view of \(views[view].length)")
      }
      return count
    }
  }

  private func checkMeshes(_ counts: [Int]) throws {
    for (index, mesh) in list("meshes").enumerated() {
      let owner = "the mesh \(index)"
      for primitive in mesh["primitives"] as? [[String: Any]] ?? [] {
        _ = try reference(primitive, "indices", below: counts.count, of: owner)
        let attributes = primitive["attributes"] as? [String: Any] ?? [:]
        var lengths: Set<Int> = []
        for name in attributes.keys.sorted() {
          if let accessor = try reference(attributes, name, below: counts.count, of: owner) {
            lengths.insert(counts[accessor])
          }
        }
        guard lengths.count <= 1 else { throw invalid("has \(owner) whose attributes are of different lengths") }
      }
    }
  }

  /// Nodes must form trees, because a cycle would never end.
  private func checkNodes() throws {
    let nodes = list("nodes")
    let meshCount = list("meshes").count
    var parentCount = [Int](repeating: 0, count: nodes.count)
    var children: [[Int]] = []
    for (index, node) in nodes.enumerated() {
      _ = try reference(node, "mesh", below: meshCount, of: "the node \(index)")
      let own = node["children"] as? [Int] ?? []
      for child in own {
        guard nodes.indices.contains(child) else {
          throw invalid("has the node \(index) with a child \(child) that does not exist")
        }
        parentCount[child] += 1
      }
      children.append(own)
    }
    guard parentCount.allSatisfy({ $0 <= 1 }) else { throw invalid("has a node with two parents") }
    var (visited, level) = (0, nodes.indices.filter { parentCount[$0] == 0 })
    var depth = 0
    while !level.isEmpty {
      visited += level.count
      depth += 1
      level = level.flatMap { children[$0] }
    }
    guard visited == nodes.count else { throw invalid("has nodes that contain each other") }
    guard depth <= 1000 else { throw invalid("has nodes nested more than 1000 levels deep") }
    for (index, scene) in list("scenes").enumerated() {
      for node in scene["nodes"] as? [Int] ?? [] where !nodes.indices.contains(node) {
        throw invalid("has the scene \(index) with a node \(node) that does not exist")
      }
    }
  }
}
