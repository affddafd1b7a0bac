// The inspection of a mesh as text.

import Foundation

extension MeshInspection: CustomStringConvertible {
  public var description: String {
    var lines = [
      "\(path): \(format == .other ? "a mesh" : format.rawValue), \(encoding.rawValue)",
      Self.line("vertices", "\(vertexCount)" + (joinedTopology == nil ? "" : ", at \(distinctPositionCount) places")),
      Self.line("polygons", polygonCount == 0 ? "none: a cloud of points" : "\(polygonCount)"),
      Self.line("triangles", "\(triangleCount)"),
      Self.line("bounding box", "\(Self.text(lowerCorner)) to \(Self.text(upperCorner))"),
    ]
    lines += Self.lines(of: topology)
    if let joinedTopology {
      lines.append("  with coincident vertices joined")
      lines += Self.lines(of: joinedTopology).map { "  " + $0 }
    }
    lines.append(Self.line("degenerate triangles", "\(degenerateTriangleCount)"))
    lines += Self.table(vertexProperties, title: "properties of vertices")
    lines += Self.table(faceProperties, title: "properties of polygons")
    if !parts.isEmpty {
      lines.append("  meshes (one alone: --part NAME)")
      lines += parts.map { "    \($0.name): \($0.vertexCount) vertices, \($0.polygonCount) polygons" }
    }
    if !omissions.isEmpty { lines += ["  not kept"] + omissions.map { "    \($0)" } }
    return lines.joined(separator: "\n")
  }

  private static func line(_ label: String, _ value: String) -> String {
    "  " + label.padding(toLength: 28, withPad: " ", startingAt: 0) + value
  }

  private static func lines(of topology: MeshTopology) -> [String] {
    [
      line("edges", "\(topology.edgeCount)\(topology.isClosed ? ", a closed surface" : "")"),
      line("boundary edges", "\(topology.boundaryEdgeCount)"),
      line("edges of more than 2 faces", "\(topology.nonManifoldEdgeCount)"),
      line("directed edges used twice", "\(topology.repeatedDirectedEdgeCount)"),
      line("isolated vertices", "\(topology.isolatedVertexCount)"),
      line("duplicate faces", "\(topology.duplicateFaceCount)"),
      line("connected components", "\(topology.componentCount)"),
    ]
  }

  private static func table(_ properties: [Property], title: String) -> [String] {
    guard !properties.isEmpty else { return [] }
    let width = properties.map(\.name.count).max() ?? 0
    return ["  " + title]
      + properties.map { property in
        let range = property.minimum.flatMap { low in property.maximum.map { "\(number(low)) to \(number($0))" } }
        let name = property.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let type = property.type.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
        return "    \(name)  \(type)  \(range ?? "no number")"
      }
  }

  private static func number(_ value: Double) -> String { String(format: "%.6g", value) }

  private static func text(_ p: SIMD3<Double>) -> String { "(\(number(p.x)), \(number(p.y)), \(number(p.z)))" }
}
