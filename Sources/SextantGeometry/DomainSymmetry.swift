// Symmetries of a domain: isometries that map its vertices onto its vertices, so that a field that is moved by one of them is a
// field on the same domain. If fields are as likely as their moved copies, an archive of N fields holds |G|·N of them, and
// measurements that always miss the same places tell of these places, too (D. Chen, J. Tachella and M. Davies, "Equivariant
// Imaging", 2021, where the same is a term of the loss). Only exact symmetries are here: shifts of an image are none, because
// what enters at one side is unknown.

import Foundation
import SextantArrays

/// A symmetry that a domain may have, as users write it.
public enum DomainSymmetry: Sendable, Equatable, Codable, CustomStringConvertible {
  /// An image and its mirror image, left and right exchanged.
  case leftRight
  /// An image upside down.
  case upDown
  /// A square image turned by a quarter, a half and three quarters.
  case quarterTurns
  /// The sphere turned about its axis by multiples of an angle in degrees.
  case longitudes(Double)
  /// The northern and the southern hemisphere exchanged.
  case northSouth
  /// The 60 rotations of the icosahedron, of an icosphere: a mesh about the origin whose vertices they exchange, of any radius and
  /// orientation.
  case icosahedron

  /// Reads "left-right", "up-down", "quarter-turns", "longitudes:30deg", "north-south" or "icosahedron".
  ///
  /// Throws ``GeometryError/invalidSymmetry(_:)``.
  public init(_ text: String) throws {
    let pieces = text.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    switch (pieces.first ?? "", pieces.dropFirst().first) {
    case ("left-right", nil): self = .leftRight
    case ("up-down", nil): self = .upDown
    case ("quarter-turns", nil): self = .quarterTurns
    case ("north-south", nil): self = .northSouth
    case ("icosahedron", nil): self = .icosahedron
    case ("longitudes", let angle?):
      let number = angle.hasSuffix("deg") ? String(angle.dropLast(3)) : angle
      guard let degrees = Double(number), degrees >= 360.0 / Double(Self.largestGroup), degrees < 360,
        abs((360 / degrees).rounded() * degrees - 360) < 1e-6
      else {
        throw GeometryError.invalidSymmetry(
          "'\(text)': expected an angle that divides 360° into at most \(Self.largestGroup) parts, such as longitudes:30deg."
        )
      }
      self = .longitudes(degrees)
    default:
      throw GeometryError.invalidSymmetry(
        "'\(text)' is no symmetry: expected left-right, up-down or quarter-turns for images, and longitudes:ANGLE, north-south or icosahedron for the sphere."
      )
    }
  }

  public var description: String {
    switch self {
    case .leftRight: "left-right"
    case .upDown: "up-down"
    case .quarterTurns: "quarter-turns"
    case .longitudes(let degrees): "longitudes:\(degrees.short)deg"
    case .northSouth: "north-south"
    case .icosahedron: "icosahedron"
    }
  }

  public init(from decoder: any Decoder) throws {
    try self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// The largest number of copies of a field, itself counted.
  public static let largestGroup = 360

  /// The permutations of a domain's vertices that some symmetries generate together, the one that moves nothing first: the
  /// value of vertex v of the moved field is that of vertex `permutation[v]`.
  ///
  /// Throws ``GeometryError/invalidSymmetry(_:)`` where the domain does not have one of them, or where they generate more than
  /// ``largestGroup``.
  public static func permutations(_ symmetries: [DomainSymmetry], of domain: any Domain) throws -> [[Int32]] {
    let places = domain.nodePositions
    let tree = NearestNeighbours(places)
    // A hundredth of the distance between neighbours, which files round by far less.
    let tolerance = 0.01 * (domain.areaWeights.reduce(0, +) / Double(max(1, domain.nodeCount))).squareRoot()
    var generators: [[Int32]] = []
    for symmetry in symmetries {
      for move in try symmetry.generators(of: domain) {
        let found = tree.nearest(1, toEach: places.map(move))
        guard !found.distances.contains(where: { $0 > tolerance }), Set(found.indices).count == places.count else {
          throw GeometryError.invalidSymmetry(
            "'\(symmetry)' does not map the vertices of the \(domain.summary) onto its vertices.\(symmetry.hint)")
        }
        generators.append(found.indices)
      }
    }
    let group = try closure(of: generators, count: places.count)
    let (nodes, vertices) = (domain.nodeOfVertex, domain.representativeVertices)
    return group.enumerated().map { number, nodeMap in
      // A vertex that shares its place with others keeps its own value where nothing moves.
      number == 0
        ? [Int32](0..<Int32(domain.vertexCount)) : nodes.map { Int32(vertices[Int(nodeMap[Int($0)])]) }
    }
  }

  /// All products of some permutations, the identity first.
  private static func closure(of generators: [[Int32]], count: Int) throws -> [[Int32]] {
    var group = [[Int32](0..<Int32(count))]
    var known = Set(group)
    var next = 0
    while next < group.count {
      for generator in generators {
        let product = group[next].map { generator[Int($0)] }
        guard known.insert(product).inserted else { continue }
        group.append(product)
        guard group.count <= largestGroup else {
          throw GeometryError.invalidSymmetry(
            "The symmetries make more than \(largestGroup) copies of each field together. State fewer of them, or a larger angle."
          )
        }
      }
      next += 1
    }
    return group
  }

  /// What has the symmetry, where that is not plain.
  private var hint: String {
    self == .icosahedron ? " The meshes of `sextant mesh icosphere` have it, scaled and turned or not, about the origin." : ""
  }

  /// Isometries that generate the symmetry.
  private func generators(of domain: any Domain) throws -> [@Sendable (SIMD3<Double>) -> SIMD3<Double>] {
    switch self {
    case .leftRight, .upDown, .quarterTurns:
      guard domain.isImage else {
        throw GeometryError.invalidSymmetry(
          "'\(self)' is a symmetry of images, and the fields are on \(domain.summaryWithArticle).")
      }
      let (low, high) = domain.nodePositions.reduce(
        (SIMD3(repeating: Double.infinity), SIMD3(repeating: -Double.infinity))
      ) {
        (pointwiseMin($0.0, $1), pointwiseMax($0.1, $1))
      }
      let sum = low + high
      switch self {
      case .leftRight: return [{ SIMD3(sum.x - $0.x, $0.y, $0.z) }]
      case .upDown: return [{ SIMD3($0.x, sum.y - $0.y, $0.z) }]
      default: return [{ SIMD3((sum.x + sum.y) / 2 - $0.y, (sum.y - sum.x) / 2 + $0.x, $0.z) }]
      }
    case .longitudes, .northSouth, .icosahedron:
      // A mesh has no axis of the Earth, but it may have the rotations of the icosahedron; whether it has is seen at its vertices.
      guard domain.geography != nil || (self == .icosahedron && domain.surface != nil) else {
        throw GeometryError.invalidSymmetry(
          "'\(self)' is a symmetry of the sphere, and the fields are on \(domain.summaryWithArticle).")
      }
      switch self {
      case .longitudes(let degrees): return [Self.rotation(about: SIMD3(0, 0, 1), degrees: degrees)]
      case .northSouth: return [{ SIMD3($0.x, $0.y, -$0.z) }]
      default: return Self.fivefoldAxes(of: domain).map { Self.rotation(about: $0, degrees: 72) }
      }
    }
  }

  /// Two fivefold axes of an icosahedron, as unit vectors, whose rotations generate all 60.
  ///
  /// They go through two of the twelve vertices at which five triangles meet, the nearest to the axes of the icosphere that the program
  /// makes, or are these axes where the domain does not have twelve such vertices.
  private static func fivefoldAxes(of domain: any Domain) -> [SIMD3<Double>] {
    let golden = (1 + 5.0.squareRoot()) / 2
    let usual: [SIMD3<Double>] = [SIMD3(0, 1, golden).normalized, SIMD3(1, golden, 0).normalized]
    guard let mesh = domain.surface else { return usual }
    var counts = [Int](repeating: 0, count: mesh.positions.count)
    for triangle in mesh.triangles {
      for corner in 0..<3 { counts[Int(triangle[corner])] += 1 }
    }
    let corners = counts.indices.filter { counts[$0] == 5 }.map { mesh.positions[$0].normalized }
    guard corners.count == 12, corners.allSatisfy(\.isFinite),
      let first = corners.max(by: { $0.dot(usual[0]) < $1.dot(usual[0]) })
    else { return usual }
    // Opposite vertices have one axis.
    let others = corners.filter { abs($0.dot(first)) < 0.9 }
    guard let second = others.max(by: { $0.dot(usual[1]) < $1.dot(usual[1]) }) else { return usual }
    return [first, second]
  }

  /// The rotation about a unit vector (Rodrigues' formula).
  private static func rotation(
    about axis: SIMD3<Double>, degrees: Double
  ) -> @Sendable (SIMD3<Double>) -> SIMD3<Double> {
    let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
    return { cosine * $0 + sine * axis.cross($0) + (1 - cosine) * axis.dot($0) * axis }
  }
}
