// The numbers at full intensity of the colours of a mesh: 255 or another limit of their type in most files, and 1 in
// some. All channels of a colour have one scale, however dark one of them is.

import SextantGeometry

/// The scales of the colours among the properties of a mesh.
struct ColourScales {
  /// The scale of each colour channel, by name.
  private let scales: [String: Double]

  /// - Parameter properties: All properties of the mesh's vertices, and not only those that are read.
  init(of properties: [MeshProperty]) {
    var scales: [String: Double] = [:]
    for family in Self.families {
      let names = family.channels
      func found(_ name: String) -> MeshProperty? {
        properties.first { $0.name == name } ?? properties.first { $0.name == EstimateNaming.mean(of: name) }
      }
      let channels = names.compactMap(found)
      if family.needsAll, channels.count < names.count { continue }
      let scale = Self.scale(of: channels)
      for name in names { scales[name] = scale }
      if let alpha = found(family.opacity) { scales[family.opacity] = Self.scale(of: [alpha]) }
    }
    self.scales = scales
  }

  /// The number at full intensity of a colour channel, of an estimate of one or of its noise; nil for anything else.
  func scale(of name: String) -> Double? {
    if let scale = scales[name] { return scale }
    return scales.first { EstimateNaming.isEstimate(name, of: $0.key) || name == NoiseNaming.noise(of: $0.key) }?.value
  }

  /// The scale of a channel in a mesh that does not say.
  static func usual(of name: String) -> Double {
    let own = families[0]
    return own.channels.contains(name) || own.opacity == name ? 255 : 1
  }

  /// The names of a colour in files.
  private struct Family {
    let channels: [String]
    let opacity: String
    /// Whether the names may mean something else unless all channels are there.
    var needsAll = false

    init(prefix: String) {
      channels = ["red", "green", "blue"].map { prefix + $0 }
      opacity = prefix + "alpha"
    }

    init(letters: [String], opacity: String) { (channels, self.opacity, needsAll) = (letters, opacity, true) }
  }

  private static let families =
    ["", "diffuse_", "ambient_", "specular_"].map(Family.init(prefix:))
    + [Family(letters: ["r", "g", "b"], opacity: "a")]

  /// The common scale of the channels of a colour: the limit of a type of whole numbers, if one has such a type, and
  /// otherwise 255 or 1. Fractional intensities that are a little above 1 are overexposed, and not a part of 255.
  private static func scale(of channels: [MeshProperty]) -> Double {
    let whole = channels.filter { $0.type.isInteger }
    let greatest = (whole.isEmpty ? channels : whole).compactMap { $0.range?.upperBound }.max() ?? 0
    guard !whole.isEmpty else { return greatest > 2 ? 255 : 1 }
    if let type = whole.map(\.type).first(where: { [.uint8, .int8, .uint16].contains($0) }) {
      return type.wholeRange?.upperBound ?? 255
    }
    // A wide type says nothing: numbers up to 255 and up to 65535 are common in all of them.
    return greatest <= 255 ? 255 : greatest <= 65535 ? 65535 : whole[0].type.wholeRange?.upperBound ?? 65535
  }
}
