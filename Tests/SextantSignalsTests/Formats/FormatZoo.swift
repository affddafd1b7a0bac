// Every format that writes, each with a small domain that it can hold, for the laws that all of them obey.

import Foundation
import SextantArrays
import SextantGeometry
import SextantSignals
import SextantTestSupport
import Testing

/// A format that reads and writes, with a file of its own to start from.
struct FormatCase: Sendable, CustomTestStringConvertible {
  let ending: String
  /// Whether a file holds several fields.
  let holdsSeveral: Bool
  /// Whether the fields are on a latitude–longitude grid.
  let isOnGrid: Bool
  /// Whether they are at places without a grid or a mesh.
  var isAtPlaces = false
  /// Whether the vertices have no triangles.
  var isCloud = false

  /// Whether the vertices are the pixels of an image.
  var isImage = false

  var testDescription: String { ending + (isImage ? " of images" : isAtPlaces ? " at places" : isOnGrid ? " on a grid" : isCloud ? " of points" : "") }

  static let all = [
    FormatCase(ending: "nc", holdsSeveral: true, isOnGrid: true),
    FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: true),
    FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: false),
    FormatCase(ending: "ply", holdsSeveral: false, isOnGrid: false),
    FormatCase(ending: "vtp", holdsSeveral: false, isOnGrid: false),
    FormatCase(ending: "gii", holdsSeveral: false, isOnGrid: false),
    FormatCase(ending: "ply", holdsSeveral: false, isOnGrid: false, isCloud: true),
    FormatCase(ending: "vtp", holdsSeveral: false, isOnGrid: false, isCloud: true),
    FormatCase(ending: "csv", holdsSeveral: false, isOnGrid: false),
    FormatCase(ending: "tsv", holdsSeveral: false, isOnGrid: true),
    FormatCase(ending: "csv", holdsSeveral: true, isOnGrid: false, isAtPlaces: true),
    FormatCase(ending: "tsv", holdsSeveral: true, isOnGrid: false, isAtPlaces: true),
    FormatCase(ending: "nc", holdsSeveral: true, isOnGrid: false, isAtPlaces: true),
    FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: false, isAtPlaces: true),
    FormatCase(ending: "tif", holdsSeveral: true, isOnGrid: false, isImage: true),
    FormatCase(ending: "tiff", holdsSeveral: true, isOnGrid: false, isImage: true),
    FormatCase(ending: "npy", holdsSeveral: true, isOnGrid: false, isImage: true),
  ]

  /// The formats that write and are among ``all``.
  static let endings = Set(all.map(\.ending))

  static let formats: [any SignalFormat] = .standard

  static func mesh() throws -> TriangleMesh {
    let sphere = try SphereMesh.icosphere(subdivisions: 1)
    return TriangleMesh(positions: sphere.nodePositions.map { $0 * SIMD3(2, 1, 0.5) }, triangles: sphere.triangles)
  }

  func domain() throws -> any Domain {
    if isAtPlaces {
      // The first place is there twice.
      return try ScatteredPoints(
        (0..<20).map { GeographicPoint(latitude: -60 + 6.5 * Double($0 % 19), longitude: 17.25 * Double($0 % 19)) })
    }
    if isImage { return try ImageGrid(rows: 5, columns: 8) }
    if isCloud { return try PointCloud(Self.mesh().positions) }
    guard isOnGrid else { return try SurfaceMesh(Self.mesh()) }
    return try LatitudeLongitudeGrid(
      latitudes: [80, 40, 0, -40, -80], longitudes: (0..<8).map { 45 * Double($0) })
  }

  /// As many fields as a file holds of `channels` variables, with every seventh value missing.
  func fields(channels: Int) throws -> SignalSet {
    let domain = try domain()
    let count = holdsSeveral ? 3 : 1
    var random = RandomStream(seed: 4)
    var values: Tensor<Float> = random.normals([count, domain.vertexCount, channels])
    let isValid = (0..<values.count).map { $0 % 7 != 3 }
    values.withUnsafeMutableScalars { scalars in
      for entry in scalars.indices where !isValid[entry] { scalars[entry] = 0 }
    }
    return SignalSet(
      domain: domain, variables: ["heat", "salt"].prefix(channels).map { Variable(name: $0, units: "K") },
      values: values, isValid: isValid,
      labels: (0..<count).map { FieldLabel(coordinates: count == 1 ? [:] : ["field": "\($0)"]) })
  }

  func open(
    _ path: String, channels: Int, content: SignalRequest.Content = .fields, select: [String: [String]] = [:]
  ) throws -> any SignalDocument {
    try Self.formats.open(
      SignalRequest(
        path: path, variables: ["heat", "salt"].prefix(channels).map(\.self), select: select, content: content,
        domain: domain()))
  }

  /// Writes what `content` says, with members m of field n equal to its values plus m + 1.
  func write(
    _ content: SignalContent, of fields: any SignalSource, to path: String, splitsMembers: Bool = false,
    overwrite: Bool = false, description: OutputDescription = OutputDescription(history: "by a test")
  ) throws -> [String] {
    let sink = try Self.formats.sink(
      OutputRequest(path: path, content: content, splitsMembers: splitsMembers), like: fields)
    try sink.write(content, description: description, overwrite: overwrite) { writer in
      // The order of fields is free.
      for index in (0..<fields.count).reversed() { try writer.write(Self.record(fields, index, content), at: index) }
    }
    return sink.paths
  }

  static func record(_ fields: any SignalSource, _ index: Int, _ content: SignalContent) throws -> FieldRecord {
    var record = FieldRecord(try fields.read([index])[0])
    record.noise = record.values.indices.map { Float(index) + 0.5 + 0.25 * Float($0 % 2) }
    guard content.kind == .estimates else { return record }
    record.isObserved = record.values.map { !$0.isNaN }
    record.values = record.values.map { $0.isNaN ? -9 : $0 }
    record.spread = record.values.map { abs($0) + 0.125 }
    record.members = Tensor(
      (0..<content.memberCount).flatMap { member in record.values.map { $0 + Float(member + 1) } },
      shape: [content.memberCount, record.values.count])
    record.quantiles = content.quantileLevels.map { level in record.values.map { $0 + Float(level) } }
    return record
  }
}
