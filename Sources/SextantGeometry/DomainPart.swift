// The connected parts of a domain, each as a domain of its own: two scans in one file, islands that no triangle joins.
// What is computed on one part cannot depend on another.

import SextantArrays

extension Domain {
  /// The connected parts by the couplings of the stiffness, in the order of their first vertices: the vertices of each
  /// part, and the domain that they make. A connected domain is its own only part.
  package func connectedParts() -> [(vertices: [Int], domain: any Domain)] {
    let stiffness = stiffness
    let components = stiffness.connectedComponents
    let count = Int(components.max() ?? -1) + 1
    guard count > 1 else { return [(Array(0..<vertexCount), self)] }
    var nodes = [[Int]](repeating: [], count: count)
    for (node, component) in components.enumerated() { nodes[Int(component)].append(node) }
    var vertices = [[Int]](repeating: [], count: count)
    for (vertex, node) in nodeOfVertex.enumerated() { vertices[Int(components[Int(node)])].append(vertex) }
    return (0..<count).map { part in
      (vertices[part], DomainPart(of: self, stiffness, nodes: nodes[part], vertices: vertices[part]))
    }
  }
}

/// A connected part of a domain.
private struct DomainPart: Domain {
  let nodeOfVertex: [Int32]
  let nodePositions: [SIMD3<Double>]
  let areaWeights: [Double]
  let stiffness: SparseMatrix
  let fingerprint: String
  let summary: String

  var vertexCount: Int { nodeOfVertex.count }
  var nodeCount: Int { nodePositions.count }

  init(of domain: any Domain, _ stiffness: SparseMatrix, nodes: [Int], vertices: [Int]) {
    var place = [Int32](repeating: -1, count: domain.nodeCount)
    for (new, old) in nodes.enumerated() { place[old] = Int32(new) }
    let (whole, positions, areas) = (domain.nodeOfVertex, domain.nodePositions, domain.areaWeights)
    nodeOfVertex = vertices.map { place[Int(whole[$0])] }
    nodePositions = nodes.map { positions[$0] }
    areaWeights = vertices.map { areas[$0] }
    self.stiffness = stiffness.submatrix(of: nodes)
    var hash = Fingerprint(kind: "part of \(domain.fingerprint)")
    for vertex in vertices { hash.add(vertex) }
    fingerprint = hash.text
    summary = "part of \(vertices.count) vertices of \(domain.summaryWithArticle)"
  }
}
